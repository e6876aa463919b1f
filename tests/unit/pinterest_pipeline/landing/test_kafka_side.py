from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_pipeline.landing.kafka_side import Comparison, KafkaSide, compare


def entity(pin: int, *first_offsets: int, mark: int | None = None, partition: int = 0) -> dict[str, Any]:
    return {
        "topic": "sandbox.pin",
        "partitions": [
            {
                "partition": partition,
                "pinned_offset": pin,
                "mark": None if mark is None else {"first_offset": mark, "lines": 1},
                "objects": [{"key": f"k{offset}", "first_offset": offset} for offset in first_offsets],
            }
        ],
    }


def side(*dead: int, known_from: int = 0) -> KafkaSide:
    return KafkaSide(
        dead={"sandbox.pin": {(0, offset) for offset in dead}, "sandbox.geo": {(0, 0)}},
        known_from={"sandbox.pin": {0: known_from}},
    )


@pytest.mark.parametrize(
    ("part", "lines", "dead"),
    [
        pytest.param(entity(10, 0, 6), [6, 4], [], id="all-landed"),
        pytest.param(entity(10, 0, 6), [4, 3], [0, 5, 9], id="dead-letters-inside-objects"),
        pytest.param(entity(10, 2, 6), [4, 4], [0, 1], id="dead-letters-before-the-first-object"),
        pytest.param(entity(10, 0, 7), [5, 3], [5, 6], id="dead-letters-between-objects"),
        pytest.param(entity(5, 0), [5], [5, 6], id="dead-letters-at-the-end"),
        pytest.param(entity(20, 10, 15, mark=10), [5, 5], [2], id="from-the-mark"),
        pytest.param(entity(10, mark=10), [], [], id="mark-at-the-pin"),
        pytest.param(entity(4, mark=10), [], [], id="mark-above-the-pin"),
        pytest.param(entity(0), [], [], id="nothing-yet"),
        pytest.param(entity(7, 0, 5), [7, 2], [], id="a-tail-written-twice"),
        # The converter was mended and the sink sent back: the record is in S3 and among the dead letters.
        pytest.param(entity(5, 0), [5], [3], id="a-dead-letter-that-landed-later"),
    ],
)
def test_what_is_complete(part: dict[str, Any], lines: list[int], dead: list[int]) -> None:
    assert compare(part, lines, side(*dead)) == Comparison()


@pytest.mark.parametrize(
    ("part", "lines", "dead", "problem"),
    [
        pytest.param(
            entity(10, 0, 6),
            [5, 4],
            [8],
            "sandbox.pin[0]: 1 records neither landed nor dead-lettered; at offsets 0 to 5 Kafka has 6 "
            "records, S3 5 lines, and 0 are dead letters",
            id="what-is-too-much-elsewhere-does-not-help",
        ),
        pytest.param(
            entity(10, 0, 6),
            [4, 4],
            [2],
            "sandbox.pin[0]: 1 records neither landed nor dead-lettered; at offsets 0 to 5 Kafka has 6 "
            "records, S3 4 lines, and 1 are dead letters",
            id="a-line-is-missing",
        ),
        pytest.param(
            entity(30, 0, 20),
            [10, 10],
            [],
            "sandbox.pin[0]: 10 records neither landed nor dead-lettered; at offsets 0 to 19 Kafka has 20 "
            "records, S3 10 lines, and 0 are dead letters",
            id="an-object-is-missing",
        ),
        pytest.param(
            entity(30, 20, mark=10),
            [10],
            [],
            "sandbox.pin[0]: 10 records neither landed nor dead-lettered; at offsets 10 to 19 Kafka has 10 "
            "records, S3 0 lines, and 0 are dead letters",
            id="the-marks-object-is-gone",
        ),
        pytest.param(
            entity(500),
            [],
            [],
            "sandbox.pin[0]: 500 records neither landed nor dead-lettered; at offsets 0 to 499 Kafka has 500 "
            "records, S3 0 lines, and 0 are dead letters",
            id="the-sink-writes-elsewhere",
        ),
        pytest.param(
            entity(30, 0, 10, 20),
            [9, 10, 7],
            [],
            "sandbox.pin[0]: 4 records neither landed nor dead-lettered; at offsets 0 to 9 Kafka has 10 "
            "records, S3 9 lines, and 0 are dead letters; 1 more objects are too short",
            id="two-objects",
        ),
        pytest.param(
            entity(10, 0, 6),
            [6, 5],
            [],
            "sandbox.pin[0]: 5 lines in S3 from offset 6, Kafka has 4 records up to the pinned offset 10",
            id="more-lines-than-records",
        ),
    ],
)
def test_what_is_not(part: dict[str, Any], lines: list[int], dead: list[int], problem: str) -> None:
    assert compare(part, lines, side(*dead)) == Comparison(problems=[problem])


def test_dead_letters_of_other_partitions_do_not_count() -> None:
    part = entity(5, 0, partition=1)
    found = compare(part, [4], KafkaSide(dead={"sandbox.pin": {(0, 4)}}, known_from={"sandbox.pin": {1: 0}}))
    assert len(found.problems) == 1


def test_lines_go_to_the_partitions_in_order() -> None:
    part = entity(5, 0, 3)
    part["partitions"] += entity(7, 0, partition=1)["partitions"]
    known = KafkaSide(dead={}, known_from={"sandbox.pin": {0: 0, 1: 0}})
    assert compare(part, [3, 2, 7], known) == Comparison()
    assert compare(part, [3, 2, 6], known).problems[0].startswith("sandbox.pin[1]: 1 records")


@pytest.mark.parametrize(
    ("known_from", "failing"),
    [pytest.param(10, True, id="all-known"), pytest.param(11, False, id="a-part-was-removed")],
)
def test_what_retention_has_removed_is_no_problem(known_from: int, failing: bool) -> None:
    found = compare(entity(20, 10, mark=10), [7], side(known_from=known_from))
    told = found.problems if failing else found.unchecked
    assert len(told) == 1
    assert told[0].startswith("sandbox.pin[0]: 3 records")
    assert len(found.problems) + len(found.unchecked) == 1


def test_a_partition_that_kafka_no_longer_has_cannot_be_checked() -> None:
    found = compare(entity(20, 10, mark=10), [7], KafkaSide(dead={}, known_from={}))
    assert (len(found.problems), len(found.unchecked)) == (0, 1)


@given(st.lists(st.sampled_from(["landed", "dead", "lost", "cut"]), max_size=60))
def test_each_lost_record_of_a_simulated_sink_is_found(steps: list[str]) -> None:
    """A sink that closes its object at each cut, and loses some records."""
    objects: dict[int, int] = {}
    dead, lost, offset, begun, pin = [], [], 0, -1, 0
    for step in steps:
        if step == "cut":
            begun = -1
            continue
        if step == "landed":
            begun = offset if begun < 0 else begun
            objects[begun] = objects.get(begun, 0) + 1
            pin = offset + 1
        elif step == "dead":
            dead.append(offset)
        else:
            lost.append(offset)
        offset += 1
    found = compare(entity(pin, *objects), list(objects.values()), side(*dead))
    below = sum(each < pin for each in lost)
    told = sum(int(text.split(": ")[1].split()[0]) for text in found.problems)
    assert told == below
