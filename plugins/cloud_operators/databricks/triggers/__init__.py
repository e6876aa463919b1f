"""Triggers for Databricks."""
