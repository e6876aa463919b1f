"""Sensors for AWS services."""
