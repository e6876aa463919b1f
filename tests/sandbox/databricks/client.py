"""A small client of the REST API over plain HTTP, independent of the provider's."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import requests

from pinterest_sandbox.waiting import NotReady, wait_until


class WorkspaceClient:
    """Calls the workspace and waits for its runs.

    :param folder: a workspace folder for the test's notebooks.
    :param compute: what a task runs on, e.g. ``existing_cluster_id``; nothing of it is serverless.
    :param warehouse: id of the SQL warehouse.
    :param limit: seconds that a run may take.
    :param interval: seconds between two looks at a run or statement.
    """

    def __init__(
        self,
        url: str,
        token: str,
        folder: str,
        *,
        compute: Mapping[str, Any] | None = None,
        warehouse: str = "sandbox",
        limit: float = 180,
        interval: float = 0.1,
    ) -> None:
        self.url = url
        self.folder = folder
        self.compute = {"existing_cluster_id": "sandbox"} if compute is None else compute
        self.warehouse = warehouse
        self.limit = limit
        self.interval = interval
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One call of the API, whatever it answers."""
        return self._http.request(method, f"{self.url}/api/{path}", timeout=120, **options)

    def get(self, path: str, /, **values: Any) -> dict[str, Any]:
        """A ``GET`` that succeeds."""
        return _json(self.call("GET", path, params=values))

    def post(self, path: str, /, **values: Any) -> dict[str, Any]:
        """A ``POST`` that succeeds."""
        return _json(self.call("POST", path, json=values))

    def publish(self, name: str, text: str) -> str:
        """Import a file by the format ``AUTO`` into the test's folder.

        :returns: its path; a notebook's has no extension.
        """
        path = f"{self.folder}/{name}"
        content = base64.b64encode(text.encode()).decode()
        self.post("2.0/workspace/import", path=path, format="AUTO", overwrite=True, content=content)
        return path.removesuffix(".py") if text.startswith("# Databricks notebook source") else path

    def notebook(self, *cells: str, name: str = "notebook.py") -> str:
        """Publish a notebook of these cells."""
        text = "# Databricks notebook source\n" + "\n# COMMAND ----------\n".join(cells) + "\n"
        return self.publish(name, text)

    def submit(self, notebook_path: str, parameters: dict[str, str] | None = None, **extra: Any) -> int:
        """Start a run of one notebook and give its id."""
        task = {
            "task_key": "notebook",
            **self.compute,
            "notebook_task": {"notebook_path": notebook_path, "base_parameters": parameters or {}},
        }
        values = {"run_name": "test", "tasks": [task], **extra}
        return int(self.post("2.2/jobs/runs/submit", **values)["run_id"])

    def run(self, run_id: int) -> dict[str, Any]:
        """The present state of a run."""
        return self.get("2.2/jobs/runs/get", run_id=run_id)

    def wait(
        self, run_id: int, *, life_cycle: str | None = None, limit: float | None = None
    ) -> dict[str, Any]:
        """Wait until a run has ended, or its only task has reached ``life_cycle``."""

        def check() -> None:
            run = self.run(run_id)
            state = (run["tasks"][0] if life_cycle else run)["state"]["life_cycle_state"]
            if state not in ({life_cycle} if life_cycle else {"TERMINATED", "INTERNAL_ERROR", "SKIPPED"}):
                raise NotReady(state)

        wait_until(check, what=f"run {run_id}", timeout=limit or self.limit, interval=self.interval)
        return self.run(run_id)

    def output(self, run: dict[str, Any], task: int = 0) -> dict[str, Any]:
        """The output of a run's task."""
        return self.get("2.2/jobs/runs/get-output", run_id=run["tasks"][task]["run_id"])

    def result(self, notebook_path: str, parameters: dict[str, str] | None = None) -> str:
        """Run a notebook that must succeed, and give its exit value."""
        output = self.output(self.wait(self.submit(notebook_path, parameters)))
        assert "error" not in output, output["error_trace"]
        return str(output["notebook_output"]["result"])

    def statement(self, text: str, **values: Any) -> dict[str, Any]:
        """Run a statement to its end, whatever that is."""
        answer = self.post(
            "2.0/sql/statements", statement=text, warehouse_id=self.warehouse, wait_timeout="50s", **values
        )
        return self.ended(answer["statement_id"])

    def ended(self, statement_id: str, limit: float = 120) -> dict[str, Any]:
        """Wait until a statement has ended."""

        def check() -> None:
            state = self.get(f"2.0/sql/statements/{statement_id}")["status"]["state"]
            if state in ("PENDING", "RUNNING"):
                raise NotReady(state)

        wait_until(check, what=f"statement {statement_id}", timeout=limit, interval=self.interval)
        return self.get(f"2.0/sql/statements/{statement_id}")

    def rows(self, text: str, **values: Any) -> list[list[str | None]]:
        """The rows of a statement that must succeed."""
        answer = self.statement(text, **values)
        assert answer["status"]["state"] == "SUCCEEDED", answer["status"]
        rows: list[list[str | None]] = answer["result"]["data_array"]
        return rows

    def workers(self) -> dict[str, dict[str, Any]]:
        """State and process id of the SQL worker and of the notebook worker at rest."""
        health = self._health()
        return {kind: health[kind] for kind in ("notebook", "sql")}

    def worker_of(self, run_id: int) -> int:
        """Process id of the worker that a run is at work on."""
        [pid] = [run["pid"] for run in self._health()["runs"] if run["run_id"] == run_id]
        return int(pid)

    def _health(self) -> dict[str, Any]:
        return _json(self._http.get(f"{self.url}/health", timeout=10))


def _json(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer
