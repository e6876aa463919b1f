"""Apache Kafka: one broker, one Connect worker, and the S3 sink that runs in it."""
