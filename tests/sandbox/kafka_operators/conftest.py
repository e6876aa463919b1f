"""The sandbox's broker as an Airflow connection, and topics of a test's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.running_sandbox import RunningSandbox
from tests.sandbox.kafka_operators.helpers import set_connection


@pytest.fixture
def bootstrap(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    servers = str(sandbox.address("kafka"))
    set_connection(monkeypatch, servers)
    return servers


@pytest.fixture
def prefix(sandbox: RunningSandbox) -> str:
    """Starts the names of the topics and groups of one test."""
    return f"{sandbox.user_id}.operators-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def produce(bootstrap: str) -> Callable[[str, int, int], None]:
    """Write records to one partition and wait until the broker has them."""
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})

    def write(topic: str, partition: int, count: int) -> None:
        for number in range(count):
            producer.produce(topic, str(number).encode(), partition=partition)
        assert producer.flush(30) == 0

    return write


@pytest.fixture
def commit(bootstrap: str) -> Callable[[str, str, int, int], None]:
    """Commit an offset for a group, as a sink does."""

    def write(group: str, topic: str, partition: int, offset: int) -> None:
        consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
        try:
            consumer.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
        finally:
            consumer.close()

    return write
