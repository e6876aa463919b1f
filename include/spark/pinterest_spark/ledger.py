"""What a run leaves behind about itself: its counts in the ledger, the marks where the next run starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from delta.tables import DeltaTable
from pyspark.sql import functions as F

from pinterest_spark.tables import frame_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STAGE = "batch"
#: Stage of replays into a batch table, whose rows they count as well.
REPLAY = "replay"
LEDGER_ROWS = (
    "run_id STRING, stage STRING, entity STRING, "
    "offsets ARRAY<STRUCT<partition: INT, first_offset: BIGINT, last_offset: BIGINT>>, "
    "landed BIGINT, lines_read BIGINT, reread BIGINT, kept BIGINT, merged BIGINT, quarantined BIGINT, "
    "unreadable MAP<STRING, BIGINT>, table_version BIGINT, uncounted BIGINT"
)
POSITION_ROWS = (
    "topic STRING, partition INT, first_offset BIGINT, object_key STRING, lines BIGINT, run_id STRING"
)
_OFFSETS = ("partition", "first_offset", "last_offset")
_COUNTS = ("landed", "lines_read", "reread", "kept", "merged", "quarantined")


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the ledger says of one entity's batch table when a run begins.

    Every row inserted is to be counted in exactly one run, also when the run that inserted it died before it
    could write its counts, and whatever is run again. So counting starts where the last count ended.

    :param kept: what this run has recorded already, when it is run again.
    :param table_version: version of the table up to which inserted rows are known.
    :param uncounted: rows among these that no run has counted yet.
    """

    kept: int = 0
    table_version: int = -1
    uncounted: int = 0

    def settle(self, *, version: int, inserted: int, records: int) -> tuple[int, int]:
        """Share out the rows inserted since the last count.

        A run takes all of them, its own and those of a run that died, but never more than the records it
        read: an old manifest that is run again may have fewer than the run that died. The next run, which
        reads what that one read, takes the rest.

        :param version: the table's version now. Below ``table_version``, the table was dropped and made
            anew; what was uncounted is gone with it, and ``inserted`` is all of its history.
        :param inserted: rows inserted after ``table_version`` up to ``version``.
        :param records: lines read that were not quarantined.
        :returns: rows that this run keeps in all, and rows left for others.
        """
        carried = self.uncounted if self.table_version <= version else 0
        found = self.kept + carried + inserted
        kept = min(found, records)
        return kept, found - kept


@dataclass(frozen=True, kw_only=True)
class EntityCounts:
    """The counts of one entity in one run, each from its own source.

    :param lines_read: lines of all objects read, counted in the landing.
    :param reread: lines that the run before had read, as the manifest's marks say.
    :param kept: keys new to the table, as Delta's commit metrics say.
    :param quarantined: lines put into quarantine.
    :param unreadable: source column to number of values that could not be read.
    :param table_version: version of the batch table up to which inserted rows are known.
    :param uncounted: rows among these that no run has counted yet.
    """

    lines_read: int
    reread: int
    kept: int
    quarantined: int
    table_version: int
    uncounted: int
    unreadable: Mapping[str, int] = field(default_factory=dict)

    @property
    def landed(self) -> int:
        """Lines read for the first time, less those that the object read again has lost; may be below 0."""
        return self.lines_read - self.reread

    @property
    def merged(self) -> int:
        """Lines whose key was in the table already, or came again later in the run."""
        return self.lines_read - self.kept - self.quarantined

    def as_dict(self) -> dict[str, Any]:
        """The counts by name, as the notebook's exit value has them."""
        counts: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("lines_read", "reread", "landed", "kept", "merged", "quarantined")
        }
        return {**counts, "unreadable": dict(self.unreadable)}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where the ingest stands in one partition: the object processed last and the lines read from it."""

    topic: str
    partition: int
    first_offset: int
    object_key: str
    lines: int


def read_accounts(spark: SparkSession, table: str, *, run_id: str) -> dict[str, Account]:
    """Read how far the rows of each entity's batch table are counted.

    :param table: the ledger.
    :param run_id: the run that is about to count.
    :returns: entity to its account; entities that no run has counted yet are missing.
    """
    # The row recorded last, not the greatest version: a table that was made anew starts at 0.
    last = F.max_by(F.struct("table_version", "uncounted"), "recorded_at")
    is_own = (F.col("run_id") == run_id) & (F.col("stage") == STAGE)
    own = F.max(F.when(is_own, F.col("kept")))
    batch = spark.table(table).where(F.col("stage").isin(STAGE, REPLAY)).groupBy("entity")
    rows = batch.agg(last.alias("last"), F.coalesce(own, F.lit(0)).alias("kept")).select(
        "entity", "kept", "last.*"
    )
    return {
        row["entity"]: Account(
            kept=row["kept"], table_version=row["table_version"], uncounted=row["uncounted"]
        )
        for row in rows.collect()
    }


def record_counts(
    spark: SparkSession,
    table: str,
    *,
    run_id: str,
    counts: Mapping[str, EntityCounts],
    offsets: Mapping[str, Sequence[tuple[int, int, int]]],
) -> None:
    """MERGE the counts of all entities into the ledger; a repeated run leaves its row as it is.

    :param table: the ledger.
    :param counts: entity to its counts.
    :param offsets: entity to (partition, first offset, last offset) of what was read.
    """
    rows = [
        {
            "run_id": run_id,
            "stage": STAGE,
            "entity": entity,
            "offsets": [dict(zip(_OFFSETS, piece, strict=True)) for piece in offsets[entity]],
            **{name: getattr(c, name) for name in (*_COUNTS, "table_version", "uncounted")},
            "unreadable": dict(c.unreadable),
        }
        for entity, c in counts.items()
    ]
    source = frame_of(spark, rows, LEDGER_ROWS).withColumn("recorded_at", F.current_timestamp())
    names = [name for name in source.columns if name not in ("run_id", "stage", "entity")]
    changed = " OR ".join(f"NOT t.{name} <=> s.{name}" for name in _COUNTS)
    (
        DeltaTable.forName(spark, table)
        .alias("t")
        .merge(
            source.alias("s"),
            f"t.stage = '{STAGE}' AND t.run_id = s.run_id AND t.stage = s.stage AND t.entity = s.entity",
        )
        .whenMatchedUpdate(condition=changed, set={name: f"s.{name}" for name in names})
        .whenNotMatchedInsert(values={name: f"s.{name}" for name in source.columns})
        .execute()
    )


def record_marks(spark: SparkSession, table: str, *, run_id: str, marks: Sequence[Mark]) -> None:
    """MERGE the new marks; a mark never moves back, so that an old manifest may be run again.

    :param table: the positions table.
    :param marks: at most one a partition; with none, nothing is written.
    """
    if not marks:
        return
    rows = [{**asdict(mark), "run_id": run_id} for mark in marks]
    source = frame_of(spark, rows, POSITION_ROWS).withColumn("updated_at", F.current_timestamp())
    later = "s.first_offset > t.first_offset OR (s.first_offset = t.first_offset AND s.lines <> t.lines)"
    (
        DeltaTable.forName(spark, table)
        .alias("t")
        .merge(source.alias("s"), "t.topic = s.topic AND t.partition = s.partition")
        .whenMatchedUpdateAll(condition=later)
        .whenNotMatchedInsertAll()
        .execute()
    )
