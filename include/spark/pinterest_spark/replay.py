"""One replay: refused lines and dead letters through the present cleaning, in an order that survives crashes.

Records are merged first, counts are recorded then, and only then the quarantine changes: a row leaves it when
its record is in the table for certain, there itself or behind a later one of its key. A run that is repeated
after its counts goes on with the quarantine alone. So nothing is lost or doubled wherever it dies.

No run of the daily batch or of the stream ingest may go on at the same time: each table's inserted rows are
counted by whoever comes next.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from pinterest_spark import ledger, replay_ledger, stream_ledger, tables, tally
from pinterest_spark.batch import prepare_session
from pinterest_spark.contracts import ENTITIES, Contract, load_contract
from pinterest_spark.dead_letters import read_letters
from pinterest_spark.ledger import Account
from pinterest_spark.positions import LANDED, STREAMED, Position
from pinterest_spark.records import last_by_key, read_records
from pinterest_spark.replay_ledger import ReplayCounts
from pinterest_spark.replay_rows import ROW, landed_lines, settle_rows, streamed_lines

if TYPE_CHECKING:
    from datetime import datetime

    from pyspark.sql import DataFrame, SparkSession

    from pinterest_spark.tables import TableNames

DEAD_LETTERS = "dead_letters"
QUARANTINE = "quarantine"
BOTH = "both"
SOURCES = (BOTH, DEAD_LETTERS, QUARANTINE)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a run replays.

    :param run_id: id of the run in the ledger and in the commits; a repeated run has the same.
    :param entities: what is replayed.
    :param source: ``both``, ``dead_letters`` or ``quarantine``.
    :param dead_letters: URI of the dead letters that were fetched; empty when there is none.
    :param dry_run: only count what would become of everything.
    """

    run_id: str
    entities: tuple[str, ...]
    source: str
    dead_letters: str
    dry_run: bool

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"unknown source {self.source!r}: one of {', '.join(SOURCES)}")
        for entity in self.entities:
            load_contract(entity)


@dataclass(frozen=True, kw_only=True)
class _Target:
    """A table that records come into, and the stage of its rows in the ledger."""

    stage: str
    table: str
    position: Position


def parse_entities(text: str) -> tuple[str, ...]:
    """The entity named, or all of them when none is."""
    return (text,) if text else ENTITIES


def run_replay(spark: SparkSession, replay: Replay, names: TableNames) -> dict[str, Any]:
    """Replay everything that a run asks for.

    :param spark: a session whose catalog has Delta tables.
    :param replay: what is replayed.
    :param names: the tables to read and to write.
    :returns: ``{"run_id": …, "dry_run": …, "entities": {entity: counts}}``.
    """
    prepare_session(spark, replay.run_id)
    if not replay.dry_run:
        tables.create_table(spark, "ledger", names.ledger)
    letters = read_letters(spark, replay.dead_letters if replay.source != QUARANTINE else "")
    letters = letters.localCheckpoint()
    with ThreadPoolExecutor(max_workers=len(ENTITIES)) as pool:
        running = {
            entity: pool.submit(replay_entity, spark, replay, names, letters, entity=entity)
            for entity in replay.entities
        }
        found = {entity: future.result() for entity, future in running.items()}
    return {"run_id": replay.run_id, "dry_run": replay.dry_run, "entities": found}


def replay_entity(
    spark: SparkSession, replay: Replay, names: TableNames, letters: DataFrame, *, entity: str
) -> dict[str, Any]:
    """Replay one entity: first what belongs to its batch table, then what belongs to its stream table.

    :param letters: the dead letters of all entities.
    :returns: ``read``, ``dead_letters``, ``kept``, ``merged`` and ``quarantined``; ``reasons`` of these;
        ``set_apart``: rows of a topic that was deleted, which are not read; ``batch`` and ``stream``: the
        counts of each table.
    """
    quarantine = names.quarantine(entity)
    if not replay.dry_run:
        tables.create_table(spark, "quarantine", quarantine)
    rows = spark.table(quarantine) if spark.catalog.tableExists(quarantine) else None
    read = rows if replay.source != DEAD_LETTERS else None
    topic = f"{names.user_id}.{load_contract(entity).topic_suffix}"
    own_letters = letters.where(F.col("entity") == entity) if replay.source != QUARANTINE else None
    landed = _Target(stage=ledger.REPLAY, table=names.batch(entity), position=LANDED)
    streamed = _Target(stage=stream_ledger.REPLAY, table=names.stream(entity), position=STREAMED)

    def batch_lines(rows: DataFrame | None) -> DataFrame | None:
        return landed_lines(rows, own_letters, topic=topic)

    def stream_lines(rows: DataFrame | None) -> DataFrame | None:
        return None if rows is None else streamed_lines(rows)

    reasons: Counter[str] = Counter()
    parts: dict[str, dict[str, int]] = {}
    for name, target, lines in (("batch", landed, batch_lines), ("stream", streamed, stream_lines)):
        own = None
        if not replay.dry_run:
            own = replay_ledger.read_own(
                spark, names.ledger, run_id=replay.run_id, stage=target.stage, entity=entity
            )
        recorded = own[0] if own else None
        wanted = lines(read if own is None else _there_at(read, own[1]))
        # Mostly there is nothing of one of the two, and planning the cleaning costs more than looking.
        wanted = None if wanted is None else wanted.localCheckpoint()
        if wanted is None or wanted.isEmpty():
            parts[name] = (recorded or ReplayCounts()).as_dict()
            continue
        part = _Part(spark, names, replay, target, load_contract(entity), wanted)
        counts = part.estimate() if replay.dry_run else part.take(recorded)
        parts[name] = counts.as_dict()
        reasons += part.reasons
    apart = 0 if read is None else read.where(F.col("stream").isNull() & (F.col("topic") != topic)).count()
    return {
        **{count: sum(part[count] for part in parts.values()) for count in parts["batch"]},
        "reasons": dict(sorted(reasons.items())),
        "set_apart": apart,
        **parts,
    }


