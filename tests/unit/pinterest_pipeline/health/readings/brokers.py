"""Brokers that have leaders, copies and settings of their own, and that can be gone."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import ConfigEntry, ConfigSource

from cloud_operators.kafka.client import EARLIEST
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic


@dataclass
class Brokers(FakeKafka):
    """The stand-in of the hooks' tests, told more of.

    :param alive: ids of the brokers that are alive.
    :param leaderless: topic and partition without a leader.
    :param in_sync: topic and partition to copies in sync, where not all are.
    :param commits: topic and partition to the committed offset.
    :param oldest: topic and partition to its oldest offset, where it is not 0.
    :param gone: nothing answers.
    """

    alive: list[int] = field(default_factory=lambda: [1, 2, 3])
    leaderless: set[tuple[str, int]] = field(default_factory=set)
    in_sync: dict[tuple[str, int], int] = field(default_factory=dict)
    commits: dict[tuple[str, int], int] = field(default_factory=dict)
    oldest: dict[tuple[str, int], int] = field(default_factory=dict)
    gone: bool = False

    def make(self, name: str, *ends: int, replicas: int = 3, **config: str) -> FakeTopic:
        """A topic with a partition for each of the ends."""
        settings = {setting.replace("_", "."): value for setting, value in config.items()}
        self.topics[name] = FakeTopic(dict(enumerate(ends)), replicas, settings)
        return self.topics[name]

    def poll(self, timeout: float) -> None:
        """Where the real client calls back."""

    def describe_topics(self, names: TopicCollection, **limits: Any) -> dict[str, Future[Any]]:
        self._answering()
        found = super().describe_topics(names, **limits)
        for name, future in found.items():
            if name in self.topics:
                for partition in future.result().partitions:
                    self._lead(name, partition)
        return found

    def describe_configs(self, resources: Iterable[Any], **_: Any) -> dict[Any, Future[Any]]:
        self._answering()
        return {resource: done(self._entries(self.topics[resource.name])) for resource in resources}

    def describe_cluster(self, **_: Any) -> Future[Any]:
        self._answering()
        return done(SimpleNamespace(nodes=[SimpleNamespace(id=each) for each in self.alive]))

    def list_consumer_group_offsets(self, requests: list[Any], **_: Any) -> dict[str, Future[Any]]:
        self._answering()
        (request,) = requests
        assert request.group_id == "connect-sandbox-connector"
        found = [
            TopicPartition(each.topic, each.partition, self.commits.get((each.topic, each.partition), -1001))
            for each in request.topic_partitions
        ]
        return {request.group_id: done(SimpleNamespace(topic_partitions=found))}

    def list_offsets(self, asked: dict[TopicPartition, Any], **_: Any) -> dict[TopicPartition, Future[Any]]:
        self._answering()
        return {
            each: done(
                SimpleNamespace(
                    offset=self.oldest.get((each.topic, each.partition), 0)
                    if spec is EARLIEST
                    else self.topics[each.topic].ends[each.partition]
                )
            )
            for each, spec in asked.items()
        }

    def _answering(self) -> None:
        if self.gone:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT, "Connection refused"))

    def _lead(self, topic: str, partition: Any) -> None:
        place = topic, partition.id
        partition.leader = None if place in self.leaderless else SimpleNamespace(id=1)
        partition.isr = [1] * self.in_sync.get(place, len(partition.replicas))

    @staticmethod
    def _entries(topic: FakeTopic) -> dict[str, ConfigEntry]:
        """As the client gives them: a topic's own settings beside the cluster's and Kafka's."""
        of_cluster = {"retention.ms": ConfigSource.DEFAULT_CONFIG, "min.insync.replicas": ConfigSource(4)}
        entries = {
            name: ConfigEntry(name, "2", source=source.value)  # type: ignore[arg-type]
            for name, source in of_cluster.items()
        }
        own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        return entries | {
            name: ConfigEntry(name, value, source=own)  # type: ignore[arg-type]
            for name, value in topic.config.items()
        }


def done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future
