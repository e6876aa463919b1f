"""Which daily run has read an offset, by the ranges in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def run_of(rows: Sequence[Mapping[str, Any]], partition: int, offset: int) -> str | None:
    """The first run whose range holds an offset.

    :param rows: rows of ``trace/batch_runs.sql``, the oldest first.
    :param partition: the partition.
    :param offset: the offset.
    """
    return next((str(row["run_id"]) for row in rows if _holds(row, partition, offset)), None)


def begin_below(rows: Sequence[Mapping[str, Any]], partition: int, offset: int) -> int | None:
    """Where the nearest object begins that is known to begin at or below an offset.

    A run's range begins with an object.

    :param rows: rows of ``trace/batch_runs.sql``.
    :param partition: the partition.
    :param offset: the offset.
    """
    return max(
        (
            int(row["first_offset"])
            for row in rows
            if int(row["partition_number"]) == partition and int(row["first_offset"]) <= offset
        ),
        default=None,
    )


def _holds(row: Mapping[str, Any], partition: int, offset: int) -> bool:
    return int(row["partition_number"]) == partition and int(row["first_offset"]) <= offset <= int(
        row["last_offset"]
    )
