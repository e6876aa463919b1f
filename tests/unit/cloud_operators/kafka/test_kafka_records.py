"""Ranges of a topic's records, read without a broker."""

from __future__ import annotations

import json
from typing import Any

import pytest
from confluent_kafka import KafkaError, TopicPartition

from cloud_operators.exceptions import ServiceFailed, ServiceUnreachable
from cloud_operators.kafka.hooks import records
from cloud_operators.kafka.hooks.records import RecordsHook


class Message:
    """A message, or an error, as the client gives it."""

    def __init__(self, partition: int, offset: int, error: int | None = None) -> None:
        self._place = partition, offset
        self._error = None if error is None else KafkaError(error)

    def error(self) -> KafkaError | None:
        return self._error

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]


class FakeConsumer:
    """Gives prepared batches, then nothing."""

    def __init__(self) -> None:
        self.batches: list[list[Message]] = []
        self.assigned: list[tuple[int, int]] = []
        self.closed = False

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = sorted((place.partition, place.offset) for place in places)

    def consume(self, num_messages: int, *, timeout: float) -> list[Message]:
        return self.batches.pop(0) if self.batches else []

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> FakeConsumer:
    fake = FakeConsumer()
    monkeypatch.setattr(records._ConsumerHook, "get_conn", fake)
    return fake


def read(ranges: dict[int, tuple[int, int]], **options: Any) -> tuple[list[tuple[int, int]], dict[int, int]]:
    taken: list[tuple[int, int]] = []
    stands = RecordsHook().read_records(
        "t", ranges, lambda each: taken.append((each.partition(), each.offset())), **options
    )
    return taken, stands


def test_records_within_the_ranges_are_handed_over(consumer: FakeConsumer) -> None:
    consumer.batches = [[Message(0, 3), Message(0, 4), Message(1, 7)], [Message(1, 8), Message(1, 9)]]
    assert read({0: (3, 4), 1: (7, 9), 2: (5, 5)}) == ([(0, 3), (1, 7), (1, 8)], {0: 4, 1: 9, 2: 5})
    assert consumer.assigned == [(0, 3), (1, 7)]
    assert consumer.closed


def test_empty_ranges_need_no_consumer(consumer: FakeConsumer) -> None:
    assert read({0: (3, 3)}) == ([], {0: 3})
    assert not consumer.closed


def test_time_that_is_over_tells_where_it_stands(consumer: FakeConsumer) -> None:
    consumer.batches = [[Message(0, 3)]]
    assert read({0: (3, 9)}, time_limit=0.05) == ([(0, 3)], {0: 4})
    assert consumer.closed


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        pytest.param(KafkaError.TOPIC_AUTHORIZATION_FAILED, ServiceFailed, id="not-allowed"),
        pytest.param(KafkaError._TRANSPORT, ServiceUnreachable, id="broker-gone"),
    ],
)
def test_an_error_is_told_with_the_topic(
    monkeypatch: pytest.MonkeyPatch, consumer: FakeConsumer, code: int, kind: type[Exception]
) -> None:
    extra = {"bootstrap.servers": "127.0.0.1:1"}
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps({"conn_type": "kafka", "extra": extra}))
    consumer.batches = [[Message(0, 3, code)]]
    with pytest.raises(kind, match=r"127\.0\.0\.1:1"):
        read({0: (3, 9)})
    assert consumer.closed
