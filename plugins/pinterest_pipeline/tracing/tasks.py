"""Tasks of ``pinterest_trace``. They only read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from pinterest_pipeline.entities import contracts, names
from pinterest_pipeline.landing.manifest import Mark, read_marks
from pinterest_pipeline.results.queries import QUERIES
from pinterest_pipeline.settings import settings
from pinterest_pipeline.tracing import batch, report, results, stream
from pinterest_pipeline.tracing.batch import Place
from pinterest_pipeline.tracing.readings import kafka, landing, source, streams, warehouse
from pinterest_pipeline.tracing.runs import run_of
from pinterest_pipeline.tracing.stream import Number
from pinterest_pipeline.tracing.writers import HasRow, find_writer

logger = logging.getLogger(__name__)


@task
def check_settings() -> None:
    """Check the settings that the tables need.

    :raises SettingsError: naming every variable that is missing.
    """
    settings().require("databricks_warehouse_id")


@task
def trace_source(*, params: Any = None) -> dict[str, dict[str, Any]]:
    """Whether the source has the post.

    :returns: entity to ``table``, ``key``, ``there``, and length and hashes of what a burst sends of it.
    """
    return source.read(int(params["ind"]))


@task(map_index_template="{{ task.op_kwargs['entity'] }}")
def trace_batch(entity: str, *, params: Any = None) -> dict[str, Any]:
    """Follow the post through Kafka, the landing, the quarantine and the batch table.

    :param entity: ``pin``, ``geo`` or ``user``.
    :returns: ``entity``, ``occurrences``, ``left_out``, ``end``, ``written_by``, ``not_searched``.
    :raises ServiceFailed: when a broker refuses to be read.
    :raises StatementFailed: with the warehouse's error.
    """
    ind, contract, table = int(params["ind"]), contracts()[entity], names().table(f"{entity}_batch")
    row = _batch_row(table, ind)
    marks = _marks(names().topic(entity))
    runs = warehouse.ask("trace/batch_runs.sql", {"entity": entity})
    in_kafka = kafka.read(contract, ind, row)
    landed = landing.read(contract, ind, row=row, marks=marks, runs=runs, kafka=in_kafka)
    refused = warehouse.read_refused(
        entity,
        ind,
        places=[line.place for line in landed.lines],
        dead_letters=[
            (each.partition, each.offset)
            for each in in_kafka.records
            if each.offset in in_kafka.dead.get(each.partition, ())
        ],
    )
    way = batch.assemble(
        batch.Found(
            ind=ind,
            topic=names().topic(entity),
            row=row,
            marks=marks,
            committed=in_kafka.committed,
            records=in_kafka.records,
            dead=in_kafka.dead,
            objects=landed.objects,
            read=frozenset(landed.read),
            lines=landed.lines,
            refused=[_refused_line(each) for each in refused if each["topic"] is not None],
        )
    )
    _add_run(way, runs)
    written = _written_by(table, warehouse.row_comparer(table, ind, *_positions(row))) if row else None
    unsearched = [*in_kafka.not_searched, *landed.not_searched]
    return {"entity": entity, **way, "written_by": written, "not_searched": unsearched}


@task(map_index_template="{{ task.op_kwargs['entity'] }}")
def trace_stream(entity: str, *, params: Any = None) -> dict[str, Any]:
    """Follow the post through its stream, the quarantine and the stream table.

    :param entity: ``pin``, ``geo`` or ``user``.
    :returns: as :func:`trace_batch` does.
    :raises StatementFailed: with the warehouse's error.
    """
    ind, contract, table = int(params["ind"]), contracts()[entity], names().table(f"{entity}_table")
    row = next(iter(warehouse.ask("trace/stream_row.sql", {"table": table, "ind": ind})), None)
    number = Number(row["shard"], row["sequence_number"]) if row else None
    name = names().stream(entity)
    quarantine = names().table(f"{entity}_quarantine")
    ends = warehouse.ask(
        "trace/stream_ends.sql", {"table": table, "quarantine_table": quarantine, "stream": name}
    )
    arrived = {each["shard"]: _moment(each["arrived_at"]) for each in ends}
    side = streams.read(contract, ind, streams.Known(row=number, ends=arrived))
    refused = warehouse.read_refused(entity, ind, numbers=[record.number for record in side.records])
    way = stream.assemble(
        stream.Found(
            ind=ind,
            stream=name,
            row=number,
            row_arrived_at=_text(row["arrived_at"]) if row else None,
            # What was read of an earlier life of the stream says nothing about this one.
            read_to={
                each["shard"]: each["sequence_number"]
                for each in ends
                if side.created and arrived[each["shard"]] >= side.created
            },
            records=side.records,
            refused=[_refused_record(each) for each in refused if each["stream"] is not None],
        )
    )
    written = None
    if number:
        position = {"_shard": number.shard, "_sequence_number": number.sequence_number}
        written = _written_by(table, warehouse.row_comparer(table, ind, position))
    return {"entity": entity, **way, "written_by": written, "not_searched": side.not_searched}


@task
def trace_results(*, params: Any = None) -> dict[str, Any]:
    """In which results the post counts, and when each was made.

    :returns: ``queries``: query to ``counts``, ``group``, ``missing`` and ``made_at``; ``not_searched``.
    """
    rows = warehouse.ask("trace/results.sql", {"ind": int(params["ind"])})
    counted = results.counts_in(rows[0]) if rows else {}
    found = {}
    for query in QUERIES:
        look = counted.get(
            query, {"counts": False, "group": {}, "missing": ["not all batch tables are there"]}
        )
        commits = warehouse.read_history(names().result_table(query), 1)
        found[query] = {**look, "made_at": commits[-1].at if commits else None}
    return {"queries": found, "not_searched": []}


@task
def assemble(
    in_source: Mapping[str, Any],
    on_batch: Iterable[Mapping[str, Any]],
    on_stream: Iterable[Mapping[str, Any]],
    in_results: Mapping[str, Any],
    *,
    params: Any = None,
) -> dict[str, Any]:
    """Put everything together and show it.

    :param in_source: what :func:`trace_source` returned.
    :param on_batch: what :func:`trace_batch` returned for each entity.
    :param on_stream: what :func:`trace_stream` returned for each entity.
    :param in_results: what :func:`trace_results` returned.
    :returns: see :func:`pinterest_pipeline.tracing.report.put_together`.
    """
    result = report.put_together(int(params["ind"]), in_source, on_batch, on_stream, in_results)
    for line in result["lines"]:
        logger.info("%s", line)
    return result


def _batch_row(table: str, ind: int) -> Place | None:
    rows = warehouse.ask("trace/batch_row.sql", {"table": table, "ind": ind})
    if not rows:
        return None
    (row,) = rows
    return Place(int(row["partition_number"]), int(row["first_offset"]), int(row["line"]))


def _marks(topic: str) -> dict[int, Mark]:
    marks = read_marks(warehouse.ask("tables/read_ingest_positions.sql", {}))
    return {partition: mark for (of, partition), mark in marks.items() if of == topic}


def _positions(row: Place) -> list[dict[str, Any]]:
    """The row's position; of a topic that was deleted, also as it was written."""
    firsts = [row.first_offset, *([-1 - row.first_offset] if row.first_offset < 0 else [])]
    return [{"_partition": row.partition, "_first_offset": first, "_line": row.line} for first in firsts]


