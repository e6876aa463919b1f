"""The sink's lag: by how much, and for how long it has not moved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline.health.checks.sink_lag import Partition, Reading, judge
from pinterest_pipeline.health.findings import Finding

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def pin(committed: int | None, unwritten: int, number: int = 0, topic: str = "sandbox.pin") -> Partition:
    return Partition(topic=topic, number=number, committed=committed, unwritten=unwritten)


def look(*partitions: Partition, at: float = 0, memory: Mapping[str, Any] | None = None) -> Finding:
    """Judge, ``at`` seconds after noon. The memory goes through JSON, as in the record."""
    found = judge(
        Reading(at=NOW + timedelta(seconds=at), partitions=partitions), json.loads(json.dumps(memory or {}))
    )
    json.dumps(found.memory)
    return found


def standing(found: Finding) -> Any:
    return found.figures["standing still"].value


def test_without_a_lag_it_is_healthy() -> None:
    found = look(pin(7, 0), pin(3, 0, topic="sandbox.geo"))
    assert (found.status, found.sentence) == ("healthy", "all records are written")
    assert {name: figure.value for name, figure in found.figures.items()} == {
        "unwritten": 0,
        "sandbox.pin": 0,
        "sandbox.geo": 0,
        "standing still": 0,
    }


def test_the_lag_is_given_by_topic_and_in_all() -> None:
    found = look(pin(7, 4), pin(7, 5, number=1), pin(3, 2, topic="sandbox.geo"))
    assert (found.status, found.sentence) == ("healthy", "11 records are about to be written")
    values = {name: figure.value for name, figure in found.figures.items()}
    assert (values["unwritten"], values["sandbox.pin"], values["sandbox.geo"]) == (11, 9, 2)


@pytest.mark.parametrize(("lag", "status"), [(99_999, "healthy"), (100_000, "degraded")])
def test_a_large_lag_is_degraded_though_it_moves(lag: int, status: str) -> None:
    before = look(pin(7, lag))
    found = look(pin(8, lag), at=3600, memory=before.memory)
    assert found.status == before.status == status
    assert standing(found) == 0


def test_the_lag_of_all_topics_together_is_large() -> None:
    found = look(pin(1, 60_000), pin(1, 40_000, topic="sandbox.geo"))
    assert (found.status, found.sentence) == ("degraded", "the sink has 100,000 records yet to write")


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0, "healthy"), (119, "healthy"), (120, "degraded"), (599, "degraded"), (600, "down"), (86_400, "down")],
)
def test_a_lag_that_does_not_move(seconds: int, status: str) -> None:
    before = look(pin(7, 4))
    found = look(pin(7, 6), at=seconds, memory=before.memory)
    assert found.status == status
    assert standing(found) == seconds


@pytest.mark.parametrize(
    ("interval", "slow", "standing"), [(0, 120, 600), (1, 120, 600), (60, 120, 600), (3600, 3660, 4140)]
)
def test_a_sink_that_closes_objects_seldom_is_given_more_time(
    interval: float, slow: int, standing: int
) -> None:
    memory = look(pin(7, 4)).memory
    states = []
    for seconds in (slow - 1, slow, standing - 1, standing):
        at = NOW + timedelta(seconds=seconds)
        states.append(judge(Reading(at=at, partitions=[pin(7, 4)], interval_s=interval), memory).status)
    assert states == ["healthy", "degraded", "degraded", "down"]


def test_a_lag_that_does_not_move_is_told() -> None:
    found = look(pin(7, 1234, number=2), at=900, memory=look(pin(7, 4, number=2)).memory)
    assert found.sentence == (
        "sandbox.pin: 1,234 records are not written, and nothing was committed for 900 s (partition 2)"
    )


def test_the_time_goes_on_from_check_to_check() -> None:
    memory: Mapping[str, Any] = {}
    seconds = []
    for at in (0, 300, 600, 900):
        found = look(pin(7, 4), at=at, memory=memory)
        memory = found.memory
        seconds.append((standing(found), found.status))
    assert seconds == [(0, "healthy"), (300, "degraded"), (600, "down"), (900, "down")]


def test_a_commit_begins_the_time_anew() -> None:
    stuck = look(pin(7, 4), at=900, memory=look(pin(7, 4)).memory)
    moved = look(pin(8, 3), at=1200, memory=stuck.memory)
    assert (stuck.status, moved.status, standing(moved)) == ("down", "healthy", 0)
    assert standing(look(pin(8, 3), at=1500, memory=moved.memory)) == 300


def test_a_lag_begins_when_it_is_seen_first_however_long_nothing_was_sent() -> None:
    idle = look(pin(7, 0))
    found = look(pin(7, 4), at=7200, memory=idle.memory)
    assert (found.status, standing(found)) == ("healthy", 0)


def test_each_partition_has_a_time_of_its_own() -> None:
    before = look(pin(7, 4), pin(7, 4, number=1))
    # One task works on while the other stands still.
    found = look(pin(9, 2), pin(7, 4, number=1), at=700, memory=before.memory)
    assert (found.status, standing(found)) == ("down", 700)
    assert found.sentence.endswith("(partition 1)")


def test_topics_are_told_each_for_itself_the_worse_first() -> None:
    first = look(pin(7, 4))
    second = look(pin(7, 4), pin(3, 2, topic="sandbox.geo"), at=500, memory=first.memory)
    third = look(pin(7, 4), pin(3, 2, topic="sandbox.geo"), at=700, memory=second.memory)
    assert third.status == "down"
    assert [part.split(":")[0] for part in third.sentence.split("; ")] == ["sandbox.pin", "sandbox.geo"]
    assert "for 200 s" in third.sentence


def test_without_a_commit_records_are_a_lag_that_does_not_move() -> None:
    before = look(pin(None, 4))
    assert before.figures["unwritten"].value == 4
    assert look(pin(None, 4), at=600, memory=before.memory).status == "down"


def test_a_clock_set_back_gives_no_negative_time() -> None:
    before = look(pin(7, 4), at=3600)
    found = look(pin(7, 4), at=0, memory=before.memory)
    assert (found.status, standing(found)) == ("healthy", 0)
    # From then on it is measured by the clock as it is.
    assert standing(look(pin(7, 4), at=300, memory=found.memory)) == 300


@pytest.mark.parametrize(
    "memory",
    [
        {"partitions": None},
        {"partitions": {"sandbox.pin": 1}},
        {"partitions": {"sandbox.pin": {"0": 7}}},
        {"partitions": {"sandbox.pin": {"0": {"committed": 7, "since": "yesterday"}}}},
        {"partitions": {"sandbox.pin": {"0": {"committed": 7}}}},
    ],
)
def test_a_memory_of_another_form_is_none(memory: dict[str, Any]) -> None:
    assert standing(look(pin(7, 4), at=900, memory=memory)) == 0


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (["sandbox.pin"], "topic sandbox.pin does not exist: run pinterest_provision_batch"),
        (["a.pin", "a.geo"], "topics a.pin, a.geo do not exist: run pinterest_provision_batch"),
    ],
)
def test_without_its_topics_it_is_down(missing: list[str], sentence: str) -> None:
    found = judge(Reading(at=NOW, missing=missing), {"partitions": {}})
    assert (found.status, found.sentence) == ("down", sentence)


def test_brokers_that_do_not_answer_are_down_and_forget_nothing() -> None:
    known = look(pin(7, 4)).memory
    found = judge(Reading(at=NOW, trouble="Kafka at b-1:9098 does not answer"), known)
    assert (found.status, found.sentence) == ("down", "Kafka at b-1:9098 does not answer")
    assert found.memory == known
