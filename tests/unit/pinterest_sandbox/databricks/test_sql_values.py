"""Values of a result as text, and parameters from text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import types as t

from pinterest_sandbox.databricks.sql import StatementError, _argument, _renderer

#: Only a parameter without a value needs one: tests/sandbox/databricks/test_statements.py.
NO_SESSION: Any = None


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (t.BooleanType(), True, "true"),
        (t.LongType(), 2**40, "1099511627776"),
        (t.DoubleType(), 0.001, "0.001"),
        (t.DoubleType(), 9999999.0, "9999999.0"),
        (t.DoubleType(), 1e7, "1.0E7"),
        (t.DoubleType(), -1.25e-5, "-1.25E-5"),
        (t.DoubleType(), 123456789.125, "1.23456789125E8"),
        (t.DoubleType(), float("nan"), "NaN"),
        (t.DoubleType(), float("-inf"), "-Infinity"),
        (t.DecimalType(10, 2), Decimal("1E+3"), "1000"),
        (t.DateType(), dt.date(2020, 1, 2), "2020-01-02"),
        (t.TimestampType(), dt.datetime(2020, 1, 2, 3, 4, 5, 6000), "2020-01-02T03:04:05.006Z"),
        (t.StringType(), "true", "true"),
        (t.ArrayType(t.StringType()), ["ü", None], '["ü",null]'),
        (t.ArrayType(t.DateType()), [dt.date(2020, 1, 2)], '["2020-01-02"]'),
        (t.MapType(t.IntegerType(), t.DoubleType()), {1: 2.5}, '{"1":2.5}'),
    ],
)
def test_value_as_databricks_writes_it(kind: t.DataType, value: Any, text: str) -> None:
    assert _renderer(kind)(value) == text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (None, "x", "x"),
        ("STRING", "7", "7"),
        ("bigint", "7", 7),
        ("DOUBLE", "1e3", 1000.0),
        ("DECIMAL(10,2)", "1.50", Decimal("1.50")),
        ("BOOLEAN", "False", False),
        ("DATE", "2020-01-02", dt.date(2020, 1, 2)),
        ("TIMESTAMP", "2020-01-02T03:04:05", dt.datetime(2020, 1, 2, 3, 4, 5)),
    ],
)
def test_parameter_in_its_type(kind: str | None, text: str | None, value: Any) -> None:
    converted = _argument(NO_SESSION, {"name": "p", "value": text, "type": kind})
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("INT", "1.5"),
        ("BOOLEAN", "yes"),
        ("DATE", "today"),
        ("DECIMAL", "x"),
        ("GEOMETRY", "x"),
        ("GEOMETRY", None),
    ],
)
def test_bad_parameter_is_refused(kind: str, text: str | None) -> None:
    with pytest.raises(StatementError, match="parameter p") as refused:
        _argument(NO_SESSION, {"name": "p", "value": text, "type": kind})
    assert refused.value.code == "INVALID_PARAMETER_VALUE"
