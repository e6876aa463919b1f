"""A fake Databricks workspace, and what a task's context offers to an operator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.cloud_operators import running
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


@pytest.fixture
def context() -> Any:
    """The context of one task; the same one stands for its next try."""
    return running.context()
