"""Looking for a post in Kafka."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.entities import contracts
from pinterest_pipeline.tracing.batch import Place
from pinterest_pipeline.tracing.readings import kafka
from pinterest_pipeline.tracing.readings.kafka import KafkaSide
from tests.unit.pinterest_pipeline.tracing.brokers import DEAD, TOPIC, Kafka, dead, messages

IND = 7
SEVEN = {"ind": 7, "country": "Aruba"}
EIGHT = {"ind": 8, "country": "7"}


def look(row: Place | None = None) -> KafkaSide:
    return kafka.read(contracts()["geo"], IND, row)


def places(side: KafkaSide) -> list[tuple[int, int]]:
    return [(record.partition, record.offset) for record in side.records]


def test_records_with_the_key_are_found_before_and_behind_the_commit(brokers: Kafka) -> None:
    brokers.fill(TOPIC, messages((7, SEVEN), (8, EIGHT), (None, SEVEN)), messages((8, EIGHT), partition=1))
    brokers.commits[TOPIC, 0] = 1
    side = look()
    assert places(side) == [(0, 0), (0, 2)]
    assert side.committed == {0: 1, 1: None}
    assert side.searched == {0: 0, 1: 0}
    assert side.not_searched == []
    assert side.records[1].at == "2026-01-01T00:00:00.002+00:00"
    assert side.records[0].content.key == IND


@pytest.mark.parametrize(
    "record",
    [
        pytest.param((7, "no record"), id="key-as-number"),
        pytest.param(("7", None), id="key-as-text-and-no-value"),
        pytest.param((b"7", b"\xff"), id="no-text"),
        pytest.param((7, EIGHT), id="of-another-key"),
    ],
)
def test_records_sent_under_the_key_are_found_whatever_they_hold(
    brokers: Kafka, record: tuple[Any, Any]
) -> None:
    brokers.fill(TOPIC, messages((8, EIGHT), record))
    assert places(look()) == [(0, 1)]


@pytest.mark.parametrize("record", [(70, {"ind": 70}), (17, EIGHT), (None, {"index": 7}), (b"7 ", None)])
def test_other_records_are_left_alone(brokers: Kafka, record: tuple[Any, Any]) -> None:
    brokers.fill(TOPIC, messages(record))
    assert places(look()) == []


def test_how_far_back_is_looked_is_limited(brokers: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "LOOK_BACK", 3)
    brokers.fill(TOPIC, messages(*[(7, SEVEN)] * 10))
    brokers.commits[TOPIC, 0] = 8
    side = look()
    assert places(side) == [(0, offset) for offset in range(5, 10)]
    assert side.searched == {0: 5}
    assert side.not_searched == ["sandbox.geo[0]: records below offset 5 in Kafka"]


def test_of_too_many_records_the_youngest_are_read(brokers: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "MOST_READ", 4)
    brokers.fill(TOPIC, messages(*[(7, SEVEN)] * 10))
    assert places(look()) == [(0, offset) for offset in range(6, 10)]


def test_what_has_left_kafka_is_told(brokers: Kafka) -> None:
    brokers.fill(TOPIC, messages(*[(7, SEVEN)] * 6))
    brokers.oldest[TOPIC, 0] = 4
    side = look()
    assert places(side) == [(0, 4), (0, 5)]
    assert side.not_searched == ["sandbox.geo[0]: offsets below 4 have left Kafka"]


def test_the_record_of_the_row_is_looked_at_wherever_it_lies(
    brokers: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "LOOK_BACK", 1)
    brokers.fill(TOPIC, messages(*[(7, SEVEN)] * 10))
    brokers.fill(DEAD, dead((TOPIC, 0, 2), (TOPIC, 0, 8), ("sandbox.pin", 0, 3)))
    brokers.commits[TOPIC, 0] = 10
    side = look(Place(0, 1, 2))
    # Lines 0, 1 and 2 of the object are the offsets 1, 3 and 4.
    assert sorted(places(side)) == [(0, 4), (0, 9)]
    assert side.dead == {0: {2, 8}}
    # A replayed dead letter is known by its offset.
    assert sorted(places(look(Place(-(2**31) + 1, 1, 0)))) == [(0, 2), (0, 9)]
    # That of a deleted topic is no offset of this one.
    assert places(look(Place(0, -2, 2))) == [(0, 9)]
    brokers.oldest[TOPIC, 0] = 5
    assert places(look(Place(0, 1, 2))) == [(0, 9)]


def test_dead_letters_beyond_the_latest_are_told_of(brokers: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "DEAD_TAIL", 2)
    brokers.fill(DEAD, dead(*((TOPIC, 0, offset) for offset in range(4))))
    side = look()
    assert side.dead == {0: {2, 3}}
    assert side.not_searched == [f"{DEAD}: dead letters beyond the 2 latest of a partition"]


def test_time_that_is_over_leaves_the_rest(brokers: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "READING_S", 0.05)
    brokers.fill(TOPIC, messages((7, SEVEN)))
    brokers.silent = True
    side = look()
    assert places(side) == []
    assert side.not_searched == ["sandbox.geo[0]: records from offset 0 on, the time of 0.05 s was over"]


def test_a_topic_that_is_not_there_and_brokers_that_are_gone_are_told(brokers: Kafka) -> None:
    del brokers.topics[DEAD]
    assert look().not_searched == []
    del brokers.topics[TOPIC]
    assert look().not_searched == ["topic sandbox.geo: it does not exist"]
    brokers.gone = True
    (told,) = look().not_searched
    assert told.startswith("topic sandbox.geo: ")
    assert "127.0.0.1:1" in told
