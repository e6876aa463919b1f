"""Reads where the dead-letter topic begins and ends; none of its records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinterest_pipeline.entities import names
from pinterest_pipeline.health.checks.dead_letters import Reading
from pinterest_pipeline.health.readings.patience import kafka_hook


def read(memory: Mapping[str, Any]) -> Reading:
    """Read the offsets.

    :param memory: not needed.
    :raises ServiceFailed: when a broker refuses.
    """
    from cloud_operators.exceptions import ResourceMissing, ServiceUnreachable
    from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook

    topic = names().dead_letter_topic
    hook = kafka_hook(KafkaOffsetsHook)
    try:
        described = hook.describe_topics([topic])[topic]
        if described is None:
            return Reading(topic=topic, beginnings={}, ends={})
        # The beginnings first: they only grow, so that no count is below 0.
        beginnings = hook.beginning_offsets([topic])[topic]
        ends = hook.end_offsets([topic])[topic]
    except ServiceUnreachable as error:
        return Reading(topic=topic, trouble=str(error), beginnings={}, ends={})
    except ResourceMissing:  # deleted in between
        return Reading(topic=topic, beginnings={}, ends={})
    return Reading(
        topic=topic,
        topic_id=str(described.topic_id),
        beginnings={number: beginnings[number] for number in ends if number in beginnings},
        ends={number: end for number, end in ends.items() if number in beginnings},
    )
