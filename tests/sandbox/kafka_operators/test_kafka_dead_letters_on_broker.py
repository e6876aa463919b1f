"""Dead letters of a real sink: the sensor, its trigger, and readings that are bounded."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSensorTimeout, TaskDeferred
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from cloud_operators.exceptions import ResourceMissing
from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook
from cloud_operators.kafka.sensors.sink import KafkaSinkCaughtUpSensor
from cloud_operators.kafka.triggers.sink import KafkaSinkCaughtUpTrigger
from pinterest_pipeline.landing.kafka_side import Comparison, compare, read_kafka_side
from pinterest_sandbox.config import ACCESS_KEY, REGION, SECRET_KEY
from tests.running_sandbox import RunningSandbox
from tests.sandbox.kafka.clients import Connect, Kafka, Landing, poll
from tests.sandbox.kafka_operators.helpers import make_topic

#: A good record, one that is not JSON, and a null.
TAIL = (b'{"index": 1}', b"not JSON", None)


@pytest.fixture
def landing(sandbox: RunningSandbox) -> Landing:
    return Landing(sandbox.url("moto"), sandbox.bucket)


@pytest.fixture
def topics(bootstrap: str, prefix: str) -> tuple[str, str]:
    """A data topic and its dead letters."""
    return make_topic(f"{prefix}.pin"), make_topic(f"{prefix}.dead-letter")


@pytest.fixture
def group(sandbox: RunningSandbox, landing: Landing, prefix: str, topics: tuple[str, str]) -> Iterator[str]:
    """The group of a sink that is running, with the pipeline's handling of bad records."""
    connector = Connect(sandbox.url("connect"), f"{prefix}-connector")
    connector.configure(
        **{
            "connector.class": "pinterest.sandbox.connect.s3.S3SinkConnector",
            "tasks.max": "1",
            "topics.regex": f"^{re.escape(topics[0])}$",
            "s3.bucket.name": landing.bucket,
            "s3.region": REGION,
            "store.url": landing.endpoint,
            "aws.access.key.id": ACCESS_KEY,
            "aws.secret.access.key": SECRET_KEY,
            "storage.class": "io.confluent.connect.s3.storage.S3Storage",
            "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
            "partitioner.class": "io.confluent.connect.storage.partitioner.DefaultPartitioner",
            "flush.size": "100",
            "rotate.schedule.interval.ms": "500",
            "timezone": "UTC",
            "behavior.on.null.values": "ignore",
            "report.null.values.to.dlq": "true",
            "errors.tolerance": "all",
            "errors.deadletterqueue.topic.name": topics[1],
            "errors.deadletterqueue.topic.replication.factor": "1",
            "errors.deadletterqueue.context.headers.enable": "true",
        }
    )
    yield f"connect-{connector.name}"
    connector.call("DELETE")


def send(bootstrap: str, topic: str, *values: bytes | None) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for value in values:
        producer.produce(topic, value=value, partition=0)
    assert producer.flush(30) == 0


def sensor(
    group: str, topic: str, dead_letter_topic: str | None, **arguments: Any
) -> KafkaSinkCaughtUpSensor:
    given = {"poke_interval": 0.2, "timeout": 60, "deferrable": False, **arguments}
    return KafkaSinkCaughtUpSensor(
        task_id="wait", group_id=group, topics=[topic], dead_letter_topic=dead_letter_topic, **given
    )


def test_a_sink_with_dead_letters_at_the_end_has_caught_up(
    bootstrap: str, topics: tuple[str, str], group: str, landing: Landing
) -> None:
    topic, dead = topics
    send(bootstrap, topic, *TAIL)
    assert sensor(group, topic, dead).execute({}) == {
        "committed": {topic: {"0": 1}},
        "end": {topic: {"0": 3}},
        "dead_lettered": {topic: {"0": 2}},
    }
    # Without the topic the two are waited for.
    with pytest.raises(AirflowSensorTimeout):
        sensor(group, topic, None, timeout=2).execute({})

    # A good record that is committed behind them ends that; its object begins above the old commit.
    send(bootstrap, topic, b'{"index": 2}')
    caught_up = {"committed": {topic: {"0": 4}}, "end": {topic: {"0": 4}}, "dead_lettered": {}}
    assert sensor(group, topic, None).execute({}) == caught_up
    assert list(landing.objects(topic)) == [(0, 0), (0, 3)]

    # Kafka's four records are two lines and two dead letters.
    side = read_kafka_side(DeadLetterHook(), [topic], dead)
    objects = [{"key": f"k{first}", "first_offset": first} for first in (0, 3)]
    partition = {"partition": 0, "pinned_offset": 4, "mark": None, "objects": objects}
    part: dict[str, Any] = {"topic": topic, "partitions": [partition]}
    assert compare(part, [1, 1], side) == Comparison()
    partition["objects"] = objects[:1]
    assert compare(part, [1], side).problems == [
        f"{topic}[0]: 1 records neither landed nor dead-lettered; at offsets 0 to 3 Kafka has 4 records, "
        "S3 1 lines, and 2 are dead letters"
    ]


