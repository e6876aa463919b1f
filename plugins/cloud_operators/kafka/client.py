"""What is used of ``confluent_kafka.admin`` beside the client.

The package has type hints but declares none of these names as exported; that is said to mypy here, once.
"""

from __future__ import annotations

from typing import Any, cast

from confluent_kafka.admin import (
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
    TopicDescription,
)

__all__ = [
    "EARLIEST",
    "LATEST",
    "ConfigResource",
    "NewTopic",
    "OffsetSpec",
    "ResourceType",
    "TopicDescription",
]

#: Ask for the offset of the oldest record.
EARLIEST: OffsetSpec = cast(Any, OffsetSpec).earliest()
#: Ask for the offset of the next record to be written.
LATEST: OffsetSpec = cast(Any, OffsetSpec).latest()
