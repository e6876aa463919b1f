"""An HTTP API for producing to Kafka and reading about topics, as version 2 of Confluent's REST Proxy has it."""
