"""Walk through JSON text, to get at its parts as they were written."""

from __future__ import annotations

import re
from collections.abc import Callable
from json import JSONDecoder
from typing import Any, NoReturn

_BLANKS = re.compile(r"[ \t\n\r]*")


class MalformedJson(ValueError):
    """The text is not JSON; the message says where."""


def _refuse(constant: str) -> NoReturn:
    raise MalformedJson(f"{constant} is not JSON")


# Python reads NaN and Infinity, which are not JSON: whoever reads the topic would stumble over them.
_decode = JSONDecoder(parse_constant=_refuse).raw_decode
# JSON has numbers of any length; Python's ``int`` refuses those of more than 4,300 digits.
_decode_long_numbers = JSONDecoder(parse_constant=_refuse, parse_int=float).raw_decode


def skip_blanks(text: str, start: int) -> int:
    """The position of the first character at or after ``start`` that is no blank."""
    if text[start : start + 1] not in (" ", "\n", "\t", "\r"):
        return start
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def value_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at ``start``, and the position after it.

    :raises MalformedJson: when there is none.
    """
    try:
        return _decode(text, start)
    except (ValueError, RecursionError) as error:
        if type(error) is not ValueError:
            raise _malformed(error, start) from error
    try:
        return _decode_long_numbers(text, start)
    except (ValueError, RecursionError) as error:
        raise _malformed(error, start) from error


def _malformed(error: Exception, start: int) -> MalformedJson:
    if isinstance(error, RecursionError):
        return MalformedJson(f"nested too deeply at char {start}")
    return MalformedJson(str(error))


def whole_value(text: str) -> Any:
    """The JSON value that a text consists of.

    :raises MalformedJson: when it is not exactly one.
    """
    value, end = value_at(text, skip_blanks(text, 0))
    end = skip_blanks(text, end)
    if end != len(text):
        raise MalformedJson(f"more text after the value at char {end}")
    return value


def walk_object(text: str, start: int, visit: Callable[[str, int], int]) -> int:
    """Visit the members of the object that begins at ``start``, in the order written.

    :param visit: gets a member's name and the position of its value; returns the position after the value.
    :returns: the position after the object.
    :raises MalformedJson: when there is no object.
    """

    def member(position: int) -> int:
        name, position = value_at(text, position)
        if not isinstance(name, str):
            raise MalformedJson(f"a member's name must be a string, before char {position}")
        position = skip_blanks(text, position)
        if text[position : position + 1] != ":":
            raise MalformedJson(f"':' is missing at char {position}")
        return visit(name, skip_blanks(text, position + 1))

    return _walk(text, start, "{", "}", member)


def walk_array(text: str, start: int, visit: Callable[[int], int]) -> int:
    """Visit the items of the array that begins at ``start``.

    :param visit: gets the position of an item; returns the position after it.
    :returns: the position after the array.
    :raises MalformedJson: when there is no array.
    """
    return _walk(text, start, "[", "]", visit)


def _walk(text: str, start: int, opening: str, closing: str, visit: Callable[[int], int]) -> int:
    if text[start : start + 1] != opening:
        raise MalformedJson(f"'{opening}' is missing at char {start}")
    position = skip_blanks(text, start + 1)
    if text[position : position + 1] == closing:
        return position + 1
    while True:
        position = skip_blanks(text, visit(position))
        mark = text[position : position + 1]
        position += 1
        if mark == closing:
            return position
        if mark != ",":
            raise MalformedJson(f"',' or '{closing}' is missing at char {position - 1}")
        position = skip_blanks(text, position)
