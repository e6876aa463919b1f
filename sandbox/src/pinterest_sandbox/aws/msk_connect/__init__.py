"""MSK Connect over a real Kafka Connect worker: AWS's API, states and errors; Connect does the work."""
