"""Sensors for Kafka."""
