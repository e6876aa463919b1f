"""Refused lines into the quarantine table: one that is read again adds no second row, wherever it lies then.

A sink that was sent back may write its last object again with other lines, and the ones it moved have other
positions. Offsets do not tell which rows are theirs, since no object says where dead letters have left gaps.
But the sink keeps the order of records and their text: rows whose line is not where it was are handed out, in
order, to the new lines of the same text. Equal texts may so swap their rows, which nobody can see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from delta.tables import DeltaTable
from pyspark.sql import Window
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_LINE = ("partition", "first_offset", "line", "raw")
_TEXT = ("partition", "raw")


def merge_quarantine(spark: SparkSession, table: str, records: DataFrame, *, topic: str, run_id: str) -> None:
    """MERGE the refused lines; of a row that is there already nothing changes but its position.

    :param table: the quarantine table.
    :param records: every line read, refused or not, with the position columns, ``reason`` and ``raw``.
    :param topic: the topic that they are from.
    :param run_id: the run that has read them.
    """
    lines = records.select(
        F.col("_partition").alias("partition"),
        F.col("_first_offset").alias("first_offset"),
        F.col("_line").alias("line"),
        "reason",
        "raw",
    )
    refused = lines.where(F.col("reason").isNotNull())
    # A dead letter is no line, and none takes its row over.
    rows = (
        spark.table(table).where((F.col("topic") == topic) & F.col("sequence_number").isNull()).select(*_LINE)
    )
    loose = _reached(rows, lines).join(refused, list(_LINE), "left_anti")
    own_place = F.struct("first_offset", "line")
    placed = refused.withColumn("place", own_place)
    if not loose.isEmpty():
        moved = _numbered(refused.join(rows, list(_LINE), "left_anti")).join(
            _numbered(loose).select(*_TEXT, "number", F.struct("first_offset", "line").alias("old_place")),
            [*_TEXT, "number"],
        )
        placed = refused.join(moved.select(*_LINE, "old_place"), list(_LINE), "left").withColumn(
            "place", F.coalesce("old_place", own_place)
        )
    source = placed.withColumns(
        {"topic": F.lit(topic), "run_id": F.lit(run_id), "quarantined_at": F.current_timestamp()}
    )
    (
        DeltaTable.forName(spark, table)
        .alias("t")
        .merge(
            source.alias("s"),
            "t.topic = s.topic AND t.partition = s.partition AND t.raw = s.raw AND t.sequence_number IS NULL "
            "AND t.first_offset = s.place.first_offset AND t.line = s.place.line",
        )
        .whenMatchedUpdate(
            condition="t.first_offset <> s.first_offset OR t.line <> s.line",
            set={"first_offset": "s.first_offset", "line": "s.line"},
        )
        .whenNotMatchedInsert(
            values={name: f"s.{name}" for name in ("topic", *_LINE, "reason", "run_id", "quarantined_at")}
        )
        .execute()
    )


def _reached(rows: DataFrame, lines: DataFrame) -> DataFrame:
    """The rows whose lines were read now, or would have been if they were still there.

    Of an object that is not read any more these are the rows whose records lie behind the beginning of what
    is read: the offset of a record is not below its object's first offset plus its line.
    """
    objects = lines.select("partition", "first_offset", F.lit(True).alias("is_read")).distinct()
    begins = objects.groupBy("partition").agg(F.min("first_offset").alias("begin"))
    behind = (F.col("first_offset") < F.col("begin")) & (
        F.col("first_offset") + F.col("line") >= F.col("begin")
    )
    return (
        rows.join(objects, ["partition", "first_offset"], "left")
        .join(begins, "partition")
        .where(F.col("is_read") | behind)
        .select(*_LINE)
    )


def _numbered(lines: DataFrame) -> DataFrame:
    """Number the lines of each partition and text in the order of their positions."""
    order = Window.partitionBy(*_TEXT).orderBy("first_offset", "line")
    return lines.select(*_LINE, F.row_number().over(order).alias("number"))
