"""Systems Manager: documents, and Run Command on a machine that stands for the REST proxy's instance."""
