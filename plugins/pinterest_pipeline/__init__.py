"""The Pinterest data pipeline: what its DAGs wire together. Generic operators are in ``cloud_operators``."""
