"""Reads how far the sink has come. What it has put to the dead letters is written, too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pinterest_pipeline.entities import names
from pinterest_pipeline.hasty_hooks import ONE_AT_A_TIME
from pinterest_pipeline.health.checks.sink_lag import Partition, Reading
from pinterest_pipeline.health.readings.patience import aws_hook, kafka_hook

if TYPE_CHECKING:
    from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook
    from cloud_operators.kafka.offsets import Origins

#: Dead letters of each partition that are read, from the end on: those that explain a lag are young.
TAIL = 20_000
READING_S = 3
#: The sink's setting.
INTERVAL = "rotate.schedule.interval.ms"


def read(memory: Mapping[str, Any]) -> Reading:
    """Read commits and ends of the data topics.

    :param memory: not needed.
    :raises ServiceFailed: when a broker refuses.
    """
    from cloud_operators.exceptions import ServiceUnreachable
    from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook

    topics = list(names().topics.values())
    hook = kafka_hook(DeadLetterHook)
    try:
        described = hook.describe_topics(topics)
        if missing := [topic for topic in topics if described[topic] is None]:
            return Reading(at=datetime.now(UTC), missing=missing)
        partitions = _partitions(hook, topics)
    except ServiceUnreachable as error:
        return Reading(at=datetime.now(UTC), trouble=str(error))
    return Reading(
        at=datetime.now(UTC),
        partitions=partitions,
        interval_s=_interval_s() if any(each.unwritten for each in partitions) else 0,
    )


def _partitions(hook: DeadLetterHook, topics: list[str]) -> list[Partition]:
    progress = hook.progress(names().sink_group, topics)
    unread = progress.unread(progress.end)
    dead: dict[str, dict[int, int]] = {}
    # A sink commits up to the last record that it has written: dead letters behind it look like a lag.
    if any(offsets for numbers in unread.values() for offsets in numbers.values()):
        dead = progress.dead(progress.end, _young_dead_letters(hook, names().dead_letter_topic))
    return [
        Partition(
            topic=topic,
            number=number,
            committed=progress.committed[topic][number],
            unwritten=len(offsets) - dead.get(topic, {}).get(number, 0),
        )
        for topic, numbers in unread.items()
        for number, offsets in numbers.items()
    ]


def _young_dead_letters(hook: DeadLetterHook, topic: str) -> Origins:
    from cloud_operators.exceptions import ResourceMissing

    try:
        ends = hook.end_offsets([topic])[topic]
        start = {number: max(0, end - TAIL) for number, end in ends.items()}
        with ONE_AT_A_TIME:  # the reader looks the connection up again
            return hook.read_dead_letters(topic, start=start, time_limit=READING_S).origins
    except ResourceMissing:
        return {}


def _interval_s() -> float:
    """Seconds after which the sink closes an object; 0 where it is not known."""
    from botocore.exceptions import BotoCoreError, ClientError

    from cloud_operators.aws.hooks.msk_connect import MskConnectHook

    try:
        connector = aws_hook(MskConnectHook, attempts=1).find_connector(names().connector) or {}
    except (BotoCoreError, ClientError):
        # What is wrong with it is the check of the connector to say.
        return 0
    text = str((connector.get("connectorConfiguration") or {}).get(INTERVAL, ""))
    return int(text) / 1000 if text.isascii() and text.isdigit() else 0
