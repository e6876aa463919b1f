"""SQL statements as the API has them: parameters out, typed rows in. No service is called here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cloud_operators.exceptions import StatementFailed

#: What a parameter's value can be.
type Parameter = str | bool | int | float | Decimal | date | datetime | None

_PARAMETER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED_NAME = re.compile(r"(?:`[^`]+`\.){0,2}`[^`]+`")
_INT_LIMIT = 2**31


@dataclass(frozen=True)
class Statement:
    """One statement and where it runs.

    :param sql: text of one statement; a semicolon at its end is dropped
    :param warehouse_id: the SQL warehouse
    :param catalog: catalog of names that have none
    :param schema: schema of names that have none
    """

    sql: str
    warehouse_id: str
    catalog: str | None = None
    schema: str | None = None

    def request(self) -> dict[str, str]:
        """Give its part of the API's request.

        :raises ValueError: when the text or the warehouse is empty
        """
        sql = bare(self.sql)
        if not sql:
            raise ValueError("sql: the statement is empty")
        if not self.warehouse_id:
            raise ValueError("warehouse_id is empty")
        request = {"statement": sql, "warehouse_id": self.warehouse_id}
        if self.catalog:
            request["catalog"] = self.catalog
        if self.schema:
            request["schema"] = self.schema
        return request


def bare(sql: str) -> str:
    """Strip blanks around a statement and the semicolon at its end."""
    return sql.strip().removesuffix(";").rstrip()


def quoted_table(name: str) -> str:
    """Check a table's name.

    :param name: up to three back-quoted parts, e.g. ``` `main`.`default`.`events` ```
    :returns: the same name
    :raises ValueError: when it is something else
    """
    if not _QUOTED_NAME.fullmatch(name):
        raise ValueError(f"table {name!r}: up to three back-quoted parts joined by dots are needed")
    return name


def statement_parameters(parameters: Mapping[str, Parameter]) -> list[dict[str, str]]:
    """Give named parameters their SQL types.

    ``None`` becomes NULL, a whole number INT or BIGINT by its size, a float DOUBLE, a date or time DATE or
    TIMESTAMP.

    :param parameters: name -> value
    :returns: the API's ``parameters``
    :raises ValueError: when a name is no identifier or a value has another type
    """
    return [_parameter(name, value) for name, value in parameters.items()]


def _parameter(name: str, value: Parameter) -> dict[str, str]:
    if not _PARAMETER_NAME.fullmatch(name):
        raise ValueError(f"parameter {name!r}: letters, digits and underscores are allowed in a name")
    if value is None:
        return {"name": name}  # without a value it is NULL
    text, sql_type = _text_and_type(name, value)
    return {"name": name, "value": text, "type": sql_type}


def _text_and_type(name: str, value: object) -> tuple[str, str]:
    match value:
        case str():
            return value, "STRING"
        case bool():
            return str(value).lower(), "BOOLEAN"
        case int():
            return str(value), "INT" if -_INT_LIMIT <= value < _INT_LIMIT else "BIGINT"
        case float():
            return repr(value), "DOUBLE"
        case Decimal():
            return _decimal(name, value)
        case datetime():
            return value.isoformat(sep=" "), "TIMESTAMP"
        case date():
            return value.isoformat(), "DATE"
        case _:
            raise ValueError(f"parameter {name!r}: a {type(value).__name__} cannot be passed to SQL")


def _decimal(name: str, value: Decimal) -> tuple[str, str]:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"parameter {name!r}: {value} is no number")
    text = f"{value:f}"
    digits = len(text.lstrip("-").replace(".", "").lstrip("0"))
    scale = max(0, -exponent)
    return text, f"DECIMAL({max(digits, scale, 1)},{scale})"


def _boolean(text: str) -> bool:
    return text.lower() == "true"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "BOOLEAN": _boolean,
    **dict.fromkeys(("BYTE", "SHORT", "INT", "LONG"), int),
    **dict.fromkeys(("FLOAT", "DOUBLE"), float),
    "DECIMAL": Decimal,
    **dict.fromkeys(("ARRAY", "MAP", "STRUCT"), _parsed),
}


def typed_rows(
    columns: Sequence[Mapping[str, Any]], data: Sequence[Sequence[str | None]]
) -> list[dict[str, Any]]:
    """Turn the API's text values into Python values.

    :param columns: ``schema.columns`` of the result's manifest (``name``, ``type_name``)
    :param data: the rows, each value as text or ``None``
    :returns: column -> value; dates and times stay text
    :raises ValueError: when two columns have the same name
    """
    names = [str(column["name"]) for column in columns]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"columns {', '.join(sorted(repeated))} occur twice: give them different names")
    converters = [_CONVERTERS.get(str(column.get("type_name", "")).upper(), str) for column in columns]
    return [
        {
            name: None if value is None else convert(value)
            for name, convert, value in zip(names, converters, row, strict=True)
        }
        for row in data
    ]


def is_missing_table(error: StatementFailed) -> bool:
    """Tell whether a statement failed because a table or view does not exist."""
    return "TABLE_OR_VIEW_NOT_FOUND" in f"{error.error_code} {error.service_message}"
