"""Reads the topics: partitions, leaders, copies, and the settings that are their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinterest_pipeline.entities import names
from pinterest_pipeline.health.checks.topics import Partition, Reading, Topic
from pinterest_pipeline.health.readings.cluster import describe_brokers
from pinterest_pipeline.health.readings.patience import kafka_hook
from pinterest_pipeline.provisioning.plan import replication_factor


def read(memory: Mapping[str, Any]) -> Reading:
    """Read the data topics and the dead-letter topic.

    :param memory: not needed.
    :raises ServiceFailed: when a broker refuses.
    """
    from cloud_operators.exceptions import ServiceUnreachable
    from cloud_operators.kafka.hooks.admin import KafkaAdminHook

    wanted = [*names().topics.values(), names().dead_letter_topic]
    hook = kafka_hook(KafkaAdminHook)
    try:
        described = hook.describe_topics(wanted)
        present = [name for name in wanted if described[name] is not None]
        configs = _own_settings(hook, present) if present else {}
        replication = replication_factor(len(describe_brokers(hook)))
    except ServiceUnreachable as error:
        return Reading(topics={}, trouble=str(error))
    return Reading(
        topics={name: _topic(described[name], configs.get(name, {})) for name in wanted},
        replication=replication,
    )


def _topic(described: Any, config: Mapping[str, str | None]) -> Topic:
    if described is None:
        return Topic(partitions=None)
    return Topic(partitions=[_partition(each) for each in described.partitions], config=config)


def _partition(found: Any) -> Partition:
    return Partition(
        number=found.id,
        # A partition without a leader has none here, or one whose id is below 0.
        has_leader=found.leader is not None and found.leader.id >= 0,
        replicas=len(found.replicas),
        in_sync=len(found.isr),
    )


def _own_settings(hook: Any, topics: list[str]) -> dict[str, dict[str, str | None]]:
    """The settings that were made for a topic itself; the hook gives all, and does not say whose they are."""
    from confluent_kafka.admin import ConfigSource

    from cloud_operators.kafka.client import ConfigResource, ResourceType

    resources = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
    futures = hook.call(
        "describe settings",
        lambda: hook.client.describe_configs(resources, request_timeout=hook.request_timeout),
    )
    return {
        resource.name: {
            entry.name: None if entry.is_sensitive else entry.value
            for entry in hook.result(f"settings of topic {resource.name!r}", future).values()
            # The client gives the number.
            if ConfigSource(entry.source) is ConfigSource.DYNAMIC_TOPIC_CONFIG
        }
        for resource, future in futures.items()
    }
