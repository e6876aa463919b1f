"""Links from a task to the pages of the Databricks workspace."""
