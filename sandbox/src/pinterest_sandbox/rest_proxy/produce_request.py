"""Read the body of a produce request, and keep keys and values as they were written."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, NamedTuple

from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import bad_request, unprocessable
from pinterest_sandbox.rest_proxy.rawjson import MalformedJson, skip_blanks, value_at, walk_array, walk_object

_BODY_MEMBERS = {"records", "key_schema", "key_schema_id", "value_schema", "value_schema_id"}
_MAX_INT = 2**31 - 1

_PLAIN_OPENING = re.compile(r"\{[ \t\n\r]*").match
_PLAIN_MEMBER = re.compile(r'"(key|value|partition)"[ \t\n\r]*:[ \t\n\r]*').match
_PLAIN_MARK = re.compile(r"[ \t\n\r]*([,}])[ \t\n\r]*").match

#: A member's value, and where its text begins and ends.
type _Part = tuple[Any, int, int]


class Record(NamedTuple):
    """One record to produce.

    :param key: bytes for the topic, ``None`` for no key.
    :param value: bytes for the topic, ``None`` for a null (a tombstone).
    :param partition: wanted partition, ``None`` for Kafka's choice.
    """

    key: bytes | None
    value: bytes | None
    partition: int | None


def parse_produce(body: bytes, embedded: Embedded) -> list[Record]:
    """The records of a request body.

    A JSON key or value reaches the topic in exactly the text it was sent in: column order, number spelling
    and escapes included. JSON's ``null`` is a record without key or value, as in Confluent's proxy.

    :param body: of the request.
    :param embedded: how keys and values are written in it.
    :raises RestError: 400 for text that is not JSON or has wrong types; 422 without records.
    """
    try:
        text = body.decode("utf-8")
        return _Parser(text, embedded).parse()
    except UnicodeDecodeError as error:
        raise bad_request(f"Invalid UTF-8: {error}") from error
    except MalformedJson as error:
        raise bad_request(f"Invalid JSON: {error}") from error


class _Parser:
    def __init__(self, text: str, embedded: Embedded) -> None:
        self._text = text
        self._embedded = embedded
        self._records: list[Record] = []

    def parse(self) -> list[Record]:
        text = self._text
        start = skip_blanks(text, 0)
        if start == len(text):
            raise unprocessable("Request body is empty. Data is required.")
        end = skip_blanks(text, walk_object(text, start, self._body_member))
        if end != len(text):
            raise MalformedJson(f"more text after the object at char {end}")
        if not self._records:
            raise unprocessable("records must not be empty")
        return self._records

    def _body_member(self, name: str, start: int) -> int:
        if name not in _BODY_MEMBERS:
            raise bad_request(f'Unrecognized field "{name}"')
        if name != "records" or self._text.startswith("null", start):
            return value_at(self._text, start)[1]
        # A member that is named twice counts once: the last one, as JSON readers have it.
        self._records = []
        return walk_array(self._text, start, self._record)

    def _record(self, start: int) -> int:
        parts: dict[str, _Part] = {}
        end = self._plain_record(start, parts) or self._any_record(start, parts)
        self._records.append(
            Record(
                key=self._bytes("key", parts.get("key")),
                value=self._bytes("value", parts.get("value")),
                partition=_partition(parts["partition"][0]) if "partition" in parts else None,
            )
        )
        return end

    def _plain_record(self, start: int, parts: dict[str, _Part]) -> int:
        """Read a record whose member names are spelt plainly, as all clients do: four times as fast.

        :returns: the position after it; 0 when it is not of that kind.
        """
        text = self._text
        opening = _PLAIN_OPENING(text, start)
        position = opening.end() if opening else 0
        while position:
            name = _PLAIN_MEMBER(text, position)
            if name is None:
                return 0
            value, end = value_at(text, name.end())
            parts[name[1]] = (value, name.end(), end)
            mark = _PLAIN_MARK(text, end)
            if mark is None:
                return 0
            position = mark.end()
            if mark[1] == "}":
                return position
        return 0

    def _any_record(self, start: int, parts: dict[str, _Part]) -> int:
        parts.clear()

        def member(name: str, begin: int) -> int:
            if name not in ("key", "value", "partition"):
                raise bad_request(f'Unrecognized field "{name}" in a record')
            value, end = value_at(self._text, begin)
            parts[name] = (value, begin, end)
            return end

        return walk_object(self._text, start, member)

    def _bytes(self, name: str, part: _Part | None) -> bytes | None:
        if part is None or part[0] is None:
            return None
        value, begin, end = part
        if self._embedded is Embedded.BINARY:
            return _from_base64(name, value)
        try:
            return self._text[begin:end].encode("utf-8")
        except UnicodeEncodeError as error:
            raise bad_request(f"{name} can't be written as UTF-8: {error}") from error


def _partition(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value > _MAX_INT:
        raise bad_request("partition must be a number of 32 bits")
    if value < 0:
        raise unprocessable("partition must be greater than or equal to 0")
    return value


def _from_base64(name: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise bad_request(f"{name} is not a base64 string.")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_request(f"{name} is not a valid base64 string.") from error
