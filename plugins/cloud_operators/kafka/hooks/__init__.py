"""Hooks over the Kafka admin protocol."""
