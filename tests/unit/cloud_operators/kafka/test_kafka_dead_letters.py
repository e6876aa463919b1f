"""Dead letters without a broker: their origins, one bounded reading, and how far back it can be trusted."""

from __future__ import annotations

import importlib
import json
import threading
import time
from typing import Any

import pytest
from confluent_kafka import KafkaError, TopicPartition

from cloud_operators.exceptions import ServiceFailed, ServiceUnreachable, WaitTimedOut
from cloud_operators.kafka.hooks import records
from cloud_operators.kafka.hooks.dead_letters import (
    DeadLetter,
    DeadLetterHook,
    DeadLetters,
    Letters,
    collect_origins,
)
from cloud_operators.kafka.offsets import Offsets

TOPIC = "sandbox.dead-letter"


class Message:
    """A message, or an error, as the client gives it."""

    def __init__(
        self,
        headers: dict[str, bytes | None],
        *,
        place: tuple[int, int] = (0, 0),
        error: int | None = None,
        value: bytes | None = b"",
    ) -> None:
        self._value = value
        self._headers = [(f"__connect.errors.{name}", value) for name, value in headers.items()]
        self._place = place
        self._error = None if error is None else KafkaError(error)

    def headers(self) -> Any:
        return self._headers or None

    def value(self) -> bytes | None:
        return self._value

    def error(self) -> KafkaError | None:
        return self._error

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]


def dead(
    topic: str, partition: int, offset: int, *, place: tuple[int, int] = (0, 0), value: bytes | None = b""
) -> Message:
    origin = {"topic": topic, "partition": str(partition), "offset": str(offset), "stage": "VALUE_CONVERTER"}
    return Message({name: text.encode() for name, text in origin.items()}, place=place, value=value)


def test_origins_come_from_the_context_headers() -> None:
    found = collect_origins([dead("sandbox.pin", 0, 7), dead("sandbox.geo", 2, 7), dead("sandbox.pin", 0, 9)])
    assert found == {"sandbox.pin": {(0, 7), (0, 9)}, "sandbox.geo": {(2, 7)}}


def test_a_record_reported_twice_counts_once() -> None:
    assert collect_origins([dead("sandbox.pin", 0, 7)] * 2) == {"sandbox.pin": {(0, 7)}}


def test_messages_of_others_are_left_out() -> None:
    strangers = [
        Message({}),
        Message({"topic": b"sandbox.pin"}),
        Message({"topic": b"t", "partition": b"x", "offset": b"1"}),
        Message({"topic": None, "partition": None, "offset": None}),
    ]
    assert collect_origins(strangers) == {}


class FakeConsumer:
    """Gives prepared batches, then nothing."""

    def __init__(self, *batches: list[Message]) -> None:
        self.batches = list(batches)
        self.assigned: list[tuple[int, int]] = []
        self.asked: list[int] = []
        self.closed = False

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = sorted((place.partition, place.offset) for place in places)

    def consume(self, num_messages: int, *, timeout: float) -> list[Message]:
        assert 0 < timeout <= 0.5
        self.asked.append(num_messages)
        return self.batches.pop(0) if self.batches else []

    def close(self) -> None:
        self.closed = True


class Broker(DeadLetterHook):
    """The hook with a topic that begins and ends where a test says."""

    def __init__(self, consumer: FakeConsumer, *, oldest: dict[int, int], ends: dict[int, int]) -> None:
        super().__init__()
        self.consumer = consumer
        self.oldest: Offsets = {TOPIC: oldest}
        self.ends: Offsets = {TOPIC: ends}
        self.since: Offsets = {}
        self.times: list[int] = []
        self.settings: dict[str, str | None] = {"retention.ms": "604800000", "retention.bytes": "-1"}

    def beginning_offsets(self, topics: list[str]) -> Offsets:
        return {topic: self.oldest[topic] for topic in topics}

    def end_offsets(self, topics: list[str]) -> Offsets:
        return {topic: self.ends[topic] for topic in topics}

    def offsets_at(self, topics: list[str], time_ms: int) -> Offsets:
        self.times.append(time_ms)
        return {topic: self.since[topic] for topic in topics}

    def describe_configs(self, names: list[str]) -> dict[str, dict[str, str | None]]:
        return dict.fromkeys(names, self.settings)


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> FakeConsumer:
    fake = FakeConsumer()
    monkeypatch.setattr(records._ConsumerHook, "get_conn", fake)
    return fake


