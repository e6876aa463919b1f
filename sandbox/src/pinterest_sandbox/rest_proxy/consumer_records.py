"""Records as the consumer API answers them."""

from __future__ import annotations

import base64
import json
from typing import NamedTuple

from confluent_kafka import Message

from pinterest_sandbox.rest_proxy.consumer_requests import Partition
from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import unreadable_record
from pinterest_sandbox.rest_proxy.rawjson import MalformedJson, whole_value


class Readable(NamedTuple):
    """A record, ready to be answered.

    :param message: as it came from Kafka.
    :param text: its JSON.
    """

    message: Message
    text: str


def partition_of(message: Message) -> Partition:
    """Where a message is from."""
    return Partition(message.topic() or "", message.partition() or 0)


def size_of(message: Message) -> int:
    """Bytes of its key and value."""
    return len(message.key() or b"") + len(message.value() or b"")


def readable(message: Message, embedded: Embedded) -> Readable:
    """A message in an embedded format; JSON in exactly the text that is in the topic.

    :raises RestError: 40801 when a key or value is not JSON, although that is the format.
    """
    write = _base64 if embedded is Embedded.BINARY else _json
    try:
        text = (
            f'{{"topic":{json.dumps(message.topic())}'
            f',"key":{write(message.key())}'
            f',"value":{write(message.value())}'
            f',"partition":{message.partition()},"offset":{message.offset()}}}'
        )
    except (MalformedJson, UnicodeDecodeError) as error:
        place = f"{message.topic()}, partition {message.partition()}, offset {message.offset()}"
        raise unreadable_record(f"The record at {place} is not JSON: {error}") from error
    return Readable(message, text)


def _base64(part: bytes | str | None) -> str:
    return "null" if part is None else f'"{base64.b64encode(_bytes(part)).decode()}"'


def _json(part: bytes | str | None) -> str:
    if part is None:
        return "null"
    text = _bytes(part).decode("utf-8")
    whole_value(text)
    return text


def _bytes(part: bytes | str) -> bytes:
    return part.encode() if isinstance(part, str) else part
