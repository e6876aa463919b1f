"""Console links for AWS services."""
