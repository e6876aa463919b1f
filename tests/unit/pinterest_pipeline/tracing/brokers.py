"""Brokers with records, and a consumer that reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, TopicPartition

from tests.unit.pinterest_pipeline.health.readings.brokers import Brokers

TOPIC, DEAD = "sandbox.geo", "sandbox.dead-letter"


@dataclass(frozen=True)
class Message:
    """A record as the client gives it."""

    topic: str
    place: tuple[int, int]
    sent_under: bytes | None
    data: bytes | None
    told: tuple[tuple[str, bytes], ...] = ()

    def partition(self) -> int:
        return self.place[0]

    def offset(self) -> int:
        return self.place[1]

    def key(self) -> bytes | None:
        return self.sent_under

    def value(self) -> bytes | None:
        return self.data

    def headers(self) -> Any:
        return list(self.told) or None

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_767_225_600_000 + self.place[1]

    def error(self) -> None:
        return None


class End:
    """The end of a partition, as the client tells it."""

    def __init__(self, place: tuple[int, int]) -> None:
        self.place = place

    def partition(self) -> int:
        return self.place[0]

    def offset(self) -> int:
        return self.place[1]

    def error(self) -> KafkaError:
        return KafkaError(KafkaError._PARTITION_EOF)


class Kafka(Brokers):
    """Brokers whose topics hold records."""

    def __init__(self) -> None:
        super().__init__()
        self.log: dict[tuple[str, int], list[Message]] = {}
        self.assigned: list[tuple[str, int, int]] = []
        self.open = 0
        self.silent = False

    def fill(self, topic: str, *partitions: list[Message]) -> None:
        """Make a topic of these partitions."""
        self.make(topic, *(len(records) for records in partitions))
        self.log |= {(topic, number): records for number, records in enumerate(partitions)}

    def consumer(self, *_: Any) -> Consumer:
        """What a hook gives as its client."""
        self.open += 1
        return Consumer(self)


class Consumer:
    """Reads what is assigned, a partition after the other."""

    def __init__(self, kafka: Kafka) -> None:
        self.kafka = kafka
        self.places: list[TopicPartition] = []

    def assign(self, places: list[TopicPartition]) -> None:
        self.kafka.assigned += sorted((each.topic, each.partition, each.offset) for each in places)
        self.places = places

    def consume(self, number: int, *, timeout: float) -> list[Any]:
        if self.kafka.silent:
            return []
        for place in self.places:
            records = self.kafka.log[place.topic, place.partition]
            if place.offset < len(records):
                found: list[Any] = records[place.offset : place.offset + number]
                place.offset += len(found)
                return found
        return [End((each.partition, each.offset)) for each in self.places]

    def close(self) -> None:
        self.kafka.open -= 1


def messages(*records: tuple[Any, Any], topic: str = TOPIC, partition: int = 0) -> list[Message]:
    """Records from offset 0 on, each by its key and value: bytes as they are, others as JSON."""
    return [
        Message(topic, (partition, offset), *(_bytes(each) for each in record))
        for offset, record in enumerate(records)
    ]


def dead(*origins: tuple[str, int, int]) -> list[Message]:
    """Dead letters of these records."""
    names = [f"__connect.errors.{name}" for name in ("topic", "partition", "offset")]
    told = [tuple(zip(names, (str(e).encode() for e in origin), strict=True)) for origin in origins]
    return [Message(DEAD, (0, number), None, b"", headers) for number, headers in enumerate(told)]


def _bytes(value: Any) -> bytes | None:
    return value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
