"""Kafka: make topics as wanted, and wait until a consumer group has caught up."""
