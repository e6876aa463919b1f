"""What the tracing of a post is told of the tables."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pinterest_pipeline.tracing import statements
from pinterest_pipeline.tracing.results import INPUTS, counts_in
from pinterest_pipeline.tracing.writers import find_writer, read_commits
from tests.unit.spark.landing_zone import place
from tests.unit.spark.lines import read_frame
from tests.unit.spark.pipelines import GEO, Pipeline, places
from tests.unit.spark.queries import COLUMNS, ENTITIES, QUERIES, SQL, frame, register
from tests.unit.spark.queries import ask as rows_of
from tests.unit.spark.rows import made_rows
from tests.unit.spark.streams import Arrived, StreamRun

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: What none of the answers may have: the text of a record, or what a column holds of it.
TOLD = {
    "batch_row": {"partition_number", "first_offset", "line"},
    "stream_row": {"shard", "sequence_number", "arrived_at"},
    "stream_ends": {"shard", "sequence_number", "arrived_at"},
    "batch_runs": {"run_id", "partition_number", "first_offset", "last_offset"},
    "quarantine": {
        "topic",
        "partition_number",
        "first_offset",
        "line",
        "stream",
        "shard",
        "sequence_number",
        "arrived_at",
        "reason",
        "run_id",
        "quarantined_at",
        "raw_length",
        "sha256",
    },
}
STREAM = "the stream of geo"
FAR_NUMBER = 10**55


def ask(pipeline: Pipeline, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of ``trace/<query>.sql``."""
    names = pipeline.names
    known = {
        "ledger_table": names.ledger,
        "quarantine_table": names.quarantine("geo"),
        "topic": f"{pipeline.zone.user_id}.geo",
        "stream": STREAM,
        "entity": "geo",
        "places": "[]",
    }
    answer = frame(pipeline.spark, f"trace/{query}", {**known, **parameters})
    assert set(answer.columns) == TOLD[query]
    return [row.asDict() for row in answer.collect()]


