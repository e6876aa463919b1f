"""Operators for Databricks."""
