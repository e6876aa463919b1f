"""Spark's streaming source ``kinesis``, with the options and columns of Databricks' own.

Spark finds it by itself: it looks for top-level modules named ``pyspark_…`` that have a ``DefaultSource``.
"""

from pyspark_kinesis.source import KinesisSource as DefaultSource

__all__ = ["DefaultSource"]
