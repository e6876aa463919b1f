"""Reads landed records, cleans them and keeps them in Delta tables, on Databricks and on plain PySpark."""
