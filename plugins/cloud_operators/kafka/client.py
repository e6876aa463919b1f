"""What is used of ``confluent_kafka.admin`` beside the client.

The package has type hints but declares none of these names as exported; that is said to mypy here, once.
"""

from __future__ import annotations

from typing import Any, cast

from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
    TopicDescription,
)

__all__ = [
    "EARLIEST",
    "LATEST",
    "AlterConfigOpType",
    "ConfigEntry",
    "ConfigResource",
    "NewPartitions",
    "NewTopic",
    "OffsetSpec",
    "ResourceType",
    "TopicDescription",
    "since",
]

#: Ask for the offset of the oldest record.
EARLIEST: OffsetSpec = cast(Any, OffsetSpec).earliest()
#: Ask for the offset of the next record to be written.
LATEST: OffsetSpec = cast(Any, OffsetSpec).latest()


def since(time_ms: int) -> OffsetSpec:
    """Ask for the offset of the first record with this timestamp or a later one.

    :param time_ms: Unix time in milliseconds
    """
    spec: OffsetSpec = cast(Any, OffsetSpec).for_timestamp(time_ms)
    return spec
