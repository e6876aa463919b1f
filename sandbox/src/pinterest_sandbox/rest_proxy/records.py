"""What is sent to a topic."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """One record to produce.

    :param key: bytes for the topic, ``None`` for no key.
    :param value: bytes for the topic, ``None`` for a null (a tombstone).
    :param partition: wanted partition, ``None`` for Kafka's choice.
    """

    key: bytes | None
    value: bytes | None
    partition: int | None
