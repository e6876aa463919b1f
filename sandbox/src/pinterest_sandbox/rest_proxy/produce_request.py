"""Read the body of a produce request, and keep keys and values as they were written."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import bad_request, unprocessable
from pinterest_sandbox.rest_proxy.quick_records import quick_records
from pinterest_sandbox.rest_proxy.rawjson import MalformedJson, skip_blanks, value_at, walk_array, walk_object
from pinterest_sandbox.rest_proxy.records import Record

_BODY_MEMBERS = {"records", "key_schema", "key_schema_id", "value_schema", "value_schema_id"}
_MAX_INT = 2**31 - 1

#: A member's value, and where its text begins and ends.
type _Part = tuple[Any, int, int]


def parse_produce(body: bytes, embedded: Embedded) -> list[Record]:
    """The records of a request body.

    A JSON key or value reaches the topic in exactly the text it was sent in: column order, number spelling
    and escapes included. JSON's ``null`` is a record without key or value, as in Confluent's proxy.

    :param body: of the request.
    :param embedded: how keys and values are written in it.
    :raises RestError: 400 for text that is not JSON or has wrong types; 422 without records.
    """
    return quick_records(body, embedded) or parse_precisely(body, embedded)


def parse_precisely(body: bytes, embedded: Embedded) -> list[Record]:
    """As :func:`parse_produce`, which see; it says what is wrong, and takes its time."""
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

        def member(name: str, begin: int) -> int:
            if name not in ("key", "value", "partition"):
                raise bad_request(f'Unrecognized field "{name}" in a record')
            value, end = value_at(self._text, begin)
            parts[name] = (value, begin, end)
            return end

        end = walk_object(self._text, start, member)
        self._records.append(
            Record(
                key=self._bytes("key", parts.get("key")),
                value=self._bytes("value", parts.get("value")),
                partition=_partition(parts["partition"][0]) if "partition" in parts else None,
            )
        )
        return end

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
