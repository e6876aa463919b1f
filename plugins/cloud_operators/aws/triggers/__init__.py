"""Triggers for AWS services."""
