"""Clients of the running workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from airflow.providers.databricks.hooks.databricks import DatabricksHook

from tests.running_sandbox import RunningSandbox
from tests.sandbox.databricks.client import WorkspaceClient


@pytest.fixture
def workspace(sandbox: RunningSandbox) -> Iterator[WorkspaceClient]:
    """The workspace through plain HTTP, with a folder of the test's own."""
    client = WorkspaceClient(sandbox.url("databricks"), sandbox.databricks_token, f"/Shared/{uuid4().hex}")
    client.post("2.0/workspace/mkdirs", path=client.folder)
    yield client
    client.post("2.0/workspace/delete", path=client.folder, recursive=True)


@pytest.fixture
def hook(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> DatabricksHook:
    """The provider's hook over a connection as a user would write it."""
    connection = {
        "conn_type": "databricks",
        "host": "127.0.0.1",
        "port": sandbox.ports["databricks"],
        "schema": "http",
        "password": sandbox.databricks_token,
    }
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))
    return DatabricksHook()
