"""Read the bodies of requests to the consumer API: JSON objects with few, known members."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pinterest_sandbox.rest_proxy.errors import bad_request, unprocessable
from pinterest_sandbox.rest_proxy.rawjson import MalformedJson, whole_value

MAX_INT = 2**31 - 1
MAX_LONG = 2**63 - 1

_TOPIC_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_INTEGER = re.compile(r"[+-]?\d{1,19}")


def is_topic_name(name: str) -> bool:
    """Whether Kafka can have a topic of that name."""
    return _TOPIC_NAME.fullmatch(name) is not None and name not in (".", "..")


def json_object(body: bytes, members: Collection[str], *, what: str = "The request body") -> dict[str, Any]:
    """The members of a body.

    :param members: names that it may have.
    :param what: it is, for errors.
    :raises RestError: 422 for an empty body; 400 for one that is no JSON object or has other members.
    """
    try:
        text = body.decode("utf-8")
        if not text.strip(" \t\r\n"):
            raise unprocessable("Null input provided. Data is required.")
        return known_members(whole_value(text), members, what=what)
    except UnicodeDecodeError as error:
        raise bad_request(f"Invalid UTF-8: {error}") from error
    except MalformedJson as error:
        raise bad_request(f"Invalid JSON: {error}") from error


def known_members(value: Any, members: Collection[str], *, what: str) -> dict[str, Any]:
    """``value``, which must be an object with no other members.

    :raises RestError: 400 when it is not.
    """
    if not isinstance(value, dict):
        raise bad_request(f"{what} must be a JSON object")
    for name in value:
        if name not in members:
            raise bad_request(f'Unrecognized field "{name}"')
    return value


def array(value: Any, name: str) -> list[Any]:
    """An array that must be there.

    :raises RestError: 422 without it, 400 when it is something else.
    """
    if value is None:
        raise unprocessable(f"{name} must not be null")
    if not isinstance(value, list):
        raise bad_request(f"{name} must be an array")
    return value


def text(value: Any, name: str) -> str | None:
    """A text; a number or a truth value counts as its text, as Jackson reads it.

    :raises RestError: 400 for anything else, 422 when Kafka can't have it.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise bad_request(f"{name} must be a string")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise unprocessable(f"{name} has characters that can't be written as UTF-8")
    return value


def integer(value: Any, name: str, *, low: int, high: int) -> int:
    """A whole number; a text of digits counts as one, as Jackson reads it.

    :param low: least value of its type; one below is an error of the caller's.
    :param high: greatest value of its type.
    :raises RestError: 400 when it is not a number within these.
    """
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise bad_request(f"{name} must be a whole number from {low} to {high}")
    return value


def topic(value: Any, name: str) -> str:
    """The name of a topic, whether there is one or not.

    :raises RestError: 422 when there can't be one of that name.
    """
    found = text(value, name)
    if not found or not is_topic_name(found):
        raise unprocessable(f"{name} must be the name of a topic")
    return found


def not_negative(value: Any, name: str, *, high: int) -> int:
    """A whole number from 0.

    :raises RestError: 422 without it or for a negative one, 400 when it is not a number.
    """
    if value is None:
        raise unprocessable(f"{name} must not be null")
    found = integer(value, name, low=-high - 1, high=high)
    if found < 0:
        raise unprocessable(f"{name} must be greater than or equal to 0")
    return found
