"""Dead letters that a replay has fetched from Kafka: records that the sink could not write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FILE = (
    "entity STRING, partition INT, offset BIGINT, first_offset BIGINT, line INT, raw STRING, base64 STRING"
)


def read_letters(spark: SparkSession, uri: str) -> DataFrame:
    """Read the dead letters of a replay: one JSON object a line, each record once.

    :param uri: of the file; empty when there is none.
    :returns: ``entity``; ``partition`` and ``offset`` of the record in its topic; ``first_offset`` and
        ``line``: the landed line before which it stood; ``raw``: its text, in which bytes that are no UTF-8
        become U+FFFD; null for a record without a value.
    """
    if not uri:
        return spark.createDataFrame([], _FILE).drop("base64")
    decoded = F.make_valid_utf8(F.unbase64("base64").cast("string"))
    found = spark.read.schema(_FILE).json(uri, mode="FAILFAST")
    return found.withColumn("raw", F.coalesce("raw", decoded)).drop("base64")
