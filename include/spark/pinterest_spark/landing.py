"""Lines of landed objects with their positions. Objects are read by name, never found by listing a folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from pinterest_spark.positions import LANDED

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

LINES = f"{LANDED.ddl}, raw STRING"
# <topic>+<partition>+<first offset>.json; some file systems give the name's plus signs as %2B.
_NAME = r"(?:\+|%2B)(\d+)(?:\+|%2B)(\d+)\.json$"


def read_lines(spark: SparkSession, uris: Sequence[str]) -> DataFrame:
    """Read every line of these objects.

    A line ends with ``\\n`` or ``\\r\\n``; what follows the last line end is a line only if it is not empty.
    Line separators that JSON allows inside a text (U+2028, U+0085) do not end one.

    :param uris: objects named as the sink names them; with no object, no line.
    :returns: the columns of :data:`LANDED` (``_line`` counts from 0) and ``raw``.
    """
    if not uris:
        return spark.createDataFrame([], LINES)
    name = F.col("_metadata.file_name")
    whole = spark.read.text(list(uris), wholetext=True).select(
        F.regexp_extract(name, _NAME, 1).cast("int").alias("_partition"),
        F.regexp_extract(name, _NAME, 2).cast("bigint").alias("_first_offset"),
        F.split("value", "\n", -1).alias("pieces"),
    )
    return whole.select(
        "_partition", "_first_offset", F.posexplode(_without_empty_tail("pieces")).alias("_line", "raw")
    ).withColumn("raw", F.regexp_replace("raw", r"\r\z", ""))


def _without_empty_tail(pieces: str) -> Column:
    size = F.size(pieces)
    empty_tail = F.element_at(pieces, -1) == ""
    return F.slice(pieces, 1, F.when(empty_tail, size - 1).otherwise(size))
