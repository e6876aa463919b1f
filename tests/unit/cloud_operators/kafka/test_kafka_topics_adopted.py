"""Which topics that are there the operator adopts, refuses or brings in line, with brokers of a test."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.exceptions import Difference, ResourceDiffers
from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic


def present(partitions: int, **config: str) -> FakeTopic:
    return FakeTopic(dict.fromkeys(range(partitions), 0), config=config)


def ensure(partitions: int, *names: str, **arguments: Any) -> Any:
    topics = [{"name": name, "partitions": partitions, "replication_factor": 1} for name in names]
    return KafkaEnsureTopicsOperator(task_id="ensure", topics=topics, **arguments).execute({})


@pytest.mark.parametrize("partitions", [1, 5])
def test_another_number_of_partitions_is_refused(kafka: FakeKafka, partitions: int) -> None:
    kafka.topics["demo"] = present(partitions)
    with pytest.raises(ResourceDiffers) as caught:
        ensure(3, "demo", "new")
    assert caught.value.differences == {"partitions": Difference(3, partitions)}
    assert "new" not in kafka.topics


def test_partitions_are_added_and_settings_changed_when_the_topic_may_be_updated(kafka: FakeKafka) -> None:
    kafka.topics["grown"] = present(1, **{"retention.ms": "1000", "max.message.bytes": "5"})
    kafka.topics["same"] = present(3, **{"retention.ms": "-1"})
    topics = [
        {"name": name, "partitions": 3, "replication_factor": 1, "config": {"retention.ms": "-1"}}
        for name in ("grown", "same", "new")
    ]
    operator = KafkaEnsureTopicsOperator(task_id="ensure", topics=topics, update=True)
    assert operator.execute({}) == [
        {"name": "grown", "action": "updated", "partitions": 3},
        {"name": "same", "action": "adopted", "partitions": 3},
        {"name": "new", "action": "created", "partitions": 3},
    ]
    assert {name: len(topic.ends) for name, topic in kafka.topics.items()} == dict.fromkeys(
        ("grown", "same", "new"), 3
    )
    # A setting that was not asked for stays.
    assert kafka.topics["grown"].config == {"retention.ms": "-1", "max.message.bytes": "5"}
    kafka.requests.clear()
    assert {each["action"] for each in operator.execute({})} == {"adopted"}
    assert kafka.requests == ["describe_topics", "describe_configs"]


def test_what_cannot_be_changed_is_refused_before_anything_is_changed(kafka: FakeKafka) -> None:
    kafka.topics["first"] = present(1, **{"retention.ms": "1000"})
    kafka.topics["shrinking"] = present(5)
    kafka.topics["moving"] = present(3)
    topics = [
        {"name": "first", "partitions": 3, "replication_factor": 1, "config": {"retention.ms": "-1"}},
        {"name": "shrinking", "partitions": 3, "replication_factor": 1},
        {"name": "moving", "partitions": 4, "replication_factor": 2},
    ]
    with pytest.raises(ResourceDiffers) as caught:
        KafkaEnsureTopicsOperator(task_id="ensure", topics=topics, update=True).execute({})
    assert caught.value.differences == {
        "shrinking partitions": Difference(3, 5),
        "moving replication_factor": Difference(2, 1),
    }
    assert kafka.topics["first"] == present(1, **{"retention.ms": "1000"})
    assert len(kafka.topics["moving"].ends) == 3