def _there_at(rows: DataFrame | None, moment: datetime) -> DataFrame | None:
    """The rows that a try has read whose counts are of this moment."""
    return None if rows is None else rows.where(F.col("quarantined_at") <= F.lit(moment))


class _Part:
    """What is replayed into one table of an entity.

    :param lines: with ``raw``, the position and the row of each.
    """

    def __init__(
        self,
        spark: SparkSession,
        names: TableNames,
        replay: Replay,
        target: _Target,
        contract: Contract,
        lines: DataFrame,
    ) -> None:
        self._spark = spark
        self._names = names
        self._replay = replay
        self._target = target
        self._contract = contract
        # A checkpoint, not a cache, as in the daily run.
        carried = (*target.position.names, ROW)
        records = read_records(lines, contract, carry=carried)
        self._records = records.withColumn("is_letter", F.col(f"{ROW}.is_letter")).localCheckpoint()
        self._found = tally.count(self._records, contract, by=("reason", "is_letter"))
        #: Why lines are refused now, and how many for each reason.
        self.reasons: Counter[str] = Counter()
        self._letters = 0
        for (reason, is_letter), lines in self._found.lines.items():
            self._letters += lines if is_letter else 0
            if reason is not None:
                self.reasons[reason] += lines

    def estimate(self) -> ReplayCounts:
        """Count what would become of everything."""
        keys = self._passing().select("ind").distinct()
        if self._spark.catalog.tableExists(self._target.table):
            keys = keys.join(self._spark.table(self._target.table).select("ind"), "ind", "left_anti")
        return replace(self._counts(), kept=keys.count())

    def take(self, recorded: ReplayCounts | None) -> ReplayCounts:
        """Merge, count, and settle the quarantine.

        :param recorded: what an earlier try of this run has counted, after its MERGE.
        """
        tables.create_records_table(self._spark, self._target.table, self._contract, self._target.position)
        counts = recorded or self._merge_and_count()
        settle_rows(
            self._spark,
            self._names.quarantine(self._contract.entity),
            released=self._held(),
            refused=self._refused(),
            run_id=self._replay.run_id,
        )
        return counts

    def _merge_and_count(self) -> ReplayCounts:
        target = self._target
        if self._found.keys is not None:
            columns = [*(name for name, _ in self._contract.cleaned), *target.position.names]
            latest = last_by_key(self._passing().select(*columns), target.position)
            tables.merge_records(
                self._spark, target.table, latest, keys=self._found.keys, position=target.position
            )
        account = self._account()
        version, inserted = tables.rows_inserted(self._spark, target.table, after=account.table_version)
        kept, uncounted = account.settle(version=version, inserted=inserted, records=self._found.records)
        counts = replace(self._counts(), kept=kept, table_version=version, uncounted=uncounted)
        replay_ledger.record(
            self._spark,
            self._names.ledger,
            counts,
            run_id=self._replay.run_id,
            stage=target.stage,
            entity=self._contract.entity,
        )
        return counts

    def _account(self) -> Account:
        """How far the rows of the table are counted; nothing of it is this run's."""
        entity = self._contract.entity
        if self._target.stage == stream_ledger.REPLAY:
            standing = stream_ledger.read_standing(
                self._spark, self._names.ledger, entity=entity, checkpoint=""
            )
            return standing.account
        accounts = ledger.read_accounts(self._spark, self._names.ledger, run_id=self._replay.run_id)
        return replace(accounts.get(entity, Account()), kept=0)

    def _counts(self) -> ReplayCounts:
        return ReplayCounts(
            lines_read=self._found.lines_read,
            dead_lettered=self._letters,
            quarantined=self._found.quarantined,
            unreadable=self._found.unreadable,
        )

    def _passing(self) -> DataFrame:
        return self._records.where(F.col("reason").isNull())

    def _refused(self) -> DataFrame:
        return self._records.where(F.col("reason").isNotNull())

    def _held(self) -> DataFrame:
        """The records that the table holds, themselves or behind a later one of their key."""
        passing, position = self._passing(), self._target.position
        if self._found.keys is None:
            return passing
        least, greatest = self._found.keys
        there = self._spark.table(self._target.table).where(F.col("ind").between(least, greatest))
        ranks = there.select(F.col("ind").alias("key"), F.expr(position.rank()).alias("there"))
        return passing.join(ranks, F.expr(f"ind = key AND {position.rank()} <= there"), "left_semi")
