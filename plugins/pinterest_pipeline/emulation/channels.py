"""The channels that records of a post take: an entity on the batch path, an entity on the stream path.

A channel of the batch path has its entity's name, one of the stream path ``stream/`` before it.
"""

from __future__ import annotations

_STREAM = "stream/"


def stream_channel(entity: str) -> str:
    """The channel of an entity on the stream path."""
    return f"{_STREAM}{entity}"


def entity_of(channel: str) -> str:
    """The entity of a channel's records."""
    return channel.removeprefix(_STREAM)


def is_stream(channel: str) -> bool:
    """Whether a channel leads to a Kinesis stream; the others lead to a Kafka topic."""
    return channel.startswith(_STREAM)
