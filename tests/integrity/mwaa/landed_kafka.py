"""Brokers of which the sink has written everything: their offsets are told by the objects in the bucket.

Takes the place of the admin client and of consumers in the process that runs the tasks, where ``fake_kafka``
lies beside it: a broker would need a JVM.
"""

from __future__ import annotations

from typing import Any

import boto3
from fake_kafka import FakeKafka

BUCKET = "user-sandbox-bucket"


class LandedKafka(FakeKafka):
    """Topics with one partition each, none before they are created."""

    def list_consumer_group_offsets(self, requests: list[Any], **options: Any) -> Any:
        self.look()
        return super().list_consumer_group_offsets(requests, **options)

    def list_offsets(self, asked: Any, **options: Any) -> Any:
        self.look()
        return super().list_offsets(asked, **options)

    def look(self) -> None:
        """Count the lines that have landed. A run of the tasks writes equally many to each data topic."""
        for name, topic in self.topics.items():
            topic.ends[0] = len(landed_lines(name))
        # -1 stands for nothing committed.
        self.committed = [max(topic.ends[0] for topic in self.topics.values()) or -1]


class LandedRecord:
    """A record, as the client gives it, made of its line."""

    def __init__(self, offset: int, line: bytes) -> None:
        self._offset = offset
        self._line = line

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return self._line

    def key(self) -> None:
        """Lines do not tell it."""

    def headers(self) -> None:
        """There are none."""

    def error(self) -> None:
        """There is none."""

    def timestamp(self) -> tuple[int, int]:
        return 1, 0


class LandedConsumer:
    """Reads the records of one topic with one partition."""

    def assign(self, places: list[Any]) -> None:
        (self._place,) = places

    def consume(self, number: int, *, timeout: float) -> list[LandedRecord]:
        first = self._place.offset
        lines = landed_lines(self._place.topic)[first : first + number]
        self._place.offset += len(lines)
        return [LandedRecord(first + behind, line) for behind, line in enumerate(lines)]

    def close(self) -> None:
        """There is nothing to close."""


def landed_lines(topic: str) -> list[bytes]:
    """The lines of a topic's objects, in the order of offsets."""
    s3 = boto3.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"topics/{topic}/partition=0/").get("Contents", [])
    bodies = (s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed)
    return [line for body in bodies for line in body.splitlines()]


def install() -> None:
    """Let every hook find these brokers."""
    from cloud_operators.kafka.hooks import admin, records

    kafka = LandedKafka()
    admin.AdminClient = lambda config: kafka  # type: ignore[assignment,misc]
    records._ConsumerHook.get_conn = LandedConsumer()  # type: ignore[assignment]
