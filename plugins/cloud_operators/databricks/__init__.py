"""Databricks: publish code to the workspace, run notebooks, run SQL statements and keep their results."""
