"""Counts of one pass over cleaned records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from pinterest_spark.contracts import Contract


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What one pass over the records counts.

    :param lines: values of the columns that were counted by -> number of lines.
    :param quarantined: lines that are no record.
    :param unreadable: source column to number of values that could not be read.
    :param keys: least and greatest key, when there is a record.
    """

    lines: dict[tuple[Any, ...], int] = field(default_factory=dict)
    quarantined: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)
    keys: tuple[int, int] | None = None

    @property
    def lines_read(self) -> int:
        """All lines."""
        return sum(self.lines.values())

    @property
    def records(self) -> int:
        """The lines that are records."""
        return self.lines_read - self.quarantined


def count(records: DataFrame, contract: Contract, *, by: Sequence[str] = ()) -> Tally:
    """Count in one pass, the one that also fills the cache.

    :param records: what :func:`records.read_records` gave.
    :param by: columns that lines are counted by.
    """
    columns = [column.name for column in contract.values]
    rows = (
        records.groupBy(*by)
        .agg(
            F.count(F.lit(1)).alias("lines"),
            F.count("reason").alias("quarantined"),
            F.min(F.when(F.col("reason").isNull(), F.col("ind"))).alias("least"),
            F.max(F.when(F.col("reason").isNull(), F.col("ind"))).alias("greatest"),
            *(F.count_if(F.array_contains("unreadable", name)).alias(f"u_{name}") for name in columns),
        )
        .collect()
    )
    least = [row["least"] for row in rows if row["least"] is not None]
    greatest = [row["greatest"] for row in rows if row["greatest"] is not None]
    unreadable = {name: sum(row[f"u_{name}"] for row in rows) for name in columns}
    return Tally(
        lines={tuple(row[name] for name in by): row["lines"] for row in rows},
        quarantined=sum(row["quarantined"] for row in rows),
        unreadable={name: found for name, found in unreadable.items() if found},
        keys=(min(least), max(greatest)) if least else None,
    )
