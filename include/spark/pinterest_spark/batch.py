"""One run of the daily batch: a manifest's objects into the Delta tables, in an order that survives crashes.

Lines are merged first, counts are recorded then, marks are written last. When a run dies in between, the same
run or another one reads the lines again: every step finds what was done before.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from pinterest_spark import ledger, quarantine, tables, tally
from pinterest_spark.contracts import ENTITIES, Contract, load_contract
from pinterest_spark.landing import read_lines
from pinterest_spark.ledger import Account, EntityCounts, Mark
from pinterest_spark.positions import LANDED
from pinterest_spark.records import last_by_key, read_records
from pinterest_spark.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import SparkSession

    from pinterest_spark.manifest import EntityPart, Manifest
    from pinterest_spark.tables import TableNames


@dataclass(frozen=True, kw_only=True)
class EntityResult:
    """What a run did for one entity: its counts, the offsets it covered, and where it stands now."""

    counts: EntityCounts
    offsets: list[tuple[int, int, int]]
    marks: list[Mark]


def run_batch(spark: SparkSession, manifest: Manifest, names: TableNames, *, run_id: str) -> dict[str, Any]:
    """Ingest everything that a manifest names.

    :param spark: a session whose catalog has Delta tables.
    :param manifest: what to read.
    :param names: the tables to write.
    :param run_id: id of this run in the ledger and in the commits; a repeated run has the same.
    :returns: ``{"run_id": …, "entities": {entity: counts}}``.
    """
    prepare_session(spark, run_id)
    tables.create_table(spark, "ingest_positions", names.positions)
    tables.create_table(spark, "ledger", names.ledger)
    accounts = ledger.read_accounts(spark, names.ledger, run_id=run_id)
    parts = {entity: manifest.entities[entity] for entity in ENTITIES if entity in manifest.entities}
    # The work is planning and log keeping more than data: three at a time use both cores.
    with ThreadPoolExecutor(max_workers=len(ENTITIES)) as pool:
        running = {
            entity: pool.submit(
                ingest_entity,
                spark,
                manifest,
                names,
                entity=entity,
                run_id=run_id,
                account=accounts.get(entity, Account()),
            )
            for entity in parts
        }
        results = {entity: future.result() for entity, future in running.items()}
    ledger.record_counts(
        spark,
        names.ledger,
        run_id=run_id,
        counts={entity: result.counts for entity, result in results.items()},
        offsets={entity: result.offsets for entity, result in results.items()},
    )
    marks = [mark for result in results.values() for mark in result.marks]
    ledger.record_marks(spark, names.positions, run_id=run_id, marks=marks)
    return {
        "run_id": run_id,
        "entities": {entity: result.counts.as_dict() for entity, result in results.items()},
    }


def prepare_session(spark: SparkSession, run_id: str) -> None:
    """Set what a run depends on: UTC for times without a zone, the last of equal JSON names, the run's id."""
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.conf.set("spark.sql.variant.allowDuplicateKeys", "true")
    spark.conf.set(tables.USER_METADATA, run_id)


def ingest_entity(
    spark: SparkSession,
    manifest: Manifest,
    names: TableNames,
    *,
    entity: str,
    run_id: str,
    account: Account,
) -> EntityResult:
    """Read, clean and merge one entity's objects.

    :param account: how far the rows of its table are counted.
    :returns: counts, offsets and marks, none of them written yet.
    """
    contract, part = load_contract(entity), manifest.entities[entity]
    tables.create_records_table(spark, names.batch(entity), contract, LANDED)
    tables.create_table(spark, "quarantine", names.quarantine(entity))
    uris = [manifest.uri(o.key) for partition in part.partitions for o in partition.objects]
    found = _ingest(spark, manifest, names, contract=contract, uris=uris, run_id=run_id) if uris else Tally()
    version, inserted = tables.rows_inserted(spark, names.batch(entity), after=account.table_version)
    kept, uncounted = account.settle(version=version, inserted=inserted, records=found.records)
    counts = EntityCounts(
        lines_read=found.lines_read,
        reread=sum(partition.reread for partition in part.partitions),
        kept=kept,
        quarantined=found.quarantined,
        unreadable=found.unreadable,
        table_version=version,
        uncounted=uncounted,
    )
    return EntityResult(counts=counts, offsets=_offsets(part), marks=_marks(part, found.lines))


def _ingest(
    spark: SparkSession,
    manifest: Manifest,
    names: TableNames,
    *,
    contract: Contract,
    uris: list[str],
    run_id: str,
) -> Tally:
    """Read these objects and MERGE their records and their refused lines."""
    entity = contract.entity
    # A checkpoint, not a cache: Spark pushes the filters below through the many projections of a cached
    # plan, and each push copies their expressions; it planned for minutes.
    records = read_records(read_lines(spark, uris), contract).localCheckpoint(eager=False)
    found = tally.count(records, contract, by=("_partition", "_first_offset"))
    if found.keys is not None:
        valid = records.where(F.col("reason").isNull())
        columns = [*(name for name, _ in contract.cleaned), *LANDED.names]
        latest = last_by_key(valid.select(*columns), LANDED)
        table = names.batch(entity)
        tables.merge_records(
            spark, table, latest, keys=found.keys, position=LANDED, again=manifest.full_refresh
        )
    if found.quarantined:
        topic = manifest.entities[entity].topic
        quarantine.merge_quarantine(spark, names.quarantine(entity), records, topic=topic, run_id=run_id)
    return found


def _offsets(part: EntityPart) -> list[tuple[int, int, int]]:
    """(partition, first offset, last offset) of the objects read; the last is the one before the pin."""
    return [
        (p.partition, p.objects[0].first_offset, p.pinned_offset - 1) for p in part.partitions if p.objects
    ]


def _marks(part: EntityPart, lines: Mapping[tuple[Any, ...], int]) -> list[Mark]:
    """The last object of each partition; an empty one has no lines."""
    return [
        Mark(
            topic=part.topic,
            partition=p.partition,
            first_offset=p.objects[-1].first_offset,
            object_key=p.objects[-1].key,
            lines=lines.get((p.partition, p.objects[-1].first_offset), 0),
        )
        for p in part.partitions
        if p.objects
    ]
