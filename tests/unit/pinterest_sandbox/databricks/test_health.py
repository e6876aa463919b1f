"""Whether the workspace counts as ready."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from fastapi import FastAPI

from pinterest_sandbox.databricks.service import check
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.sandbox.databricks.client import WorkspaceClient
from tests.unit.pinterest_sandbox.databricks.conftest import serving


def test_workspace_that_runs_notebooks_is_ready(workspace: WorkspaceClient) -> None:
    wait_until(lambda: check(workspace.url), what="the worker", timeout=20, interval=0.05)
    health = requests.get(f"{workspace.url}/health", timeout=10).json()
    assert health["jobs"] == {"state": "running"}


@pytest.mark.parametrize(
    ("worker", "jobs", "message"),
    [
        ({"state": "dead", "reason": "why"}, "running", "the notebook worker is dead why"),
        ({"state": "ready", "pid": 1}, "dead", "the queue of runs is dead"),
    ],
    ids=["worker", "queue"],
)
def test_workspace_that_does_not_is_not(worker: dict[str, Any], jobs: str, message: str) -> None:
    app = FastAPI()

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"notebook": worker, "sql": worker, "jobs": {"state": jobs}}

    with serving(app) as url, pytest.raises(NotReady, match=message):
        check(url)
