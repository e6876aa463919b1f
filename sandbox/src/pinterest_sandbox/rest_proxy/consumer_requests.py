"""What clients of the consumer API ask for."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pinterest_sandbox.rest_proxy import json_body
from pinterest_sandbox.rest_proxy.embedded import UNSUPPORTED, Embedded
from pinterest_sandbox.rest_proxy.errors import (
    bad_request,
    config_out_of_range,
    illegal_state,
    invalid_consumer_config,
    unprocessable,
)

#: Confluent's ``consumer.request.timeout.ms``.
DEFAULT_REQUEST_TIMEOUT = 1.0
#: The largest ``fetch.min.bytes`` that Confluent's proxy takes.
_MAX_MIN_BYTES = 10_000_000
#: Kafka's ``offset.metadata.max.bytes``.
_MAX_METADATA = 4096
_AUTO_OFFSET_RESET = {"earliest": "earliest", "latest": "latest", "none": "error"}
_OPTIONS = {
    *("id", "name", "format", "auto.offset.reset", "auto.commit.enable"),
    *("fetch.min.bytes", "responseMinBytes", "consumer.request.timeout.ms", "requestWaitMs"),
}


class InstanceOptions(NamedTuple):
    """A consumer instance to be.

    :param name: unique in its group.
    :param embedded: how its records are written.
    :param auto_offset_reset: ``earliest``, ``latest`` or ``error``, as librdkafka spells them.
    :param auto_commit: commit what was delivered every five seconds and at the end.
    :param min_bytes: a read ends when it has more than this many bytes; ``None``: it takes its whole time.
    :param request_timeout: seconds a read may take.
    """

    name: str
    embedded: Embedded = Embedded.BINARY
    auto_offset_reset: str = "latest"
    auto_commit: bool = True
    min_bytes: int | None = None
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT


class Subscription(NamedTuple):
    """Topics by name, or by a pattern that a whole name must match; the other one is ``None``."""

    topics: tuple[str, ...] | None
    pattern: re.Pattern[str] | None


class Partition(NamedTuple):
    """One partition."""

    topic: str
    partition: int


class PartitionOffset(NamedTuple):
    """A place in a partition.

    :param metadata: any text to keep with a committed offset.
    """

    partition: Partition
    offset: int
    metadata: str | None


class PartitionTime(NamedTuple):
    """A moment in a partition.

    :param timestamp: milliseconds since 1970.
    """

    partition: Partition
    timestamp: int


def parse_instance(body: bytes) -> InstanceOptions:
    """The body of ``POST /consumers/<group>``; without one, all is as by default.

    :raises RestError: 422 with Confluent's code for a value that is not allowed, 400 for a malformed body.
    """
    asked = json_body.json_object(body, _OPTIONS) if body.strip() else {}
    given = {name: value for name, value in asked.items() if value is not None}
    name = json_body.text(given.get("id", given.get("name")), "name")
    if name == "":
        raise unprocessable("name must not be empty")
    timeout = given.get("consumer.request.timeout.ms", given.get("requestWaitMs"))
    return InstanceOptions(
        name=f"rest-consumer-{uuid.uuid4()}" if name is None else name,
        embedded=_format(given.get("format")),
        auto_offset_reset=_auto_offset_reset(given.get("auto.offset.reset")),
        auto_commit=_auto_commit(given.get("auto.commit.enable")),
        min_bytes=_min_bytes(given.get("fetch.min.bytes", given.get("responseMinBytes"))),
        request_timeout=DEFAULT_REQUEST_TIMEOUT if timeout is None else _milliseconds(timeout),
    )


def _format(value: Any) -> Embedded:
    name = (json_body.text(value, "format") or "binary").lower()
    if name in UNSUPPORTED:
        raise invalid_consumer_config(f"format {name} needs a schema registry; this proxy has none")
    if name.upper() not in Embedded.__members__:
        raise unprocessable("Invalid format type.")
    return Embedded[name.upper()]


def _auto_offset_reset(value: Any) -> str:
    name = json_body.text(value, "auto.offset.reset")
    if name is None:
        return "latest"
    if name not in _AUTO_OFFSET_RESET:
        raise invalid_consumer_config("auto.offset.reset must be one of latest, earliest, none")
    return _AUTO_OFFSET_RESET[name]


def _auto_commit(value: Any) -> bool:
    name = json_body.text(value, "auto.commit.enable")
    if name is None:
        return True
    if name.strip().lower() not in ("true", "false"):
        raise invalid_consumer_config("auto.commit.enable must be true or false")
    return name.strip().lower() == "true"


def _min_bytes(value: Any) -> int | None:
    if value is None:
        return None
    found = json_body.integer(value, "fetch.min.bytes", low=-json_body.MAX_INT - 1, high=json_body.MAX_INT)
    if not -1 <= found <= _MAX_MIN_BYTES:
        raise config_out_of_range(f"fetch.min.bytes must be from -1 to {_MAX_MIN_BYTES}")
    return None if found == -1 else found


def _milliseconds(value: Any) -> float:
    name = "consumer.request.timeout.ms"
    found = json_body.integer(value, name, low=-json_body.MAX_INT - 1, high=json_body.MAX_INT)
    return max(found, 0) / 1000


def parse_subscription(body: bytes) -> Subscription:
    """The body of ``POST .../subscription``.

    :raises RestError: 409 with both ways at once; 422 with none, or for what can't be a topic or a pattern.
    """
    asked = json_body.json_object(body, {"topics", "topic_pattern"})
    topics, pattern = asked.get("topics"), json_body.text(asked.get("topic_pattern"), "topic_pattern")
    if topics is not None and pattern is not None:
        raise illegal_state("Subscription to topics, partitions and pattern are mutually exclusive")
    if topics is not None:
        names = [json_body.topic(name, "topics") for name in json_body.array(topics, "topics")]
        return Subscription(tuple(dict.fromkeys(names)), None)
    if pattern is None:
        raise unprocessable("topics or topic_pattern must be given")
    try:
        return Subscription(None, re.compile(pattern))
    except (re.error, RecursionError, OverflowError) as error:
        raise unprocessable(f"topic_pattern is not a regular expression: {error}") from error


def parse_partitions(body: bytes) -> list[Partition]:
    """The body of ``POST .../assignments``, ``POST .../positions/beginning`` and the like.

    :raises RestError: 422 or 400 when it has no partitions.
    """
    asked = json_body.json_object(body, {"partitions"})
    found = []
    for item in json_body.array(asked.get("partitions"), "partitions"):
        members = json_body.known_members(item, {"topic", "partition"}, what="A partition")
        found.append(_partition(members))
    return list(dict.fromkeys(found))


def parse_offsets(body: bytes) -> list[PartitionOffset]:
    """The body of ``POST .../offsets``.

    :raises RestError: 422 or 400 when it has no offsets.
    """
    asked = json_body.json_object(body, {"offsets"})
    return [_offset(item) for item in json_body.array(asked.get("offsets"), "offsets")]


def parse_positions(body: bytes) -> tuple[list[PartitionOffset], list[PartitionTime]]:
    """The body of ``POST .../positions``: offsets, and moments.

    :raises RestError: 422 or 400 when it has neither.
    """
    asked = json_body.json_object(body, {"offsets", "timestamps"})
    if asked.get("offsets") is None and asked.get("timestamps") is None:
        raise unprocessable("offsets or timestamps must be given")
    offsets = json_body.array(asked.get("offsets") or [], "offsets")
    times = json_body.array(asked.get("timestamps") or [], "timestamps")
    return [_offset(item) for item in offsets], [_time(item) for item in times]


def _partition(members: dict[str, Any]) -> Partition:
    number = json_body.not_negative(members.get("partition"), "partition", high=json_body.MAX_INT)
    return Partition(json_body.topic(members.get("topic"), "topic"), number)


def _offset(item: Any) -> PartitionOffset:
    names = {"topic", "partition", "offset", "metadata"}
    members = json_body.known_members(item, names, what="An offset")
    metadata = json_body.text(members.get("metadata"), "metadata")
    if metadata is not None and len(metadata.encode()) > _MAX_METADATA:
        raise unprocessable(f"metadata must not be longer than {_MAX_METADATA} bytes")
    # A committed offset is that of the next record: there must be room for one more.
    offset = json_body.not_negative(members.get("offset"), "offset", high=json_body.MAX_LONG - 1)
    return PartitionOffset(_partition(members), offset, metadata)


def _time(item: Any) -> PartitionTime:
    names = {"topic", "partition", "timestamp", "metadata"}
    members = json_body.known_members(item, names, what="A timestamp")
    written = json_body.text(members.get("timestamp"), "timestamp")
    if written is None:
        raise unprocessable("timestamp must not be null")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise bad_request("timestamp must be a moment as ISO 8601 writes it") from error
    if moment.tzinfo is None:
        raise bad_request("timestamp must say its time zone, as in 2026-01-31T01:00:00Z")
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000
    if milliseconds < 0:
        raise unprocessable("timestamp must not be before 1970")
    return PartitionTime(_partition(members), int(milliseconds))
