"""The catalog that all Spark processes share: a Derby network server."""
