"""Triggers for Kafka."""
