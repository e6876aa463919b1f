"""The fault gate: an HTTP proxy between clients and services that can be told to refuse requests."""