def _written_by(table: str, has_row: HasRow) -> dict[str, Any] | None:
    writer = find_writer(warehouse.read_history(table), has_row)
    if writer is None:
        return None
    commit, certain = writer
    return {"version": commit.version, "at": commit.at, "run_id": commit.run_id, "certain": certain}


def _add_run(way: dict[str, Any], runs: warehouse.Rows) -> None:
    """Say of each record that has landed which daily run has read it first, as the ledger's ranges tell."""
    for each in way["occurrences"]:
        place, landed = each["kafka"], each["landed"]
        known = place is not None and landed is not None and not landed["retired"]
        each["read_by"] = run_of(runs, place["partition"], place["offset"]) if known else None


def _refused_line(row: Mapping[str, Any]) -> batch.Refused:
    return batch.Refused(
        place=Place(int(row["partition_number"]), int(row["first_offset"]), int(row["line"])),
        reason=row["reason"],
        run_id=row["run_id"],
        quarantined_at=_text(row["quarantined_at"]),
        length=row["raw_length"],
        sha256=row["sha256"],
        dead_letter=None if row["sequence_number"] is None else int(row["sequence_number"]),
    )


def _refused_record(row: Mapping[str, Any]) -> stream.Refused:
    return stream.Refused(
        number=Number(row["shard"], row["sequence_number"]),
        arrived_at=_text(row["arrived_at"]),
        reason=row["reason"],
        run_id=row["run_id"],
        quarantined_at=_text(row["quarantined_at"]),
        length=int(row["raw_length"]),
        sha256=row["sha256"],
    )


def _moment(micros: int) -> datetime:
    """A time from its microseconds since 1970, to the last digit."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def _text(micros: int) -> str:
    return _moment(micros).isoformat(timespec="microseconds")
