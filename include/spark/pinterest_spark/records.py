"""Lines to cleaned records: one frame with everything a run needs to know about each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from pinterest_spark import cleaning, parsing, quality
from pinterest_spark.positions import LANDED, Position

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from pinterest_spark.contracts import Contract, SourceColumn


def read_records(lines: DataFrame, contract: Contract, *, carry: tuple[str, ...] = LANDED.names) -> DataFrame:
    """Parse and clean every line.

    :param lines: frame with ``raw`` and the columns of ``carry``.
    :param contract: the entity's contract.
    :param carry: columns that are handed through.
    :returns: the cleaned columns; ``carry``; ``reason`` (null for a record); ``raw`` (null for a record);
        ``unreadable``: names of the source columns whose value could not be read.
    """
    names = [column.name for column in contract.columns]
    # One projection a step: what a step uses twice is worked out once.
    texts = lines.select("raw", parsing.unwrap(F.col("raw")).alias("text"), *carry)
    parsed = texts.withColumn("record", parsing.record(F.col("text"), names))
    scalars = parsed.select("*", *(_text(column).alias(f"text_{column.name}") for column in contract.columns))
    values = scalars.select(
        "*",
        *(
            cleaning.source_value(column, F.col(f"text_{column.name}"), contract.blanks).alias(
                f"value_{column.name}"
            )
            for column in contract.columns
        ),
    )
    value = {name: F.col(f"value_{name}") for name in names}
    reason = quality.reason(
        contract, raw=F.col("raw"), text=F.col("text"), record=F.col("record"), key=value[contract.key]
    )
    flags = [F.when(_unreadable(contract, column), F.lit(column.name)) for column in contract.values]
    checked = values.select("*", reason.alias("reason"), F.array_compact(F.array(*flags)).alias("flags"))
    is_record = F.col("reason").isNull()
    return checked.select(
        *cleaning.cleaned_columns(contract, value),
        *carry,
        "reason",
        F.when(~is_record, F.col("raw")).alias("raw"),
        F.when(is_record, F.col("flags")).alias("unreadable"),
    )


def _text(column: SourceColumn) -> Column:
    """The text of a field as the cleaning takes it."""
    text = parsing.scalar(F.col("text"), column.name, F.col("record")[column.name])
    if column.type == "integer" or column.multipliers:
        return parsing.whole_number(F.col("text"), column.name, text)
    return text


def _unreadable(contract: Contract, column: SourceColumn) -> Column:
    return quality.unreadable(
        contract,
        column,
        written=F.col("record")[column.name],
        text=F.col(f"text_{column.name}"),
        value=F.col(f"value_{column.name}"),
    )


def last_by_key(records: DataFrame, position: Position) -> DataFrame:
    """One record a key: the latest."""
    columns = records.columns
    latest = F.max_by(F.struct(*columns), F.expr(position.rank()))
    return records.groupBy("ind").agg(latest.alias("latest")).select("latest.*")
