"""Runs one SQL statement and gives its result as the Statement Execution API does: all values as text.

https://docs.databricks.com/api/workspace/statementexecution
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType

#: More than this can't be fetched inline.
INLINE_LIMIT = 25 * 1024 * 1024
_NAMES = {"bigint": "LONG", "smallint": "SHORT", "tinyint": "BYTE", "void": "NULL"}


class StatementError(Exception):
    """The statement failed.

    :param code: the API's error code.
    :param message: Spark's, beginning with the error class in brackets where it has one.
    :param sql_state: SQLSTATE, where Spark gives one.
    """

    def __init__(self, message: str, *, code: str = "BAD_REQUEST", sql_state: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.sql_state = sql_state


@dataclass(frozen=True, kw_only=True)
class StatementResult:
    """What a statement gave.

    :param columns: name, type name, type text and position of each column.
    :param rows: values as text, ``None`` for null.
    :param truncated: whether the row limit cut something off.
    """

    columns: list[dict[str, Any]]
    rows: list[list[str | None]]
    truncated: bool = False


def run_statement(
    session: SparkSession,
    statement: str,
    *,
    parameters: Sequence[Mapping[str, Any]] = (),
    catalog: str | None = None,
    schema: str | None = None,
    row_limit: int | None = None,
) -> StatementResult:
    """Run ``statement`` in ``session``.

    :param parameters: named parameters as ``{"name", "value", "type"}``; the value is text, the type a SQL
        type, ``STRING`` when it is left out.
    :param catalog: default catalog.
    :param schema: default schema.
    :param row_limit: at most so many rows are fetched.
    :raises StatementError: when it, or a parameter, can't be run.
    """
    from pyspark.errors import PySparkException

    try:
        if catalog:
            session.catalog.setCurrentCatalog(catalog)
        if schema:
            session.catalog.setCurrentDatabase(schema)
        frame = session.sql(statement, args={p["name"]: _argument(session, p) for p in parameters} or None)
        return _fetch(frame, row_limit)
    except PySparkException as error:
        raise StatementError(_message(error), sql_state=error.getSqlState()) from error


def _message(error: Any) -> str:
    # Without Spark's plan: Databricks ends the message at the position in the statement.
    return str(error).split(";\n", 1)[0].strip()


def _fetch(frame: DataFrame, row_limit: int | None) -> StatementResult:
    columns = [_column(field.name, field.dataType, n) for n, field in enumerate(frame.schema.fields)]
    renderers = [_renderer(field.dataType) for field in frame.schema.fields]
    # Spark's own limit is a number of 32 bits.
    fetched = frame.limit(min(row_limit + 1, 2**31 - 1)) if row_limit else frame
    rows = fetched.collect() if columns else []
    truncated = bool(row_limit) and len(rows) > (row_limit or 0)
    texts = [
        [None if value is None else render(value) for render, value in zip(renderers, row, strict=True)]
        for row in (rows[:row_limit] if truncated else rows)
    ]
    size = sum(len(value) for row in texts for value in row if value)
    if size > INLINE_LIMIT:
        raise StatementError(
            "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size "
            f"of at most {INLINE_LIMIT} bytes."
        )
    return StatementResult(columns=columns, rows=texts, truncated=truncated)


def _column(name: str, kind: DataType, position: int) -> dict[str, Any]:
    simple = kind.simpleString()
    base = simple.split("(", 1)[0].split("<", 1)[0]
    column: dict[str, Any] = {
        "name": name,
        "position": position,
        "type_name": _NAMES.get(base, base.upper()),
        "type_text": simple.upper(),
    }
    if base == "decimal":
        column |= {"type_precision": kind.precision, "type_scale": kind.scale}  # type: ignore[attr-defined]
    return column


def _renderer(kind: DataType) -> Callable[[Any], str]:
    base = kind.simpleString().split("(", 1)[0].split("<", 1)[0]
    if base in ("array", "map", "struct"):
        return lambda value: json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    if base == "string":
        return str
    return _text


def _text(value: Any) -> str:
    """A scalar as Databricks writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        zone = "Z" if value.tzinfo is None else "+00:00"
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + zone
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return _double(value)
    return str(value)


def _double(value: float) -> str:
    """As Java writes it: ``NaN``, ``Infinity``, ``1.0E10``."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{int(exponent) + len(digits) - 1}"


def _plain(value: Any) -> Any:
    """A nested value as JSON has it."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if hasattr(value, "asDict"):
        return {name: _plain(item) for name, item in value.asDict().items()}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | str):
        return value
    return value if isinstance(value, float) and value == value else _text(value)


def _argument(session: SparkSession, parameter: Mapping[str, Any]) -> Any:
    """A parameter's value in Python's type for its SQL type; a missing value is a NULL of that type."""
    name, value = parameter["name"], parameter.get("value")
    declared = str(parameter.get("type") or "STRING")
    kind = declared.upper().split("(", 1)[0].strip()
    convert = _CONVERTERS.get(kind)
    if convert is None:
        raise StatementError(
            f"parameter {name}: type {kind} is not supported", code="INVALID_PARAMETER_VALUE"
        )
    if value is None:
        return _null(session, declared)
    try:
        return convert(str(value))
    except (ValueError, ArithmeticError) as error:
        raise StatementError(
            f"parameter {name}: {value!r} is no {kind}", code="INVALID_PARAMETER_VALUE"
        ) from error


def _null(session: SparkSession, kind: str) -> Any:
    # Python's None has no type, and a cast is no literal, which a parameter must be.
    from pyspark.sql.classic.column import Column

    jvm: Any = session._jvm
    spark = jvm.org.apache.spark.sql
    literal = spark.catalyst.expressions.Literal.create(None, spark.types.DataType.fromDDL(kind))
    return Column(spark.classic.ExpressionUtils.column(literal))


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "STRING": str,
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "LONG", "SHORT", "BYTE"), int),
    **dict.fromkeys(("FLOAT", "DOUBLE"), float),
    **dict.fromkeys(("DECIMAL", "NUMERIC"), Decimal),
    "BOOLEAN": _boolean,
    "DATE": dt.date.fromisoformat,
    "TIMESTAMP": dt.datetime.fromisoformat,
    "TIMESTAMP_NTZ": dt.datetime.fromisoformat,
}
