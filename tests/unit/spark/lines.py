"""Lines of an entity through the parsing and cleaning, all in one Spark job."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

KEYS = {"pin": "index", "geo": "ind", "user": "ind"}


def read(spark: SparkSession, entity: str, lines: Sequence[str]) -> list[Row]:
    """One row a line, in the lines' order."""
    return sorted(read_frame(spark, entity, lines).collect(), key=lambda row: int(row["_line"]))


def read_frame(spark: SparkSession, entity: str, lines: Sequence[str]) -> DataFrame:
    """The lines as if they were those of one landed object at offset 0."""
    from pinterest_spark.contracts import load_contract
    from pinterest_spark.landing import LINES
    from pinterest_spark.records import read_records

    rows = [(0, 0, number, line) for number, line in enumerate(lines)]
    return read_records(spark.createDataFrame(rows, LINES), load_contract(entity))


def record(entity: str, key: Any = 1, **fields: Any) -> dict[str, Any]:
    """A record with its key and these fields only."""
    return {KEYS[entity]: key, **fields}


def line(entity: str, key: Any = 1, **fields: Any) -> str:
    """The same as JSON text."""
    return json.dumps(record(entity, key, **fields))
