"""Amazon MSK, MSK Connect and API Gateway, built on the official Amazon provider's base classes."""
