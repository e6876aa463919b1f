"""A Databricks workspace behind ``databricks_default``, with a warehouse that answers what it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pinterest_pipeline.paths import read_include
from tests.unit.cloud_operators.databricks import fake_databricks
from tests.unit.cloud_operators.databricks.fake_databricks import TOKEN, Answer, FakeDatabricks

WAREHOUSE = "0123456789abcdef"
#: A statement that reads a table which is not there.
MISSING = Answer(
    state="FAILED",
    error={"error_code": "BAD_REQUEST", "message": "[TABLE_OR_VIEW_NOT_FOUND] `t` cannot be found."},
    looks=(),
)
#: A statement that waits for a warehouse which is being started.
STARTING = Answer(looks=("PENDING",) * 1000)


def connect(monkeypatch: pytest.MonkeyPatch, port: int, token: str = TOKEN) -> None:
    place = {"host": "127.0.0.1", "schema": "http", "port": port}
    connection = {"conn_type": "databricks", **place, "password": token}
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))


@pytest.fixture
def databricks(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDatabricks]:
    """A workspace behind the connection."""
    fake = FakeDatabricks()
    server = fake_databricks.serve(fake)
    connect(monkeypatch, fake.port)
    yield fake
    server.shutdown()
    server.server_close()


def rows(*found: dict[str, Any]) -> Answer:
    """The answer of a statement with these rows, as the API has them."""
    kinds = {name: "STRING" if isinstance(value, str) else "LONG" for name, value in found[0].items()}
    data = [[None if value is None else str(value) for value in row.values()] for row in found]
    return Answer(tuple(kinds.items()), (data,), looks=())


def answer(fake: FakeDatabricks, **answers: Answer) -> None:
    """Let the warehouse answer.

    :param answers: file under ``include/sql``, as ``health__batch_tables``, to its answer.
    """
    known = {
        read_include(f"sql/{name.replace('__', '/')}.sql").strip(): found for name, found in answers.items()
    }

    def found(request: dict[str, Any]) -> Answer:
        assert request["warehouse_id"] == WAREHOUSE
        return known[request["statement"]]

    fake.statements = found


def parameters(fake: FakeDatabricks) -> list[dict[str, str]]:
    """The parameters of each statement that was started, in their order."""
    return [
        {each["name"]: each["value"] for each in statement.request["parameters"]}
        for statement in fake.running.values()
    ]


def cancelled(fake: FakeDatabricks) -> list[bool]:
    """Of each statement that was started, whether it was cancelled."""
    return [statement.cancelled for statement in fake.running.values()]
