"""Lines to cleaned records: one frame with everything a run needs to know about each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from pinterest_spark import cleaning, parsing, quality
from pinterest_spark.landing import POSITION

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from pinterest_spark.contracts import Contract


def read_records(lines: DataFrame, contract: Contract, *, carry: tuple[str, ...] = POSITION) -> DataFrame:
    """Parse and clean every line.

    :param lines: frame with ``raw`` and the columns of ``carry``.
    :param contract: the entity's contract.
    :param carry: columns that are handed through.
    :returns: the cleaned columns; ``carry``; ``reason`` (null for a record); ``raw`` (null for a record);
        ``unreadable``: names of the source columns whose value could not be read.
    """
    texts = parsing.unwrap(lines, "raw", "text")
    documents = texts.withColumn("document", parsing.strict_json(F.col("text")))
    names = [column.name for column in contract.columns]
    fields = documents.select("raw", "text", "document", *carry, *parsing.fields(F.col("document"), names))
    # A projection of their own: each text is used more than once, and is worked out once so.
    scalars = fields.select("*", *(parsing.scalar_text(F.col(f"v_{n}")).alias(f"t_{n}") for n in names))
    values = {
        column.name: cleaning.source_value(column, F.col(f"t_{column.name}"), contract.blanks)
        for column in contract.columns
    }
    reason = quality.reason(
        contract,
        document=F.col("document"),
        text=F.col("text"),
        key_field=F.col(f"v_{contract.key}"),
        key=values[contract.key],
    )
    flags = [
        F.when(
            quality.unreadable(contract, c, field=F.col(f"v_{c.name}"), text=F.col(f"t_{c.name}")), F.lit(c.name)
        )
        for c in contract.values
    ]
    cleaned = cleaning.cleaned_columns(contract, values)
    read = scalars.select(*cleaned, *carry, "raw", reason.alias("reason"), F.array(*flags).alias("flags"))
    return read.select(
        *(name for name, _ in contract.cleaned),
        *carry,
        "reason",
        F.when(F.col("reason").isNotNull(), F.col("raw")).alias("raw"),
        F.when(F.col("reason").isNull(), F.array_compact("flags")).alias("unreadable"),
    )


def last_by_key(records: DataFrame) -> DataFrame:
    """One record a key: the one of the latest (first offset, line, partition)."""
    columns = records.columns
    latest = F.max_by(F.struct(*columns), F.struct("_first_offset", "_line", "_partition"))
    return records.groupBy("ind").agg(latest.alias("latest")).select("latest.*")
