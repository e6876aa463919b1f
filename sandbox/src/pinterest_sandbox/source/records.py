"""One JSON line checked and turned into a row of its table."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn, TypeGuard

from pinterest_sandbox.source.tables import ROWS, Column, Kind, Row, Table, Value

_GREATEST_INT = 2**31 - 1
_GREATEST_FLOAT = 3.4e38


class BadRecord(ValueError):
    """The line is not a row of the table; the message says why."""


def parse_record(table: Table, line: str) -> Row:
    """Read one line.

    :param table: the table that the row is for.
    :param line: JSON text of one object with exactly the table's columns, in any order.
    :returns: the values in column order; dates are ``YYYY-MM-DD HH:MM:SS``.
    :raises BadRecord: when it is not such an object.
    """
    record = _parse_object(line)
    names = [column.name for column in table.columns]
    unknown = [name for name in record if name not in names]
    if unknown:
        raise BadRecord(
            f"unknown column {', '.join(map(repr, unknown))}; {table.name} has {', '.join(names)}"
        )
    missing = [name for name in names if name not in record]
    if missing:
        raise BadRecord(f"missing column {', '.join(map(repr, missing))}")
    key = record[table.key]
    if not _is_integer(key):
        raise BadRecord(f"key {table.key!r} must be an integer, not {_shown(key)}")
    if not 0 <= key < ROWS:
        raise BadRecord(f"key {table.key}={key} is out of range: 0 to {ROWS - 1}")
    return tuple(_convert(column, record[column.name]) for column in table.columns)


def _parse_object(line: str) -> dict[str, object]:
    try:
        record = json.loads(line, parse_constant=_refuse_constant, object_pairs_hook=_unique_names)
    except BadRecord:
        raise
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise BadRecord(f"not a JSON object but {_shown(record)}")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise BadRecord(f"not JSON: {name}")


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise BadRecord("a column occurs twice")
    return record


def _convert(column: Column, value: object) -> Value:
    if value is None:
        return None
    return _CONVERTERS[column.kind](column, value)


def _integer(column: Column, value: object) -> int:
    if not _is_integer(value):
        raise BadRecord(f"{column.name!r} must be an integer, not {_shown(value)}")
    if abs(value) > _GREATEST_INT:
        raise BadRecord(f"{column.name!r} is too great for an INT: {_shown(value)}")
    return value


def _float(column: Column, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRecord(f"{column.name!r} must be a number, not {_shown(value)}")
    # Infinity (1e400) is greater too; whole numbers of any length can be compared, not converted.
    if abs(value) > _GREATEST_FLOAT:
        raise BadRecord(f"{column.name!r} is too great for a FLOAT: {_shown(value)}")
    return float(value)


def _string(column: Column, value: object) -> str:
    if not isinstance(value, str):
        raise BadRecord(f"{column.name!r} must be a string, not {_shown(value)}")
    if len(value) > column.length:
        raise BadRecord(f"{column.name!r} has {len(value)} characters; {column.length} are allowed")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadRecord(f"{column.name!r} has half of a surrogate pair at character {error.start}") from error
    return value


def _datetime(column: Column, value: object) -> str:
    """``YYYY-MM-DD HH:MM:SS`` from any ISO 8601 form; the original's dates have whole seconds and no zone."""
    problem = BadRecord(
        f"{column.name!r} must be a date and time in whole seconds without a zone, "
        f"as '2018-03-01 12:30:00' or '2018-03-01T12:30:00', not {_shown(value)}"
    )
    if not isinstance(value, str):
        raise problem
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise problem from None
    if moment.tzinfo is not None or moment.microsecond:
        raise problem
    return moment.isoformat(sep=" ")


_CONVERTERS: dict[Kind, Callable[[Column, object], Value]] = {
    "integer": _integer,
    "float": _float,
    "string": _string,
    "datetime": _datetime,
}


def _is_integer(value: object) -> TypeGuard[int]:
    """JSON's ``true`` is an int in Python, but not in the database."""
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
