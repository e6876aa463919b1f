"""Amazon MSK, MSK Connect, Kinesis and API Gateway, built on the official Amazon provider's base classes."""
