"""Operators for Kafka."""
