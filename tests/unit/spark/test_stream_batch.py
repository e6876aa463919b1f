"""Micro-batches of a stream: what is kept, merged and refused, and what a repeated batch changes."""

from __future__ import annotations

import pytest

from tests.unit.spark.landing_zone import place
from tests.unit.spark.lines import line
from tests.unit.spark.pipelines import Pipeline
from tests.unit.spark.streams import Arrived, StreamRun, countries, counts


def test_records_are_cleaned_and_every_kind_of_bad_one_is_quarantined(pipeline: Pipeline) -> None:
    bad = {
        11: ("half of a", "not_json", "half of a"),
        12: (b"\xff\xfe", "not_json", "\N{REPLACEMENT CHARACTER}" * 2),
        13: ("", "not_json", ""),
        14: ("[1, 2]", "not_an_object", "[1, 2]"),
        15: (line("pin", 1, title="a"), "other_entity", line("pin", 1, title="a")),
        16: ('{"country": "Aruba"}', "key_missing", '{"country": "Aruba"}'),
        17: ('{"ind": "x", "country": "Aruba"}', "key_not_an_integer", '{"ind": "x", "country": "Aruba"}'),
    }
    good = [Arrived(f"[{place(1, 'Aruba ', latitude=100)}]", 1), Arrived(place(2, "Albania"), 2)]
    StreamRun(pipeline, "run").take(0, *good, *(Arrived(raw, n) for n, (raw, _, _) in bad.items()))
    StreamRun(pipeline, "run", entity="pin").take(0, Arrived(line("pin", 3, follower_count="2M"), 1))

    assert countries(pipeline) == {1: "Aruba", 2: "Albania"}
    spark, names = pipeline.spark, pipeline.names
    (row,) = spark.table(names.stream("geo")).where("ind = 1").collect()
    assert (row["coordinates"], row["_shard"], row["_sequence_number"]) == (None, "shardId-000000000000", "1")
    assert str(row["_arrived_at"]) == "2026-01-01 00:00:00"
    (row,) = spark.table(names.stream("pin")).collect()
    assert (row["ind"], row["follower_count"]) == (3, 2_000_000)

    refused = spark.table(names.quarantine("geo")).collect()
    assert {r["sequence_number"]: (r["reason"], r["raw"]) for r in refused} == {
        str(number): (reason, raw) for number, (_, reason, raw) in bad.items()
    }
    assert {(r["stream"], r["shard"], r["run_id"], r["topic"], r["line"]) for r in refused} == {
        ("the stream of geo", "shardId-000000000000", "run", None, None)
    }
    assert counts(pipeline) == {("geo", 0): ("run", 9, 2, 0, 7), ("pin", 0): ("run", 1, 1, 0, 0)}
    unreadable = {r["entity"]: r["unreadable"] for r in spark.table(names.ledger).collect()}
    assert unreadable == {"geo": {"latitude": 1}, "pin": {}}


def test_of_one_key_the_record_that_arrived_last_wins(pipeline: Pipeline) -> None:
    """By the time of arrival, then by the sequence number as a number, however many digits it has."""
    run, huge = StreamRun(pipeline, "run"), 4966 * 10**52
    run.take(
        0,
        Arrived(place(1, "late"), 1, second=2.001),
        Arrived(place(1, "early"), 2, second=2),
        Arrived(place(2, "nine"), 9),
        Arrived(place(2, "ten"), 10),
        Arrived(place(3, "small"), huge + 9),
        Arrived(place(3, "large"), huge + 10),
    )
    assert countries(pipeline) == {1: "late", 2: "ten", 3: "large"}
    run.take(
        1,
        Arrived(place(1, "between"), 99, second=2),
        Arrived(place(2, "eleven"), 11),
        Arrived(place(3, "smaller"), huge - 1),
        Arrived(place(4, "new"), 1),
    )
    assert countries(pipeline) == {1: "late", 2: "eleven", 3: "large", 4: "new"}
    assert counts(pipeline) == {("geo", 0): ("run", 6, 3, 3, 0), ("geo", 1): ("run", 4, 1, 3, 0)}


def test_a_late_batch_that_is_repeated_changes_nothing(pipeline: Pipeline) -> None:
    """As after a crash between the counts and Spark's commit: by then the run is another one."""
    old = [Arrived(place(1, "old"), 1), Arrived("refused", 2)]
    first = StreamRun(pipeline, "first")
    first.take(0, *old)
    first.take(1, Arrived(place(1, "new"), 3, second=1), Arrived(place(2, "Aruba"), 4, second=1))
    before = pipeline.everything()
    second = StreamRun(pipeline, "second")
    second.take(0, *old)
    assert pipeline.everything() == before
    second.take(2, Arrived(place(3, "Angola"), 5, second=2), Arrived("refused", 6, second=2))
    second.take(3)
    # Nor when the first one was alive all the time, and does what the second has done.
    first.take(2, Arrived(place(3, "Angola"), 5, second=2), Arrived("refused", 6, second=2))
    assert pipeline.spark.table(pipeline.names.quarantine("geo")).count() == 2
    assert counts(pipeline) == {
        ("geo", 0): ("first", 2, 1, 0, 1),
        ("geo", 1): ("first", 2, 1, 1, 0),
        ("geo", 2): ("second", 2, 1, 0, 1),
    }


def test_a_batch_that_died_before_its_counts_is_counted_truly_when_it_is_repeated(
    pipeline: Pipeline,
) -> None:
    records = [Arrived(place(1, "a"), 1), Arrived(place(1, "b"), 2), Arrived("refused", 3)]

    def die(*_: object, **__: object) -> None:
        raise ConnectionError("the driver died")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pinterest_spark.stream_ledger.record_batch", die)
        with pytest.raises(ConnectionError, match="the driver died"):
            StreamRun(pipeline, "first").take(0, *records)
    assert countries(pipeline) == {1: "b"}
    StreamRun(pipeline, "second").take(0, *records)
    assert counts(pipeline) == {("geo", 0): ("second", 3, 1, 1, 1)}
    assert pipeline.spark.table(pipeline.names.quarantine("geo")).count() == 1


def test_a_new_checkpoint_reads_all_again_without_a_second_row(pipeline: Pipeline) -> None:
    """The rows kept by all batches stay the rows of the table."""
    records = [Arrived(place(1, "a"), 1), Arrived(place(2, "b"), 2), Arrived("refused", 3)]
    StreamRun(pipeline, "first").take(0, *records)
    StreamRun(pipeline, "second", checkpoint="another query").take(0, *records)
    rows = pipeline.spark.table(pipeline.names.ledger).orderBy("run_id").collect()
    found = [(r["run_id"], r["lines_read"], r["kept"], r["merged"], r["quarantined"]) for r in rows]
    assert found == [("first", 3, 2, 0, 1), ("second", 3, 0, 2, 1)]
    assert pipeline.spark.table(pipeline.names.quarantine("geo")).count() == 1
