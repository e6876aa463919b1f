"""What the tracing asks of the services. Only keys, places, lengths and hashes leave here, no content."""
