"""The landing: objects that the sink wrote to S3, addressed by position and never by path."""
