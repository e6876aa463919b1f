"""A Databricks workspace on one machine: its REST API, SQL warehouse and notebook runner over PySpark and Delta."""