def test_deferred_wait_knows_the_dead_letters_too(
    bootstrap: str, topics: tuple[str, str], group: str
) -> None:
    topic, dead = topics
    send(bootstrap, topic, *TAIL)
    waiting = sensor(group, topic, dead, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute({})
    _, arguments = deferred.value.trigger.serialize()
    assert arguments["dead_letter_topic"] == dead

    async def event() -> dict[str, Any]:
        payload: dict[str, Any] = (await anext(KafkaSinkCaughtUpTrigger(**arguments).run())).payload
        return payload

    fired = asyncio.run(asyncio.wait_for(event(), 60))
    assert waiting.execute_complete({}, fired)["dead_lettered"] == {topic: {"0": 2}}


def test_a_record_written_again_is_read_once_and_keeps_its_time(
    bootstrap: str, topics: tuple[str, str], group: str, sandbox: RunningSandbox, prefix: str
) -> None:
    """A sink that starts again reads what it has not committed, and reports it again."""
    topic, dead = topics
    send(bootstrap, topic, b"not JSON")
    hook, kafka = DeadLetterHook(), Kafka(bootstrap)
    poll(lambda: kafka.ends(dead), lambda ends: ends == {0: 1})
    connector = Connect(sandbox.url("connect"), f"{prefix}-connector")
    assert connector.call("POST", "/restart?includeTasks=true").status_code in (200, 202, 204)
    poll(lambda: kafka.ends(dead), lambda ends: ends == {0: 2})
    assert hook.read_origins(dead) == {topic: {(0, 0)}}
    assert hook.read_origins(dead, start={0: 1}) == {topic: {(0, 0)}}
    assert hook.read_origins(dead, start={0: 2}) == {}
    # Connect gives a dead letter the timestamp of its record.
    assert {message.timestamp()[1] for message in kafka.read(dead)} == {
        message.timestamp()[1] for message in kafka.read(topic)
    }


def test_reading_goes_on_where_it_ended(bootstrap: str, prefix: str) -> None:
    dead = make_topic(prefix, partitions=2)
    hook = DeadLetterHook()
    send_dead(bootstrap, dead, range(1500))
    first = hook.read_dead_letters(dead)
    assert first.origins == {"t": {(0, offset) for offset in range(1500)}}
    assert (first.next_offsets, first.complete, first.trimmed) == ({0: 1500, 1: 0}, True, False)
    assert hook.read_dead_letters(dead, start=first.next_offsets).origins == {}
    send_dead(bootstrap, dead, [7])
    again = hook.read_dead_letters(dead, start=first.next_offsets)
    assert (again.origins, again.next_offsets) == ({"t": {(0, 7)}}, {0: 1501, 1: 0})


def test_dead_letters_that_were_removed_make_old_records_uncertain(bootstrap: str, prefix: str) -> None:
    dead, topic = make_topic(f"{prefix}.dead-letter"), make_topic(f"{prefix}.pin")
    hook = DeadLetterHook()
    day = 86_400_000
    now = int(time.time() * 1000)
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for age in (30 * day, 8 * day, 6 * day, 0):
        producer.produce(topic, b"{}", partition=0, timestamp=now - age)
    assert producer.flush(30) == 0
    send_dead(bootstrap, dead, [0, 1])
    assert hook.known_from([topic], dead, hook.read_dead_letters(dead)) == {topic: {0: 0}}

    client = AdminClient({"bootstrap.servers": bootstrap})
    for future in client.delete_records([TopicPartition(dead, 0, 1)]).values():
        future.result(10)
    found = hook.read_dead_letters(dead)
    assert (found.origins, found.trimmed) == ({"t": {(0, 1)}}, True)
    # Kafka's default retention is seven days, so a dead letter of the third record would still be there.
    assert hook.known_from([topic], dead, found) == {topic: {0: 2}}


def test_an_unknown_dead_letter_topic_is_an_error_at_once(
    bootstrap: str, prefix: str, topics: tuple[str, str]
) -> None:
    with pytest.raises(ResourceMissing, match=f"topic '{prefix}.nope'"):
        sensor(prefix, topics[0], f"{prefix}.nope").execute({})


def send_dead(bootstrap: str, topic: str, offsets: Any) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for offset in offsets:
        origin = {"topic": "t", "partition": "0", "offset": str(offset)}
        headers: list[tuple[str, str | bytes | None]] = [
            (f"__connect.errors.{name}", value.encode()) for name, value in origin.items()
        ]
        producer.produce(topic, b"x", partition=0, headers=headers)
    assert producer.flush(30) == 0