def test_reading_stops_at_the_ends_found_at_the_start(consumer: FakeConsumer) -> None:
    hook = Broker(consumer, oldest={0: 0, 1: 0}, ends={0: 2, 1: 0})
    consumer.batches = [
        [dead("t", 0, 5, place=(0, 0))],
        [dead("t", 0, 6, place=(0, 1)), dead("t", 0, 7, place=(0, 2))],
    ]
    found = hook.read_dead_letters(TOPIC)
    assert found == DeadLetters(
        origins={"t": {(0, 5), (0, 6)}}, next_offsets={0: 2, 1: 0}, complete=True, trimmed=False
    )
    assert consumer.assigned == [(0, 0)]
    # Asked for no more than there are: a read that is not full waits for its time to be over.
    assert consumer.asked == [2, 1]
    assert consumer.closed


def test_nothing_to_read_needs_no_consumer(consumer: FakeConsumer) -> None:
    hook = Broker(consumer, oldest={0: 3}, ends={0: 7})
    found = hook.read_dead_letters(TOPIC, start={0: 7})
    assert found == DeadLetters(origins={}, next_offsets={0: 7}, complete=True, trimmed=True)
    assert consumer.asked == []


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        pytest.param({}, 3, id="from-the-oldest"),
        pytest.param({"start": {0: 5}}, 5, id="from-offsets"),
        pytest.param({"start": {0: 1}}, 3, id="from-offsets-that-are-gone"),
    ],
)
def test_where_reading_begins(consumer: FakeConsumer, arguments: dict[str, Any], first: int) -> None:
    hook = Broker(consumer, oldest={0: 3}, ends={0: 7})
    consumer.batches = [[dead("t", 0, 1, place=(0, 6))]]
    assert hook.read_dead_letters(TOPIC, **arguments).complete
    assert consumer.assigned == [(0, first)]


def test_an_end_without_messages_is_told_by_the_partition(consumer: FakeConsumer) -> None:
    """Markers of transactions have offsets but are no messages."""
    hook = Broker(consumer, oldest={0: 0}, ends={0: 2})
    consumer.batches = [
        [dead("t", 0, 5, place=(0, 0))],
        [Message({}, place=(0, 2), error=KafkaError._PARTITION_EOF)],
    ]
    found = hook.read_dead_letters(TOPIC)
    assert (found.complete, found.next_offsets) == (True, {0: 2})


def test_time_that_is_over_leaves_what_was_found_and_where_to_read_on(consumer: FakeConsumer) -> None:
    hook = Broker(consumer, oldest={0: 0}, ends={0: 9})
    consumer.batches = [[dead("t", 0, 5, place=(0, 0))]]
    found = hook.read_dead_letters(TOPIC, time_limit=0.05)
    assert found == DeadLetters(origins={"t": {(0, 5)}}, next_offsets={0: 1}, complete=False, trimmed=False)
    with pytest.raises(WaitTimedOut, match=r"'sandbox\.dead-letter' did not become read to its end"):
        hook.read_origins(TOPIC, time_limit=0.05)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        pytest.param(KafkaError.TOPIC_AUTHORIZATION_FAILED, ServiceFailed, id="not-allowed"),
        pytest.param(KafkaError._TRANSPORT, ServiceUnreachable, id="broker-gone"),
    ],
)
@pytest.mark.parametrize("how", ["origins", "letters"])
def test_an_error_while_reading_is_told(
    monkeypatch: pytest.MonkeyPatch, consumer: FakeConsumer, code: int, kind: type[Exception], how: str
) -> None:
    extra = {"bootstrap.servers": "127.0.0.1:1"}
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps({"conn_type": "kafka", "extra": extra}))
    hook = Broker(consumer, oldest={0: 0}, ends={0: 2})
    consumer.batches = [[Message({}, error=code)]]
    with pytest.raises(kind, match=r"127\.0\.0\.1:1"):
        hook.read_dead_letters(TOPIC) if how == "origins" else hook.read_letters(TOPIC, of_topics=["t"])
    assert consumer.closed


DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("found", "settings", "known_from"),
    [
        pytest.param({"trimmed": False}, {}, {0: 4, 1: 0}, id="nothing-removed"),
        # Records that are younger than the retention of their dead letters.
        pytest.param({}, {}, {0: 4, 1: 30}, id="by-age"),
        pytest.param({"complete": False, "trimmed": False}, {}, {0: 90, 1: 50}, id="not-read-to-the-end"),
        pytest.param({}, {"retention.bytes": "1000"}, {0: 90, 1: 50}, id="removed-by-size"),
        pytest.param({}, {"retention.ms": "-1"}, {0: 90, 1: 50}, id="removed-by-hand"),
    ],
)
def test_how_far_back_a_reading_can_be_trusted(
    consumer: FakeConsumer, found: dict[str, bool], settings: dict[str, str], known_from: dict[int, int]
) -> None:
    hook = Broker(consumer, oldest={}, ends={})
    hook.oldest["t"], hook.ends["t"], hook.since["t"] = {0: 4, 1: 0}, {0: 90, 1: 50}, {0: 2, 1: 30}
    hook.settings = {"retention.ms": str(DAY_MS), "retention.bytes": "-1", **settings}
    flags = {"complete": True, "trimmed": True, **found}
    reading = DeadLetters(origins={}, next_offsets={}, **flags)
    assert hook.known_from(["t"], TOPIC, reading) == {"t": known_from}
    assert all(abs(asked + DAY_MS - time.time() * 1000) < 60_000 for asked in hook.times)


def test_the_consumer_signs_msk_tokens_too(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = importlib.import_module("aws_msk_iam_sasl_signer.MSKAuthTokenProvider")
    regions: list[str] = []
    asked = threading.Event()

    def sign(region: str) -> tuple[str, int]:
        regions.append(region)
        asked.set()
        return "token", int(time.time() + 900) * 1000

    monkeypatch.setattr(signer, "generate_auth_token", sign)
    extra = {
        "bootstrap.servers": "b-1.demo.abcde1.c2.kafka.eu-west-1.amazonaws.com:9098",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
    }
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps({"conn_type": "kafka", "extra": extra}))
    client = records._ConsumerHook("kafka_default").get_conn
    try:
        assert asked.wait(10)
    finally:
        client.close()
    assert regions[0] == "eu-west-1"


def test_letters_have_the_bytes_that_were_sent(consumer: FakeConsumer) -> None:
    hook = Broker(consumer, oldest={0: 3, 1: 0}, ends={0: 9, 1: 0})
    consumer.batches = [
        [
            dead("t", 0, 5, place=(0, 4), value=b"\xff"),
            dead("u", 0, 6, place=(0, 5), value=b"of others"),
            Message({}, place=(0, 6)),
            dead("t", 2, 7, place=(0, 7), value=None),
            # The sink has met it twice.
            dead("t", 0, 5, place=(0, 8), value=b"\xff"),
        ]
    ]
    found = hook.read_letters(TOPIC, of_topics=["t", "s"], start={0: 4})
    assert consumer.assigned == [(0, 4)]
    assert consumer.closed
    assert found == Letters(
        letters=[
            DeadLetter(topic="t", partition=0, offset=5, value=b"\xff", place=(0, 4)),
            DeadLetter(topic="t", partition=2, offset=7, value=None, place=(0, 7)),
            DeadLetter(topic="t", partition=0, offset=5, value=b"\xff", place=(0, 8)),
        ],
        strangers=1,
        next_offsets={0: 9, 1: 0},
        complete=True,
    )


@pytest.mark.parametrize(
    ("max_bytes", "read"), [(2 * 201 - 1, 2), (2 * 201, 2), (2 * 201 + 1, 3), (10_000, 4)]
)
def test_letters_end_with_the_one_that_fills_the_limit(
    consumer: FakeConsumer, max_bytes: int, read: int
) -> None:
    """What is behind it in the same answer of the client is read by whoever goes on."""
    hook = Broker(consumer, oldest={0: 0}, ends={0: 4})
    consumer.batches = [[dead("t", 0, number, place=(0, number), value=b"x") for number in range(4)]]
    found = hook.read_letters(TOPIC, of_topics=["t"], max_bytes=max_bytes)
    assert [letter.offset for letter in found.letters] == list(range(read))
    assert (found.next_offsets, found.complete) == ({0: read}, read == 4)


def test_letters_without_any_ask_no_consumer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records._ConsumerHook, "get_conn", None)
    hook = Broker(FakeConsumer(), oldest={0: 4}, ends={0: 4})
    found = hook.read_letters(TOPIC, of_topics=["t"])
    assert found == Letters(letters=[], strangers=0, next_offsets={0: 4}, complete=True)
