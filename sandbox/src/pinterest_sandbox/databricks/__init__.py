"""A Databricks workspace on one machine: REST API, SQL and notebooks over PySpark and Delta."""
