"""Write the rows of a query as CSV and as JSON lines, and count them again. No service is called here."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

type Row = Mapping[str, Any]


def to_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Write RFC 4180 CSV: a header, lines that end in CR LF, UTF-8, nulls as empty fields.

    :param columns: names in their order
    :param rows: column -> value
    """
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_csv_field(row[column]) for column in columns] for row in rows)
    return target.getvalue().encode()


def to_json_lines(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Write one JSON object a line, UTF-8, keys in the columns' order.

    NaN and infinities, which JSON lacks, become null; a decimal that no float holds exactly becomes text.

    :param columns: names in their order
    :param rows: column -> value
    """
    objects = ({column: _json_value(row[column]) for column in columns} for row in rows)
    lines = (json.dumps(each, ensure_ascii=False, allow_nan=False) for each in objects)
    return "".join(f"{line}\n" for line in lines).encode()


def count_csv(content: bytes) -> int:
    """Count the records of a CSV file, without its header."""
    return sum(1 for _ in csv.reader(io.StringIO(content.decode(), newline=""))) - 1


def count_json_lines(content: bytes) -> int:
    """Count the objects of a JSON lines file; each line is parsed."""
    return sum(1 for line in content.decode().split("\n") if line and isinstance(json.loads(line), dict))


def _csv_field(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return _json_number(value)
    return value


def _json_number(value: Decimal) -> int | float | str:
    if value == value.to_integral_value():
        return int(value)
    as_float = float(value)
    return as_float if Decimal(repr(as_float)) == value else f"{value:f}"
