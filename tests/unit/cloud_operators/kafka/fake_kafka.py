"""Brokers behind confluent_kafka's admin client: the calls of the hooks, answered from a dictionary."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition

from cloud_operators.kafka.client import EARLIEST, AlterConfigOpType


@dataclass
class FakeTopic:
    """A topic.

    :param ends: partition -> offset of the next record
    """

    ends: dict[int, int]
    replicas: int = 1
    config: dict[str, str] = field(default_factory=dict)
    topic_id: str = field(default_factory=lambda: uuid.uuid4().hex, compare=False)


@dataclass
class FakeKafka:
    """An admin client and the state behind it; ``requests`` holds the names of its calls in order.

    :param committed: offsets of the group in each partition, look by look; the last one stays
    """

    topics: dict[str, FakeTopic] = field(default_factory=dict)
    committed: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def describe_topics(self, names: TopicCollection, **_: Any) -> dict[str, Future[Any]]:
        self.requests.append("describe_topics")
        return {
            name: self._answer(name, lambda topic: _description(topic))
            for name in names.topic_names  # type: ignore[attr-defined]
        }

    def describe_configs(self, resources: Iterable[Any], **_: Any) -> dict[Any, Future[Any]]:
        self.requests.append("describe_configs")
        return {resource: self._answer(resource.name, _entries) for resource in resources}

    def create_topics(
        self, topics: Iterable[Any], *, validate_only: bool = False, **_: Any
    ) -> dict[str, Future[Any]]:
        self.requests.append("create_topics")
        if validate_only:
            return {topic.topic: _done(None) for topic in topics}
        for topic in topics:
            ends = dict.fromkeys(range(topic.num_partitions), 0)
            self.topics[topic.topic] = FakeTopic(ends, topic.replication_factor, dict(topic.config))
        return {topic.topic: self._answer(topic.topic, lambda _: None) for topic in topics}

    def create_partitions(
        self, requests: Iterable[Any], *, validate_only: bool = False, **_: Any
    ) -> dict[str, Future[Any]]:
        self.requests.append("create_partitions")
        for request in [] if validate_only else requests:
            ends = self.topics[request.topic].ends
            ends |= {number: 0 for number in range(request.new_total_count) if number not in ends}
        return {request.topic: _done(None) for request in requests}

    def incremental_alter_configs(
        self, resources: Iterable[Any], *, validate_only: bool = False, **_: Any
    ) -> dict[Any, Future[Any]]:
        self.requests.append("incremental_alter_configs")
        for resource in [] if validate_only else resources:
            for entry in resource.incremental_configs:
                assert entry.incremental_operation is AlterConfigOpType.SET
                self.topics[resource.name].config[entry.name] = entry.value
        return {resource: _done(None) for resource in resources}

    def delete_topics(self, names: Iterable[str], **_: Any) -> dict[str, Future[Any]]:
        self.requests.append("delete_topics")
        answers = {name: self._answer(name, lambda _: None) for name in names}
        for name in answers:
            self.topics.pop(name, None)
        return answers

    def list_consumer_group_offsets(self, requests: list[Any], **_: Any) -> dict[str, Future[Any]]:
        self.requests.append("list_consumer_group_offsets")
        offset = self.committed.pop(0) if len(self.committed) > 1 else self.committed[0]
        (request,) = requests
        found = [TopicPartition(each.topic, each.partition, offset) for each in request.topic_partitions]
        return {request.group_id: _done(SimpleNamespace(topic_partitions=found))}

    def list_offsets(self, asked: dict[TopicPartition, Any], **_: Any) -> dict[TopicPartition, Future[Any]]:
        self.requests.append("list_offsets")
        return {
            each: _done(
                SimpleNamespace(
                    offset=0 if spec is EARLIEST else self.topics[each.topic].ends[each.partition]
                )
            )
            for each, spec in asked.items()
        }

    def _answer(self, name: str, answer: Any) -> Future[Any]:
        if name in self.topics:
            return _done(answer(self.topics[name]))
        future: Future[Any] = Future()
        future.set_exception(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
        return future


def _done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


def _description(topic: FakeTopic) -> Any:
    return SimpleNamespace(partitions=_partitions(topic), topic_id=topic.topic_id)


def _partitions(topic: FakeTopic) -> list[Any]:
    return [SimpleNamespace(id=number, replicas=[1] * topic.replicas) for number in topic.ends]


def _entries(topic: FakeTopic) -> dict[str, Any]:
    return {name: SimpleNamespace(name=name, value=value) for name, value in topic.config.items()}
