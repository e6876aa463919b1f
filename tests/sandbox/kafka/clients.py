"""Topics, connectors and landed objects, through the clients that anybody would use."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import boto3
import requests
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from pinterest_sandbox.config import ACCESS_KEY, REGION, SECRET_KEY
from pinterest_sandbox.waiting import NotReady, wait_until

JSON = "application/vnd.kafka.json.v2+json"
_NAME = re.compile(r"topics/(.+)/partition=(\d+)/\1\+\2\+(\d{10})\.json")

#: Seconds after which a client must know that the broker is away.
PATIENCE = 5.5
#: (partition, first offset) to lines.
Landed = dict[tuple[int, int], list[str]]


def poll[T](ask: Callable[[], T], wanted: Callable[[T], bool], *, timeout: float = 60) -> T:
    """Ask until the answer is the wanted one.

    :raises AssertionError: with the last answer when it does not come in time.
    """
    answers: list[T] = []

    def check() -> None:
        try:
            answers.append(ask())
        except OSError as error:
            # Waiting forgives these; a client that cannot connect here is a failure.
            raise AssertionError(f"asking failed: {error}") from error
        if not wanted(answers[-1]):
            raise NotReady(str(answers[-1]))

    try:
        wait_until(check, what="the wanted answer", timeout=timeout, interval=0.1)
    except TimeoutError as error:
        raise AssertionError(str(error)) from error
    return answers[-1]


class Kafka:
    """The sandbox's broker, seen by an administrator and a reader."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def create(self, topic: str, partitions: int = 1, config: dict[str, str] | None = None) -> str:
        wanted = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config or {})
        self.admin.create_topics([wanted])[topic].result(30)
        return topic

    def delete(self, topic: str) -> None:
        self.admin.delete_topics([topic])[topic].result(30)

    def ends(self, topic: str) -> dict[int, int]:
        """End offsets by partition."""
        partitions = self.admin.list_topics(topic, timeout=10).topics[topic].partitions
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "none"})
        try:
            return {
                p: reader.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in partitions
            }
        finally:
            reader.close()

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """Committed offsets by partition."""
        asked = ConsumerGroupTopicPartitions(group)
        found = self.admin.list_consumer_group_offsets([asked])[group].result(30).topic_partitions
        return {p.partition: p.offset for p in found if p.topic == topic}

    def read(self, topic: str) -> list[Any]:
        """All messages of a topic, in order of partition and offset."""
        ends = self.ends(topic)
        reader = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": "none", "enable.auto.commit": False}
        )
        reader.assign([TopicPartition(topic, partition, 0) for partition in ends])
        messages: list[Any] = []
        try:
            deadline = time.monotonic() + 30
            while len(messages) < sum(ends.values()) and time.monotonic() < deadline:
                messages += [m for m in reader.consume(1000, timeout=0.5) if m.error() is None]
        finally:
            reader.close()
        return sorted(messages, key=lambda message: (message.partition(), message.offset()))


class Connect:
    """The worker's REST API and one connector of ours."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self._url = f"{url}/connectors/{name}"

    def call(self, method: str, path: str = "", body: object = None) -> requests.Response:
        return requests.request(method, f"{self._url}{path}", json=body, timeout=30)

    def configure(self, **options: str) -> None:
        answer = self.call("PUT", "/config", options)
        assert answer.status_code in (200, 201), answer.text

    def states(self) -> list[str]:
        """State of the connector, then of its tasks."""
        answer = self.call("GET", "/status")
        if answer.status_code != 200:
            return []
        status = answer.json()
        return [status["connector"]["state"], *(task["state"] for task in status["tasks"])]

    def wait_running(self) -> None:
        poll(self.states, lambda states: states == ["RUNNING", "RUNNING"])

    def trace(self) -> str:
        """Why its task failed."""
        poll(self.states, lambda states: states[1:] == ["FAILED"])
        task = self.call("GET", "/status").json()
        return str(task["tasks"][0]["trace"])


class Landing:
    """The bucket that connectors write to."""

    def __init__(self, endpoint: str, bucket: str) -> None:
        self.endpoint = endpoint
        self.bucket = bucket
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
        if bucket not in [found["Name"] for found in self._client.list_buckets()["Buckets"]]:
            self._client.create_bucket(Bucket=bucket)

    def objects(self, topic: str) -> Landed:
        """Everything that landed of a topic; the names are checked on the way."""
        landed: Landed = {}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"topics/{topic}/"
        )
        for page in pages:
            for found in page.get("Contents", []):
                name = _NAME.fullmatch(found["Key"])
                assert name is not None, found["Key"]
                body = self._client.get_object(Bucket=self.bucket, Key=found["Key"])["Body"].read()
                assert body.endswith(b"\n")
                landed[int(name[2]), int(name[3])] = body.decode().splitlines()
        return landed

    def count(self, topic: str) -> int:
        """How many lines landed."""
        return sum(len(lines) for lines in self.objects(topic).values())

    def wait(self, topic: str, count: int) -> Landed:
        """Wait until ``count`` lines have landed; more are an error."""
        poll(lambda: self.count(topic), lambda seen: seen >= count)
        landed = self.objects(topic)
        assert sum(len(lines) for lines in landed.values()) == count
        return landed


def next_offsets(landed: Landed) -> dict[int, int]:
    """The offset after the last line of each partition; between objects there is no gap and no overlap."""
    ends: dict[int, int] = defaultdict(int)
    for partition, first in sorted(landed):
        assert first == ends[partition], (partition, first)
        ends[partition] = first + len(landed[partition, first])
    return dict(ends)


def post(url: str, topic: str, records: list[dict[str, Any]], **options: Any) -> requests.Response:
    """Send records through the REST proxy."""
    body = json.dumps({"records": records})
    return requests.post(
        f"{url}/topics/{topic}", data=body, headers={"Content-Type": JSON}, timeout=30, **options
    )


def taken(answer: requests.Response) -> int:
    """How many records the proxy took."""
    assert answer.status_code == 200, answer.text
    return sum(offset["error_code"] is None for offset in answer.json()["offsets"])
