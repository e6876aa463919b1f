"""Version 2 of the HTTP API of Confluent's REST Proxy: produce to topics, and read about them."""
