"""A fake Databricks workspace, and what a task's context offers to an operator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.cloud_operators.databricks.fake_databricks import TOKEN, FakeDatabricks, serve


@pytest.fixture
def databricks(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDatabricks]:
    fake = FakeDatabricks()
    server = serve(fake)
    connection = {
        "conn_type": "databricks",
        "host": "127.0.0.1",
        "schema": "http",
        "port": fake.port,
        "password": TOKEN,
    }
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))
    yield fake
    server.shutdown()
    server.server_close()


class StateStore(dict[str, Any]):
    """Keeps JSON values over the tries of a task, as the task state store does."""

    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))


class TaskInstance:
    """What the operators use of a running task instance."""

    dag_id = "example_dag"
    task_id = "example_task"
    stats_tags: dict[str, str] = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


@pytest.fixture
def context() -> dict[str, Any]:
    """The context of one task; the same one stands for its next try."""
    return {"ti": TaskInstance(), "task_state_store": StateStore()}
