"""Values between JSON and botocore's shapes, on the server's side: botocore itself has the client's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import OperationModel, Shape
from botocore.utils import parse_to_aware_datetime

_INTEGERS = frozenset({"integer", "long"})


def read_request(
    operation: OperationModel, labels: Mapping[str, str], query: Mapping[str, list[str]], body: Any
) -> dict[str, Any]:
    """The parameters of a request, by botocore's member names.

    :param labels: path parameters, decoded.
    :param query: query parameters with all of their values.
    :param body: the parsed JSON body, an object.
    :raises ValueError: when a number is none; also ``TypeError`` or ``AttributeError`` for other wrong types.
    """
    parameters: dict[str, Any] = {}
    shape = operation.input_shape
    for name, member in (shape.members if shape is not None else {}).items():
        wire_name = member.serialization.get("name", name)
        location = member.serialization.get("location")
        if location == "uri":
            parameters[name] = labels[wire_name]
        elif location == "querystring" and wire_name in query:
            values = query[wire_name]
            parameters[name] = values if member.type_name == "list" else _from_text(member, values[0])
        elif location is None and body.get(wire_name) is not None:
            parameters[name] = from_json(member, body[wire_name])
    return parameters


def _from_text(shape: Shape, text: str) -> Any:
    if shape.type_name in _INTEGERS:
        return int(text)
    if shape.type_name == "boolean":
        # What is misspelt must not pass for false: it would restart all tasks instead of the failed ones.
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{text!r} is neither true nor false")
        return text.lower() == "true"
    return text


def from_json(shape: Shape, value: Any) -> Any:
    """A JSON value as botocore has it; nulls are left out, unknown members too."""
    if shape.type_name == "structure":
        found = {
            name: value.get(member.serialization.get("name", name)) for name, member in shape.members.items()
        }
        return {
            name: from_json(shape.members[name], item) for name, item in found.items() if item is not None
        }
    if shape.type_name == "list":
        return [from_json(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: from_json(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return parse_to_aware_datetime(value)
    return value


def to_json(shape: Shape, value: Any) -> Any:
    """A value by botocore's member names as JSON; the values must fit the shape."""
    if shape.type_name == "structure":
        return {
            member.serialization.get("name", name): to_json(member, value[name])
            for name, member in shape.members.items()
            if name in value
        }
    if shape.type_name == "list":
        return [to_json(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: to_json(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return _timestamp(shape, value)
    return value


def _timestamp(shape: Shape, value: datetime) -> str | float:
    if shape.serialization.get("timestampFormat") == "iso8601":
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.timestamp()
