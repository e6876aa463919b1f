"""Parameters and result values of SQL statements."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cloud_operators.databricks.statement import (
    Statement,
    is_missing_table,
    quoted_table,
    statement_parameters,
    typed_rows,
)
from cloud_operators.exceptions import StatementFailed


@pytest.mark.parametrize(
    ("value", "text", "sql_type"),
    [
        pytest.param("x", "x", "STRING", id="text"),
        pytest.param("", "", "STRING", id="empty-text"),
        pytest.param(7, "7", "INT", id="int"),
        pytest.param(-(2**31), "-2147483648", "INT", id="smallest-int"),
        pytest.param(2**31, "2147483648", "BIGINT", id="bigint"),
        pytest.param(True, "true", "BOOLEAN", id="boolean-is-no-int"),
        pytest.param(0.1, "0.1", "DOUBLE", id="double"),
        pytest.param(Decimal("1.50"), "1.50", "DECIMAL(3,2)", id="decimal"),
        pytest.param(Decimal("0.001"), "0.001", "DECIMAL(3,3)", id="small-decimal"),
        pytest.param(Decimal("-12E+2"), "-1200", "DECIMAL(4,0)", id="exponent"),
        pytest.param(Decimal(0), "0", "DECIMAL(1,0)", id="zero"),
        pytest.param(date(2024, 2, 29), "2024-02-29", "DATE", id="date"),
        pytest.param(
            datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC),
            "2024-02-29 01:02:03+00:00",
            "TIMESTAMP",
            id="timestamp",
        ),
    ],
)
def test_types_of_parameters(value: Any, text: str, sql_type: str) -> None:
    assert statement_parameters({"p": value}) == [{"name": "p", "value": text, "type": sql_type}]


def test_null_parameter_has_no_value() -> None:
    assert statement_parameters({"p": None}) == [{"name": "p"}]


@pytest.mark.parametrize("name", ["", "1a", "a b", "a;b", "ä", "a-b"])
def test_wrong_parameter_names(name: str) -> None:
    with pytest.raises(ValueError, match="parameter"):
        statement_parameters({name: 1})


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"x", Decimal("NaN")], ids=repr)
def test_values_that_sql_does_not_take(value: Any) -> None:
    with pytest.raises(ValueError, match="parameter 'p'"):
        statement_parameters({"p": value})


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        pytest.param("BYTE", "-1", -1, id="byte"),
        pytest.param("SHORT", "1", 1, id="short"),
        pytest.param("INT", "2147483647", 2147483647, id="int"),
        pytest.param("LONG", "9223372036854775807", 9223372036854775807, id="long"),
        pytest.param("FLOAT", "0.5", 0.5, id="float"),
        pytest.param("DOUBLE", "1.0E10", 1e10, id="double"),
        pytest.param("DOUBLE", "-Infinity", float("-inf"), id="infinity"),
        pytest.param("DECIMAL", "1.10", Decimal("1.10"), id="decimal"),
        pytest.param("BOOLEAN", "true", True, id="true"),
        pytest.param("BOOLEAN", "false", False, id="false"),
        pytest.param("DATE", "2024-02-29", "2024-02-29", id="date"),
        pytest.param("TIMESTAMP", "2024-02-29T01:02:03.000Z", "2024-02-29T01:02:03.000Z", id="timestamp"),
        pytest.param("STRING", "1", "1", id="text-of-digits"),
        pytest.param("ARRAY", '["a","b"]', ["a", "b"], id="array"),
        pytest.param("STRUCT", '{"a":1}', {"a": 1}, id="struct"),
        pytest.param("MAP", "no json", "no json", id="unreadable-map"),
        pytest.param("INTERVAL", "1-0", "1-0", id="unknown-type"),
    ],
)
def test_types_of_results(type_name: str, text: str, value: Any) -> None:
    ((row),) = typed_rows([{"name": "c", "type_name": type_name}], [[text]])
    assert row == {"c": value}
    assert type(row["c"]) is type(value)


@pytest.mark.parametrize("type_name", ["INT", "BOOLEAN", "STRING", "ARRAY"])
def test_null_results(type_name: str) -> None:
    assert typed_rows([{"name": "c", "type_name": type_name}], [[None]]) == [{"c": None}]


def test_columns_of_the_same_name_are_refused() -> None:
    with pytest.raises(ValueError, match="columns a occur twice"):
        typed_rows([{"name": "a"}, {"name": "b"}, {"name": "a"}], [])


@pytest.mark.parametrize("name", ["`t`", "`s`.`t`", "`c`.`s`.`12b287eedf6d_pin_batch`", "`a b`"])
def test_quoted_tables(name: str) -> None:
    assert quoted_table(name) == name


@pytest.mark.parametrize(
    "name", ["t", "", "`t", "``", "`a`.`b`.`c`.`d`", "`t`; DROP TABLE x", "`t`--", "`t`\n"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="back-quoted"):
        quoted_table(name)


def test_request_of_a_statement() -> None:
    assert Statement("\n SELECT 1 ;\n", warehouse_id="w").request() == {
        "statement": "SELECT 1",
        "warehouse_id": "w",
    }
    assert Statement("SELECT 1", warehouse_id="w", catalog="c", schema="s").request() == {
        "statement": "SELECT 1",
        "warehouse_id": "w",
        "catalog": "c",
        "schema": "s",
    }


@pytest.mark.parametrize(
    "statement", [Statement(" ; ", warehouse_id="w"), Statement("SELECT 1", warehouse_id="")], ids=repr
)
def test_empty_statement_or_warehouse(statement: Statement) -> None:
    with pytest.raises(ValueError, match="empty"):
        statement.request()


def test_missing_table_is_recognised() -> None:
    text = "[TABLE_OR_VIEW_NOT_FOUND] The table or view `t` cannot be found. SQLSTATE: 42P01"
    assert is_missing_table(StatementFailed("BAD_REQUEST", text))
    assert not is_missing_table(StatementFailed("BAD_REQUEST", "[DIVIDE_BY_ZERO] Division by zero."))
