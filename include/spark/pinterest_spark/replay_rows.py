"""What a replay reads, as lines with a position: rows of a quarantine table, and dead letters.

Each line carries the row that it has in the quarantine table, or would have there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from delta.tables import DeltaTable
from pyspark.sql import functions as F

from pinterest_spark.positions import LANDED, STREAMED, dead_letter_partition

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

#: The struct with a line's row; ``is_letter`` says that it was fetched from Kafka.
ROW = "row"
_COLUMNS = (
    "topic",
    "partition",
    "first_offset",
    "line",
    "stream",
    "shard",
    "sequence_number",
    "reason",
    "raw",
)
#: Where a row stands in its partition or shard.
_PLACE = "coalesce({0}.sequence_number, concat({0}.first_offset, ' ', {0}.line))"
_SAME = " AND ".join(
    [
        *(f"t.{name} <=> s.{name}" for name in ("topic", "partition", "stream", "shard")),
        f"{_PLACE.format('t')} = {_PLACE.format('s')}",
        # Of a line that was written again with another text there is a row of each.
        "(s.sequence_number IS NOT NULL OR t.raw <=> s.raw)",
    ]
)


def landed_lines(rows: DataFrame | None, letters: DataFrame | None, *, topic: str) -> DataFrame | None:
    """Refused lines of a topic and its dead letters; one that is both counts as a letter.

    :param rows: of the quarantine table; ``None`` when it is not read.
    :param letters: of the entity, as :func:`dead_letters.read_letters` gives them; ``None`` when there is
        none.
    :param topic: the entity's topic.
    :returns: ``raw``, the columns of :data:`LANDED` and :data:`ROW`; ``None`` when nothing is read.
    """
    nothing = F.lit(None).cast("string")
    parts = []
    if letters is not None:
        fetched = letters.select(
            F.lit(topic).alias("topic"),
            "partition",
            "first_offset",
            "line",
            nothing.alias("stream"),
            nothing.alias("shard"),
            F.col("offset").cast("string").alias("sequence_number"),
            nothing.alias("reason"),
            "raw",
        )
        parts.append(_lines(fetched, _landed(), is_letter=True))
    if rows is not None:
        own = rows.where((F.col("topic") == topic) & F.col("stream").isNull()).select(*_COLUMNS)
        if letters is not None:
            known = letters.select("partition", F.col("offset").cast("string").alias("sequence_number"))
            own = own.join(known, ["partition", "sequence_number"], "left_anti").select(*_COLUMNS)
        parts.append(_lines(own, _landed(), is_letter=False))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else parts[0].unionByName(parts[1])


def streamed_lines(rows: DataFrame) -> DataFrame:
    """Refused records of the entity's stream, in whichever of its lives.

    :param rows: of the quarantine table.
    :returns: ``raw``, the columns of :data:`STREAMED` and :data:`ROW`.
    """
    position = [F.col("shard"), F.col("sequence_number"), F.col("arrived_at")]
    own = rows.where(F.col("stream").isNotNull()).select(*_COLUMNS, "arrived_at")
    named = [column.alias(name) for column, name in zip(position, STREAMED.names, strict=True)]
    return _lines(own, named, is_letter=False)


def _landed() -> list[Column]:
    letter = dead_letter_partition(F.col("sequence_number").cast("bigint"), F.col("first_offset"))
    partition = F.when(F.col("sequence_number").isNull(), F.col("partition")).otherwise(letter)
    columns = (partition, F.col("first_offset"), F.col("line"))
    return [column.alias(name) for column, name in zip(columns, LANDED.names, strict=True)]


def _lines(rows: DataFrame, position: list[Column], *, is_letter: bool) -> DataFrame:
    row = F.struct(*_COLUMNS, F.lit(is_letter).alias("is_letter"))
    return rows.select("raw", *position, row.alias(ROW))


def settle_rows(
    spark: SparkSession, table: str, *, released: DataFrame, refused: DataFrame, run_id: str
) -> None:
    """Take out of quarantine what is in its table now, put dead letters in, and renew the reasons.

    One commit, or none when there is nothing to change.

    :param table: the quarantine table.
    :param released: records that are in their table, with :data:`ROW`.
    :param refused: lines that are still refused, with ``reason`` and :data:`ROW`.
    :param run_id: the run that puts dead letters in.
    """
    out = released.select(f"{ROW}.*").withColumns(
        {"is_out": F.lit(True), "found": F.lit(None).cast("string")}
    )
    changed = F.col(f"{ROW}.is_letter") | ~F.col(f"{ROW}.reason").eqNullSafe(F.col("reason"))
    kept = refused.where(changed).select(
        f"{ROW}.*", F.lit(False).alias("is_out"), F.col("reason").alias("found")
    )
    # Read to its end before the MERGE begins: it is made of the table itself.
    source = out.unionByName(kept).localCheckpoint()
    if source.isEmpty():
        return
    values = {name: f"s.{name}" for name in _COLUMNS if name != "reason"}
    (
        DeltaTable.forName(spark, table)
        .alias("t")
        .merge(source.alias("s"), _SAME)
        .whenMatchedDelete(condition="s.is_out")
        .whenMatchedUpdate(condition="NOT t.reason <=> s.found", set={"reason": "s.found"})
        .whenNotMatchedInsert(
            condition="s.is_letter AND NOT s.is_out",
            values={
                **values,
                "reason": "s.found",
                "run_id": F.lit(run_id),
                "quarantined_at": F.current_timestamp(),
            },
        )
        .execute()
    )
