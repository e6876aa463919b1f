"""The counts of a replay in the ledger: one row a run, table and entity, written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from pinterest_spark.tables import append_once, frame_of

if TYPE_CHECKING:
    from datetime import datetime

    from pyspark.sql import SparkSession

_ROW = (
    "run_id STRING, stage STRING, entity STRING, dead_lettered BIGINT, lines_read BIGINT, kept BIGINT, "
    "merged BIGINT, quarantined BIGINT, unreadable MAP<STRING, BIGINT>, table_version BIGINT, "
    "uncounted BIGINT"
)


@dataclass(frozen=True, kw_only=True)
class ReplayCounts:
    """The counts of one entity and table.

    :param lines_read: rows of the quarantine and dead letters that were read.
    :param dead_lettered: how many of these are dead letters.
    :param kept: keys new to the table, as Delta's commit metrics say.
    :param quarantined: lines that are still refused.
    :param table_version: version of the table up to which inserted rows are known.
    :param uncounted: rows among these that no run has counted yet.
    :param unreadable: source column to number of values that could not be read.
    """

    lines_read: int = 0
    dead_lettered: int = 0
    kept: int = 0
    quarantined: int = 0
    table_version: int | None = None
    uncounted: int | None = None
    unreadable: Mapping[str, int] = field(default_factory=dict)

    @property
    def merged(self) -> int:
        """Records whose key was in the table already, or came again later in the run."""
        return self.lines_read - self.kept - self.quarantined

    def as_dict(self) -> dict[str, int]:
        """The counts by name, as the notebook's exit value has them."""
        return {
            "read": self.lines_read,
            "dead_letters": self.dead_lettered,
            "kept": self.kept,
            "merged": self.merged,
            "quarantined": self.quarantined,
        }


def read_own(
    spark: SparkSession, table: str, *, run_id: str, stage: str, entity: str
) -> tuple[ReplayCounts, datetime] | None:
    """What this run has recorded in an earlier try, and when; ``None`` when it has not come so far.

    :param table: the ledger.
    """
    own = (F.col("run_id") == run_id) & (F.col("stage") == stage) & (F.col("entity") == entity)
    names = ("lines_read", "dead_lettered", "kept", "quarantined", "table_version", "uncounted")
    rows = spark.table(table).where(own).select(*names, "unreadable", "recorded_at").collect()
    if not rows:
        return None
    found = rows[0].asDict()
    recorded_at = found.pop("recorded_at")
    return ReplayCounts(**found), recorded_at


def record(
    spark: SparkSession, table: str, counts: ReplayCounts, *, run_id: str, stage: str, entity: str
) -> None:
    """Append the counts, unless this run has done so already.

    :param table: the ledger.
    """
    row: dict[str, Any] = {
        "run_id": run_id,
        "stage": stage,
        "entity": entity,
        "dead_lettered": counts.dead_lettered,
        "lines_read": counts.lines_read,
        "kept": counts.kept,
        "merged": counts.merged,
        "quarantined": counts.quarantined,
        "unreadable": dict(counts.unreadable),
        "table_version": counts.table_version,
        "uncounted": counts.uncounted,
    }
    rows = frame_of(spark, [row], _ROW).withColumn("recorded_at", F.current_timestamp())
    append_once(rows, table, writer=f"{stage} {entity} {run_id}", version=0)
