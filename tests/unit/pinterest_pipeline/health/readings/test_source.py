from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pymysql
import pytest

from pinterest_pipeline.health.checks.source import Reading
from pinterest_pipeline.health.readings import source
from pinterest_pipeline.paths import read_include

MAXIMA = ("1500", "1500", "1400")


class Server:
    """A server that knows the two statements of the reading, and the limit of MySQL or MariaDB.

    :param limit: the variable that it knows.
    :param errors: beginning of a statement to the error that it meets.
    """

    def __init__(self, limit: str = "max_execution_time", **errors: Exception) -> None:
        self.limit = limit
        self.errors = errors
        self.asked: list[str] = []
        self.closed = False
        self.answer: tuple[Any, ...] = ()
        self.description: list[tuple[str]] = []
        self.arguments: dict[str, Any] = {}

    answers: ClassVar[dict[str, tuple[Any, ...]]] = {
        read_include("sql/health/source_rows.sql"): (1000, 1000, 999),
        read_include("sql/health/source_greatest_keys.sql"): (1500, None, 1400),
    }

    def connect(self, **arguments: Any) -> Server:
        self.arguments = arguments
        if "connect" in self.errors:
            raise self.errors["connect"]
        return self

    @contextmanager
    def cursor(self) -> Iterator[Server]:
        yield self

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def execute(self, statement: str) -> None:
        self.asked.append(statement)
        if statement.startswith("SET SESSION"):
            if self.limit not in statement:
                raise pymysql.err.OperationalError(1193, "Unknown system variable")
            return
        kind = "count" if "COUNT(*)" in statement else "keys"
        if kind in self.errors:
            raise self.errors[kind]
        self.answer = self.answers[statement]
        self.description = [("pinterest_data",), ("geolocation_data",), ("user_data",)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [self.answer]


def serve(monkeypatch: pytest.MonkeyPatch, server: Server) -> Server:
    monkeypatch.setattr(pymysql, "connect", server.connect)
    connect(monkeypatch, 3306)
    return server


def connect(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    connection = {
        "conn_type": "mysql",
        "host": "127.0.0.1",
        "port": port,
        "login": "reader",
        "password": "hush-hush",
        "schema": "pinterest",
    }
    monkeypatch.setenv("AIRFLOW_CONN_PINTEREST_SOURCE", json.dumps(connection))


@pytest.mark.parametrize("limit", ["max_execution_time = 2000", "max_statement_time = 2"])
def test_rows_are_counted_under_the_limit_of_the_server(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    server = serve(monkeypatch, Server(limit))
    found = source.read({})
    assert found.rows == {"pinterest_data": 1000, "geolocation_data": 1000, "user_data": 999}
    assert found.counted
    assert f"SET SESSION {limit}" in server.asked
    assert server.closed
    assert server.arguments["database"] == "pinterest"
    assert server.arguments["connect_timeout"] <= 5
    assert server.arguments["read_timeout"] <= 5


@pytest.mark.parametrize(("limit", "number"), [("max_execution_time", 3024), ("max_statement_time", 1969)])
def test_rows_that_take_too_long_give_way_to_keys(
    monkeypatch: pytest.MonkeyPatch, limit: str, number: int
) -> None:
    server = serve(monkeypatch, Server(limit, count=pymysql.err.OperationalError(number, "interrupted")))
    found = source.read({"counted": True})
    assert not found.counted
    assert found.rows == {"pinterest_data": 1500, "geolocation_data": 0, "user_data": 1400}
    assert server.closed

    server.asked.clear()
    again = source.read({"counted": False})
    assert f"SET SESSION {limit}" in server.asked[-2]
    assert again.rows == found.rows
    assert not again.counted
    assert [statement for statement in server.asked if "COUNT(*)" in statement] == []


def test_where_keys_take_too_long_as_well_nothing_is_known_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table without an index on its key."""
    late = pymysql.err.OperationalError(1969, "interrupted")
    serve(monkeypatch, Server("max_statement_time", count=late, keys=late))
    found = source.read({})
    assert (found.rows, found.counted, found.trouble) == ({}, False, "")


@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        (1045, "it refuses the user or the password"),
        (1049, "it has no such database"),
        (1040, "it has too many connections"),
        (2013, "it did not answer in time"),
        (4711, "MySQL error 4711"),
    ],
)
def test_what_the_server_refuses_is_told_without_its_words(
    monkeypatch: pytest.MonkeyPatch, number: int, trouble: str
) -> None:
    words = "Access denied for user 'reader'@'10.0.0.7' (using password: YES)"
    serve(monkeypatch, Server(connect=pymysql.err.OperationalError(number, words)))
    assert source.read({}) == Reading(trouble=trouble)


def test_a_server_that_goes_while_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(monkeypatch, Server(count=pymysql.err.OperationalError(2013, "Lost connection")))
    assert source.read({}) == Reading(trouble="it did not answer in time")
    assert server.closed


def test_a_table_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    error = pymysql.err.ProgrammingError(1146, "Table 'pinterest.user_data' doesn't exist")
    serve(monkeypatch, Server(count=error))
    found = source.read({})
    assert (found.missing, found.trouble, found.rows) == ("user_data", "", {})


def test_other_errors_are_no_state_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, Server(count=pymysql.err.ProgrammingError(1064, "syntax")))
    with pytest.raises(pymysql.err.ProgrammingError):
        source.read({})


def test_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        connect(monkeypatch, probe.getsockname()[1])
        assert source.read({}) == Reading(trouble="no connection")


def test_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_PINTEREST_SOURCE", raising=False)
    assert source.read({}) == Reading(no_connection=True)
