from __future__ import annotations

from typing import Any

import pytest
from pymysql.constants import FIELD_TYPE

from pinterest_pipeline.emulation.source import converters, fetch_greatest_key, fetch_rows
from pinterest_pipeline.entities import contracts
from pinterest_pipeline.errors import EmptySource, MissingRows
from pinterest_pipeline.paths import read_include

GEO = contracts()["geo"]


class FakeDatabase:
    """A DB-API connection that answers with prepared rows."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self.rows = rows
        self.executed: list[tuple[str, Any]] = []

    def cursor(self) -> FakeDatabase:
        return self

    def __enter__(self) -> FakeDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str, parameters: Any = None) -> None:
        self.executed.append((statement, parameters))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.rows

    def rollback(self) -> None:
        pass


def test_rows_have_table_order() -> None:
    database: Any = FakeDatabase([(7528, "2020-08-28 03:52:47", -89.9787, -173.293, "Albania")])
    rows = fetch_rows(database, GEO, "SELECT", [7528])
    assert list(rows[7528].items()) == [
        ("ind", 7528),
        ("timestamp", "2020-08-28 03:52:47"),
        ("latitude", -89.9787),
        ("longitude", -173.293),
        ("country", "Albania"),
    ]


def test_nulls_stay() -> None:
    database: Any = FakeDatabase([(1, None, None, None, None)])
    assert fetch_rows(database, GEO, "SELECT", [1])[1] == dict.fromkeys(GEO.column_names) | {"ind": 1}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        pytest.param(FIELD_TYPE.DATETIME, "2020-08-28 03:52:47", "2020-08-28 03:52:47", id="datetime"),
        pytest.param(FIELD_TYPE.TIMESTAMP, "2020-08-28 03:52:47", "2020-08-28 03:52:47", id="timestamp"),
        pytest.param(FIELD_TYPE.DATETIME, "2020-08-28 03:52:47.120000", "2020-08-28 03:52:47", id="fraction"),
        pytest.param(FIELD_TYPE.DATE, "2021-11-20", "2021-11-20", id="date"),
        pytest.param(FIELD_TYPE.NEWDECIMAL, "-173.293", -173.293, id="decimal"),
        pytest.param(FIELD_TYPE.FLOAT, "-89.9787", -89.9787, id="float"),
        pytest.param(FIELD_TYPE.LONG, "7528", 7528, id="int"),
    ],
)
def test_what_mysql_sends_becomes_a_value_that_json_has(kind: int, text: str, expected: Any) -> None:
    found = converters()[kind](text)
    assert (type(found), found) == (type(expected), expected)


def test_one_query_for_all_keys_each_asked_once() -> None:
    database: Any = FakeDatabase([(key, None, 0.0, 0.0, "x") for key in (3, 1, 2)])
    assert sorted(fetch_rows(database, GEO, "SELECT 1", [3, 1, 3, 2, 1])) == [1, 2, 3]
    assert database.executed == [("SELECT 1", {"keys": [1, 2, 3]})]


def test_no_keys_no_query() -> None:
    database: Any = FakeDatabase([])
    assert fetch_rows(database, GEO, "SELECT", []) == {}
    assert database.executed == []


def test_a_missing_row_is_named() -> None:
    database: Any = FakeDatabase([(1, None, 0.0, 0.0, "x")])
    with pytest.raises(MissingRows, match=r"geolocation_data .* no row for 2 keys: 2, 5"):
        fetch_rows(database, GEO, "SELECT", [5, 1, 2])


def test_the_greatest_key() -> None:
    database: Any = FakeDatabase([(11153,)])
    statement = read_include("sql/source/greatest_key.sql")
    assert fetch_greatest_key(database, statement) == 11153
    assert database.executed == [(statement, None)]
    assert [contract.source_table in statement for contract in contracts().values()] == [True] * 3


def test_an_empty_table_has_no_greatest_key() -> None:
    database: Any = FakeDatabase([(None,)])
    with pytest.raises(EmptySource, match="is empty"):
        fetch_greatest_key(database, "SELECT")


@pytest.mark.parametrize("entity", ["pin", "geo", "user"])
def test_statements_select_the_contracts_columns_in_order(entity: str) -> None:
    contract = contracts()[entity]
    statement = read_include(f"sql/source/{entity}.sql")
    code = " ".join(line for line in statement.splitlines() if not line.startswith("--"))
    columns, _, rest = code.removeprefix("SELECT").partition("FROM")
    assert [column.strip(" `") for column in columns.split(",")] == list(contract.column_names)
    table, _, condition = rest.partition("WHERE")
    assert table.strip() == contract.source_table
    assert condition.split() in ([f"`{contract.key}`", "IN", "%(keys)s"], [contract.key, "IN", "%(keys)s"])