def refused(pipeline: Pipeline, ind: int, *wanted: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Place and reason of the rows of the quarantine, in the order of places."""
    rows = ask(pipeline, "quarantine", ind=ind, places=json.dumps(wanted))
    return sorted(
        (row["first_offset"], row["line"], row["reason"])
        if row["topic"]
        else (row["shard"], row["sequence_number"], row["reason"])
        for row in rows
    )


def test_where_the_record_of_a_batch_row_lies(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2, 1))
    zone.put("geo", 3, places(3, 2))
    pipeline.run(zone.manifest("first", pins={GEO: 5}), "first")
    table = pipeline.names.batch("geo")
    found = {ind: ask(pipeline, "batch_row", table=table, ind=ind) for ind in (1, 2, 4)}
    assert found == {
        1: [{"partition_number": 0, "first_offset": 0, "line": 2}],
        2: [{"partition_number": 0, "first_offset": 3, "line": 1}],
        4: [],
    }


def test_the_ranges_of_daily_runs_are_told_oldest_first(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2))
    pipeline.run(zone.manifest("first", pins={GEO: 2}), "first")
    zone.put("geo", 2, places(3))
    pipeline.run(zone.manifest("second", pins={GEO: 3}, marks=pipeline.marks()), "second")
    pipeline.spark.sql(
        f"INSERT INTO {pipeline.names.ledger} (run_id, stage, entity, offsets, recorded_at) VALUES "
        "('burst', 'burst', 'geo', ARRAY(STRUCT(0, 0L, 9L)), CURRENT_TIMESTAMP()), "
        "('other', 'batch', 'pin', ARRAY(STRUCT(0, 0L, 9L)), CURRENT_TIMESTAMP())"
    )
    assert [tuple(row.values()) for row in ask(pipeline, "batch_runs")] == [
        ("first", 0, 0, 1),
        ("second", 0, 0, 2),
    ]


def micros(second: float) -> int:
    """When a record of this second arrives."""
    return int((datetime(2026, 1, 1, tzinfo=UTC).timestamp() + second) * 1e6)


@pytest.fixture
def streamed(pipeline: Pipeline) -> Pipeline:
    """A stream of two shards that was read; numbers have other lengths, and the last record was refused."""
    StreamRun(pipeline, "stream").take(
        0,
        Arrived(place(1, "Aruba"), 9, second=1),
        Arrived(place(2, "Aruba"), FAR_NUMBER, second=2.25),
        Arrived(place(3, "Aruba"), 5, second=3, shard="shardId-000000000001"),
        Arrived('{"ind": "none", "country": "Aruba"}', FAR_NUMBER + 1, second=4),
    )
    return pipeline


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns"])
def test_where_the_record_of_a_stream_row_lies(streamed: Pipeline, zone: str) -> None:
    spark, table = streamed.spark, streamed.names.stream("geo")
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        (found,) = ask(streamed, "stream_row", table=table, ind=2)
        assert ask(streamed, "stream_row", table=table, ind=4) == []
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    assert found["arrived_at"] == micros(2.25)
    assert (found["shard"], found["sequence_number"]) == ("shardId-000000000000", str(FAR_NUMBER))


def test_how_far_the_ingest_has_read_each_shard(streamed: Pipeline) -> None:
    streamed.spark.sql(
        f"INSERT INTO {streamed.names.quarantine('geo')} (stream, shard, sequence_number, arrived_at) VALUES "
        f"('another stream', 'shardId-000000000001', '{FAR_NUMBER}', TIMESTAMP '2027-01-01 00:00:00')"
    )
    found = ask(streamed, "stream_ends", table=streamed.names.stream("geo"))
    assert [(row["shard"], row["sequence_number"], row["arrived_at"]) for row in found] == [
        ("shardId-000000000000", str(FAR_NUMBER + 1), micros(4)),
        ("shardId-000000000001", "5", micros(3)),
    ]


PIN = '{"index": 7, "title": "t"}'
SEVENS = {
    "another entity's, of the same key": PIN,
    "in a list": f"[{PIN}]",
    "in an envelope": f'{{"records": [{{"value": {PIN}}}]}}',
    "another entity's, with the key as text": '{"index": "7", "title": "t"}',
}
OTHERS = ['{"index": 70, "title": "t"}', "7", '{"country": "7"}', '{"ind": "7th", "country": "a"}']


def test_refused_records_are_found_by_their_key(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [*SEVENS.values(), *OTHERS, place(7, "Aruba")])
    pipeline.run(pipeline.zone.manifest("first", pins={GEO: 9}), "first")
    assert refused(pipeline, 7) == [(0, line, "other_entity") for line in range(len(SEVENS))]
    assert refused(pipeline, 8) == []


def test_refused_records_are_found_by_their_places(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, ["no JSON", "no JSON", '{"country": "a"}'])
    pipeline.run(pipeline.zone.manifest("first", pins={GEO: 3}), "first")
    StreamRun(pipeline, "stream").take(0, Arrived("nothing", 5), Arrived("nothing", 6))
    line = {"partition": 0, "first_offset": 0, "line": 1}
    record = {"shard": "shardId-000000000000", "sequence_number": "6"}
    assert refused(pipeline, 7, line) == [(0, 1, "not_json")]
    assert refused(pipeline, 7, record) == [("shardId-000000000000", "6", "not_json")]
    assert refused(pipeline, 7, {**line, "partition": 1}) == []
    assert refused(pipeline, 7, line, {**line, "line": 2}) == [(0, 1, "not_json"), (0, 2, "key_missing")]


def test_refused_dead_letters_of_a_replay_are_found_by_their_offsets(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, ["no JSON", "no JSON"])
    pipeline.run(pipeline.zone.manifest("first", pins={GEO: 2}), "first")
    pipeline.spark.sql(
        f"INSERT INTO {pipeline.names.quarantine('geo')} "
        "(topic, partition, first_offset, line, sequence_number, reason) VALUES "
        f"('{pipeline.zone.user_id}.geo', 0, 0, 1, '5', 'not_json')"
    )
    line = {"partition": 0, "first_offset": 0, "line": 1}
    assert [
        row["sequence_number"] for row in ask(pipeline, "quarantine", ind=7, places=json.dumps([line]))
    ] == [None]
    letter = {"partition": 0, "sequence_number": "5"}
    (found,) = ask(pipeline, "quarantine", ind=7, places=json.dumps([letter]))
    assert (found["sequence_number"], found["raw_length"], found["sha256"]) == ("5", None, None)
    other = {**letter, "partition": 1}
    assert ask(pipeline, "quarantine", ind=7, places=json.dumps([other])) == []


def test_of_a_refused_record_length_and_hash_are_told(pipeline: Pipeline) -> None:
    raw = '{"index": 7, "title": "Ärger"}'
    pipeline.zone.put("geo", 0, [raw])
    pipeline.run(pipeline.zone.manifest("first", pins={GEO: 1}), "first")
    (row,) = ask(pipeline, "quarantine", ind=7)
    assert row["raw_length"] == len(raw.encode())
    assert row["sha256"] == hashlib.sha256(raw.encode()).hexdigest()
    assert row["run_id"] == "first"
    assert abs(time.time() - row["quarantined_at"] / 1e6) < 600
    assert "Ärger" not in str(row)


def test_refused_records_of_a_deleted_topic_are_not_of_this_one(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [PIN])
    pipeline.run(pipeline.zone.manifest("first", pins={GEO: 1}), "first")
    text = (SQL / "tables" / "retire_quarantine.sql").read_text(encoding="utf-8")
    pipeline.spark.sql(
        text,
        args={
            "quarantine_table": pipeline.names.quarantine("geo"),
            "topic": f"{pipeline.zone.user_id}.geo",
            "begun_at": "now",
        },
    )
    assert refused(pipeline, 7) == []


def test_the_version_that_wrote_a_row_is_found(pipeline: Pipeline) -> None:
    zone, table = pipeline.zone, pipeline.names.batch("geo")
    runs = {"first": places(1, 2), "second": places(3), "third": places(2), "fourth": places(4)}
    offset = 0
    for run, lines in runs.items():
        zone.put("geo", offset, lines)
        offset += len(lines)
        marks = pipeline.marks() if run != "first" else None
        pipeline.run(zone.manifest(run, pins={GEO: offset}, marks=marks), run)
    pipeline.spark.sql(f"OPTIMIZE {table}")
    rows = [row.asDict() for row in pipeline.spark.sql(statements.history(table)).collect()]
    commits = read_commits(rows)

    def writer(ind: int) -> Any:
        position = [f"_{name}" for name in ("partition", "first_offset", "line")]
        (now,) = pipeline.spark.table(table).where(f"ind = {ind}").select(position).collect()

        def has_row(version: int) -> bool:
            text = statements.row_at_version(table, version, position)
            return pipeline.spark.sql(text, args={"ind": ind}).collect() == [now]

        found = find_writer(commits, has_row)
        assert found is not None
        assert found.certain
        return found.commit.run_id

    assert {ind: writer(ind) for ind in (1, 2, 3, 4)} == {1: "first", 2: "third", 3: "second", 4: "fourth"}


def test_a_post_counts_where_the_query_over_its_rows_alone_finds_it(spark: SparkSession) -> None:
    rows = made_rows(seed=7, number=60)
    # Posts that lack one of their records.
    rows["geo"] = rows["geo"][5:]
    rows["user"] = rows["user"][:-5]
    # Spark plans a filter for minutes that it can push through all the cleaning.
    cached = {
        entity: read_frame(spark, entity, [json.dumps(row) for row in rows[entity]]).localCheckpoint()
        for entity in ENTITIES
    }
    parameters = register(cached, "trace_all")
    counted = 0
    for ind in (0, 20, 30, 40, 58, 60):
        (row,) = frame(spark, "trace/results", {**parameters, "ind": ind}).collect()
        found = counts_in(row.asDict())
        own = register({e: each.where(f"ind = {ind}") for e, each in cached.items()}, "trace_one")
        assert set(found) == set(QUERIES)
        for query in QUERIES:
            expected = rows_of(spark, f"queries/{query}", own)
            look = found[query]
            assert look["counts"] == bool(expected), (ind, query, look)
            counted += look["counts"]
            if expected:
                named = dict(zip(COLUMNS[query], expected[0], strict=True))
                assert look["group"] == {name: named[name] for name in INPUTS[query].group}, (ind, query)
                assert look["missing"] == []
            else:
                assert look["missing"], (ind, query)
                assert look["group"] == {}
    # Of these posts there are enough of both kinds.
    assert 9 < counted < 6 * 9 - 9


def test_no_result_tells_a_person(spark: SparkSession) -> None:
    text = (SQL / "trace" / "results.sql").read_text(encoding="utf-8")
    empty = {entity: read_frame(spark, entity, ["{}"]) for entity in ENTITIES}
    found = spark.sql(text, args={**register(empty, "trace_none"), "ind": 1})
    assert found.columns == [
        "has_pin",
        "has_geo",
        "has_user",
        "category",
        "has_poster",
        "has_followers",
        "country",
        "post_year",
        "age_group",
        "joining_year",
    ]
    assert set(QUERIES) == set(INPUTS)
