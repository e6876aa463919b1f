"""Which topics that are there the operator adopts, told by an admin client without brokers."""

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


@pytest.mark.parametrize("partitions", [1, 3, 5])
def test_any_number_of_partitions_is_adopted_when_it_is_for_new_topics_only(
    kafka: FakeKafka, partitions: int
) -> None:
    kafka.topics["demo"] = present(partitions)
    assert ensure(3, "demo", "new", compare_partitions=False) == [
        {"name": "demo", "action": "adopted", "partitions": partitions},
        {"name": "new", "action": "created", "partitions": 3},
    ]
    assert {name: len(topic.ends) for name, topic in kafka.topics.items()} == {"demo": partitions, "new": 3}


def test_all_else_is_compared_nevertheless(kafka: FakeKafka) -> None:
    kafka.topics["demo"] = present(1, **{"retention.ms": "1000"})
    topic = {
        "name": "demo",
        "partitions": 3,
        "replication_factor": 2,
        "config": {"retention.ms": "-1"},
    }
    with pytest.raises(ResourceDiffers) as caught:
        KafkaEnsureTopicsOperator(task_id="ensure", topics=[topic], compare_partitions=False).execute({})
    assert caught.value.differences == {
        "replication_factor": Difference(2, 1),
        "config retention.ms": Difference("-1", "1000"),
    }
