"""Hooks over the Databricks REST API."""
