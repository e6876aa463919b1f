"""In which of their lives the streams of a burst are: one that was made again has none of its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import StreamsGone

#: Entity to the moment at which its stream was made, ``None`` when there is none.
Lives = Mapping[str, str | None]


def find_lives(entities: Iterable[str]) -> dict[str, str | None]:
    """When the streams were made.

    :param entities: whose streams are looked at.
    :returns: entity to the moment in UTC, ISO 8601 with milliseconds; ``None`` when there is no stream.
    """
    from cloud_operators.aws.hooks.kinesis import KinesisHook

    hook = KinesisHook(aws_conn_id=connections.AWS)
    found = {entity: hook.find_stream(names().stream(entity)) for entity in entities}
    # A worker's own time zone must not make another moment of it.
    return {
        entity: stream["StreamCreationTimestamp"].astimezone(UTC).isoformat(timespec="milliseconds")
        if stream
        else None
        for entity, stream in found.items()
    }


def check_lives(begun: Lives, now: Lives, acknowledged: Mapping[str, int]) -> None:
    """Check that the streams which have acknowledged something are still the same.

    :param begun: when the streams were made that the burst has begun with.
    :param now: when the present ones were made.
    :param acknowledged: entity to how many records its stream has acknowledged.
    :raises StreamsGone: naming each stream that is another one now, or none.
    """
    gone = {
        names().stream(entity): (moment, now[entity], acknowledged[entity])
        for entity, moment in begun.items()
        if moment != now[entity] and acknowledged[entity]
    }
    if gone:
        raise StreamsGone(gone)
