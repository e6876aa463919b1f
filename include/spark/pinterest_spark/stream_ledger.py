"""The stream's counts in the ledger: one row a micro-batch, however often the batch is repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from pinterest_spark.ledger import Account
from pinterest_spark.tables import SQL, append_once, frame_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import SparkSession

STAGE = "stream"
#: Stage of replays into a stream table, whose rows they count as well.
REPLAY = "stream_replay"
_ROW = (
    "run_id STRING, stage STRING, entity STRING, lines_read BIGINT, kept BIGINT, merged BIGINT, "
    "quarantined BIGINT, unreadable MAP<STRING, BIGINT>, table_version BIGINT, uncounted BIGINT, "
    "checkpoint STRING, batch_id BIGINT"
)
COUNTS = ("batches", "lines_read", "kept", "merged", "quarantined")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the ledger says of an entity's stream table.

    :param account: how far the rows of the table are counted.
    :param batch_id: the batch of this checkpoint that was counted last; -1 when none was.
    """

    account: Account
    batch_id: int


@dataclass(frozen=True, kw_only=True)
class BatchCounts:
    """The counts of one micro-batch.

    :param lines_read: records of the stream that it held.
    :param kept: keys new to the table, as Delta's commit metrics say.
    :param quarantined: records put into quarantine.
    :param unreadable: source column to number of values that could not be read.
    :param table_version: version of the table up to which inserted rows are known.
    :param uncounted: rows among these that no batch has counted yet.
    """

    lines_read: int
    kept: int
    quarantined: int
    unreadable: Mapping[str, int]
    table_version: int
    uncounted: int

    @property
    def merged(self) -> int:
        """Records whose key was in the table already, or came again later in the batch."""
        return self.lines_read - self.kept - self.quarantined


def read_standing(spark: SparkSession, table: str, *, entity: str, checkpoint: str) -> Standing:
    """Read what has been counted.

    :param table: the ledger.
    :param checkpoint: id of the query, which its checkpoint keeps.
    """
    last = F.max_by(F.struct("table_version", "uncounted"), "recorded_at")
    own = F.max(F.when(F.col("checkpoint") == checkpoint, F.col("batch_id")))
    rows = spark.table(table).where(F.col("stage").isin(STAGE, REPLAY) & (F.col("entity") == entity))
    (found,) = rows.agg(last.alias("last"), own.alias("own")).collect()
    account = Account() if found["last"] is None else Account(**found["last"].asDict())
    return Standing(account=account, batch_id=-1 if found["own"] is None else found["own"])


def record_batch(
    spark: SparkSession,
    table: str,
    counts: BatchCounts,
    *,
    run_id: str,
    entity: str,
    checkpoint: str,
    batch_id: int,
) -> None:
    """Append the counts of a batch, unless there are some of it already.

    :param table: the ledger.
    """
    row = {
        "run_id": run_id,
        "stage": STAGE,
        "entity": entity,
        "checkpoint": checkpoint,
        "batch_id": batch_id,
        "lines_read": counts.lines_read,
        "kept": counts.kept,
        "merged": counts.merged,
        "quarantined": counts.quarantined,
        "unreadable": dict(counts.unreadable),
        "table_version": counts.table_version,
        "uncounted": counts.uncounted,
    }
    rows = frame_of(spark, [row], _ROW).withColumn("recorded_at", F.current_timestamp())
    append_once(rows, table, writer=checkpoint, version=batch_id)


def read_counts(spark: SparkSession, table: str, *, run_id: str) -> dict[str, dict[str, Any]]:
    """The counts of a run, by entity; entities of which it read nothing are missing.

    :param table: the ledger.
    """
    text = (SQL / "read_stream_counts.sql").read_text(encoding="utf-8")
    rows = spark.sql(text, args={"ledger_table": table, "run_id": run_id}).collect()
    return {row["entity"]: {name: row[name] for name in COUNTS} for row in rows}
