"""KafkaOffsetsHook, KafkaSinkCaughtUpSensor and its trigger against a real broker."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSensorTimeout, TaskDeferred
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from cloud_operators.exceptions import ResourceMissing, ServiceFailed
from cloud_operators.kafka.catching_up import CatchingUp
from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook
from cloud_operators.kafka.sensors.sink import KafkaSinkCaughtUpSensor
from cloud_operators.kafka.triggers.sink import KafkaSinkCaughtUpTrigger
from tests.sandbox.kafka_operators.helpers import make_topic

Produce = Callable[[str, int, int], None]
Commit = Callable[[str, str, int, int], None]


def sensor(group: str, *topics: str, **arguments: Any) -> KafkaSinkCaughtUpSensor:
    given = {"poke_interval": 0.1, "timeout": 20, "deferrable": False, **arguments}
    return KafkaSinkCaughtUpSensor(task_id="wait", group_id=group, topics=topics, **given)


def fire(trigger: KafkaSinkCaughtUpTrigger) -> dict[str, Any]:
    async def first() -> dict[str, Any]:
        async for event in trigger.run():
            payload: dict[str, Any] = event.payload
            return payload
        raise AssertionError("the trigger ended without an event")

    return asyncio.run(asyncio.wait_for(first(), 30))


def test_offsets_of_topics_and_group(bootstrap: str, prefix: str, produce: Produce, commit: Commit) -> None:
    pin, geo = make_topic(f"{prefix}.pin", partitions=2), make_topic(f"{prefix}.geo")
    produce(pin, 0, 5)
    produce(pin, 1, 3)
    commit(prefix, pin, 0, 4)
    hook = KafkaOffsetsHook()
    assert hook.end_offsets([pin, geo]) == {pin: {0: 5, 1: 3}, geo: {0: 0}}
    assert hook.beginning_offsets([pin, geo]) == {pin: {0: 0, 1: 0}, geo: {0: 0}}
    assert hook.committed_offsets(prefix, [pin, geo]) == {pin: {0: 4, 1: None}, geo: {0: None}}
    assert hook.committed_offsets(f"{prefix}-nobody", [geo]) == {geo: {0: None}}


def test_group_that_has_committed_all(bootstrap: str, prefix: str, produce: Produce, commit: Commit) -> None:
    topic = make_topic(prefix, partitions=2)
    produce(topic, 0, 5)
    commit(prefix, topic, 0, 5)
    assert sensor(prefix, topic).execute({}) == {
        "committed": {topic: {"0": 5}},
        "end": {topic: {"0": 5, "1": 0}},
        "dead_lettered": {},
    }


def test_empty_topics_need_no_commit(bootstrap: str, prefix: str) -> None:
    topic = make_topic(prefix)
    assert sensor(prefix, topic).execute({}) == {
        "committed": {topic: {}},
        "end": {topic: {"0": 0}},
        "dead_lettered": {},
    }


def test_group_without_commits_has_not_caught_up(
    bootstrap: str, prefix: str, produce: Produce, caplog: pytest.LogCaptureFixture
) -> None:
    topic = make_topic(prefix)
    produce(topic, 0, 1200)
    with caplog.at_level(logging.INFO), pytest.raises(AirflowSensorTimeout):
        sensor(prefix, topic, timeout=0.5).execute({})
    assert f"Group {prefix} has 1,200 records left: {topic} 1,200" in caplog.text


def test_records_that_were_deleted_are_not_waited_for(bootstrap: str, prefix: str, produce: Produce) -> None:
    topic = make_topic(prefix)
    produce(topic, 0, 7)
    client = AdminClient({"bootstrap.servers": bootstrap})
    for future in client.delete_records([TopicPartition(topic, 0, 7)]).values():
        future.result(10)
    assert sensor(prefix, topic).execute({}) == {
        "committed": {topic: {}},
        "end": {topic: {"0": 7}},
        "dead_lettered": {},
    }


def test_the_ends_of_the_first_look_are_the_target(
    bootstrap: str, prefix: str, produce: Produce, commit: Commit
) -> None:
    topic = make_topic(prefix)
    produce(topic, 0, 5)
    waiting = sensor(prefix, topic)
    assert not waiting.poke({})
    produce(topic, 0, 100)
    commit(prefix, topic, 0, 5)
    done = waiting.poke({})
    assert done
    assert done.xcom_value == {
        "committed": {topic: {"0": 5}},
        "end": {topic: {"0": 105}},
        "dead_lettered": {},
    }


def test_given_offsets_are_the_target(bootstrap: str, prefix: str, produce: Produce, commit: Commit) -> None:
    topic = make_topic(prefix, partitions=2)
    produce(topic, 0, 5)
    produce(topic, 1, 9)
    commit(prefix, topic, 0, 3)
    assert sensor(prefix, topic, offsets={topic: {"0": 3}}).poke({})
    assert not sensor(prefix, topic, offsets={topic: {"0": 4}}).poke({})
    with pytest.raises(ResourceMissing, match=r"partition 2 of topic"):
        sensor(prefix, topic, offsets={topic: {"2": 1}}).poke({})


def test_offsets_past_the_end_are_pointed_out(
    bootstrap: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    topic = make_topic(prefix)
    with caplog.at_level(logging.WARNING):
        assert not sensor(prefix, topic, offsets={topic: {"0": 4}}).poke({})
    assert f"{topic}[0] ends at 0, 4 is waited for" in caplog.text


@pytest.mark.parametrize("deferrable", [False, True], ids=["poke", "deferrable"])
def test_unknown_topic_is_an_error_at_once(bootstrap: str, prefix: str, deferrable: bool) -> None:
    topic = make_topic(prefix)
    started = time.monotonic()
    with pytest.raises(
        ResourceMissing, match=f"topic '{prefix}.nope' on Kafka at {bootstrap} does not exist"
    ):
        sensor(prefix, topic, f"{prefix}.nope", deferrable=deferrable).execute({})
    assert time.monotonic() - started < 5


def test_deferred_wait_ends_with_what_the_sensor_returns(
    bootstrap: str, prefix: str, produce: Produce, commit: Commit
) -> None:
    topic = make_topic(prefix)
    produce(topic, 0, 6)
    waiting = sensor(prefix, topic, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute({})
    path, arguments = deferred.value.trigger.serialize()
    assert path == "cloud_operators.kafka.triggers.sink.KafkaSinkCaughtUpTrigger"
    assert arguments["offsets"] == {topic: {"0": 6}}
    committing = threading.Timer(0.3, commit, (prefix, topic, 0, 6))
    committing.start()
    event = fire(KafkaSinkCaughtUpTrigger(**arguments))
    committing.join()
    assert waiting.execute_complete({}, event) == {
        "committed": {topic: {"0": 6}},
        "end": {topic: {"0": 6}},
        "dead_lettered": {},
    }


def test_deferrable_sensor_that_has_caught_up_does_not_defer(bootstrap: str, prefix: str) -> None:
    topic = make_topic(prefix)
    assert sensor(prefix, topic, deferrable=True).execute({}) == {
        "committed": {topic: {}},
        "end": {topic: {"0": 0}},
        "dead_lettered": {},
    }


def test_error_in_the_triggerer_reaches_the_task(bootstrap: str, prefix: str) -> None:
    trigger = KafkaSinkCaughtUpTrigger(
        group_id=prefix,
        offsets={f"{prefix}.gone": {"0": 1}},
        kafka_conn_id="kafka_default",
        poke_interval=0.1,
        request_timeout=5,
    )
    with pytest.raises(ServiceFailed, match=f"ResourceMissing: topic '{prefix}.gone'"):
        sensor(prefix, prefix).execute_complete({}, fire(trigger))


def test_client_calls_leave_the_event_loop_free(
    bootstrap: str, prefix: str, produce: Produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading does not end before a second coroutine has gone on meanwhile."""
    topic = make_topic(prefix)
    produce(topic, 0, 1)
    trigger = KafkaSinkCaughtUpTrigger(
        group_id=prefix,
        offsets={topic: {"0": 1}},
        kafka_conn_id="kafka_default",
        poke_interval=0.01,
        request_timeout=5,
    )
    begun, met = threading.Event(), threading.Event()
    look = CatchingUp.look

    def look_once_met(catching_up: CatchingUp) -> bool:
        begun.set()
        assert met.wait(30), "nothing else went on"
        return look(catching_up)

    monkeypatch.setattr(CatchingUp, "look", look_once_met)

    async def beside() -> bool:
        waiting = asyncio.ensure_future(anext(trigger.run()))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        met.set()
        # It is not caught up, and looks again and again.
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        waiting.cancel()
        return not done

    assert asyncio.run(beside())
