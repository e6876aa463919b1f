"""Airflow's REST API v2, as far as a driver of DAG runs needs it.

Follows https://airflow.apache.org/docs/apache-airflow/3.3.1/stable-rest-api-ref.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from pinterest_sandbox.waiting import NotReady, wait_until

FINISHED = frozenset({"success", "failed"})


class RunFailed(Exception):
    """A DAG run did not succeed; the message has the failed task and the end of its log."""


@dataclass(frozen=True)
class TaskState:
    """One task instance of a run.

    :param label: its id, with the map label of a mapped one.
    :param state: Airflow's state, ``None`` before it is scheduled.
    :param seconds: how long it ran, or has run so far.
    :param instance_id: Airflow's own id of it.
    """

    label: str
    state: str | None
    seconds: float
    task_id: str
    map_index: int
    try_number: int
    instance_id: str


class AirflowClient:
    """A client of the API server.

    :param url: its base address.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        token = self._session.get(f"{url}/auth/token", timeout=30)
        token.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {token.json()['access_token']}"

    def wait_for_dags(self, names: tuple[str, ...], *, timeout: float) -> None:
        """Wait until the DAGs ``names`` have been parsed.

        :raises RunFailed: when a DAG file cannot be imported, with its error.
        """

        def parsed() -> None:
            errors = self._get("/importErrors")["import_errors"]
            if errors:
                raise RunFailed(
                    "\n".join(
                        f"{error['filename']} cannot be imported:\n{error['stack_trace']}" for error in errors
                    )
                )
            known = {dag["dag_id"] for dag in self._get("/dags", limit=100)["dags"]}
            missing = [name for name in names if name not in known]
            if missing:
                raise NotReady(f"not parsed yet: {', '.join(missing)}")

        wait_until(parsed, what="the DAGs", timeout=timeout, interval=0.5)

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run ``dag_id``."""
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def pause(self, dag_id: str) -> None:
        """Let the scheduler start no run of ``dag_id``."""
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": True})

    def is_paused(self, dag_id: str) -> bool:
        """Whether the scheduler starts no task of ``dag_id``."""
        return bool(self._get(f"/dags/{dag_id}")["is_paused"])

    def trigger(self, dag_id: str, conf: dict[str, object]) -> str:
        """Start a run of ``dag_id``.

        :returns: its run id.
        """
        answer = self._call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        return str(answer["dag_run_id"])

    def find_run(self, dag_id: str, *, since: datetime, timeout: float) -> str:
        """The first run of ``dag_id`` that was queued after ``since``, waited for.

        :returns: its run id.
        """
        found: list[str] = []

        def queued() -> None:
            runs = self._get(f"/dags/{dag_id}/dagRuns", order_by="-run_after", limit=20)["dag_runs"]
            # A run of `airflow dags test` was never queued.
            queued_runs = [run for run in runs if run["queued_at"]]
            newer = [run for run in queued_runs if datetime.fromisoformat(run["queued_at"]) >= since]
            if not newer:
                raise NotReady("no run was queued")
            found.append(newer[-1]["dag_run_id"])

        wait_until(queued, what=f"a run of {dag_id}", timeout=timeout, interval=0.5)
        return found[0]

    def active_runs(self, dag_id: str) -> list[str]:
        """Run ids of ``dag_id`` that have not ended."""
        runs = self._get(f"/dags/{dag_id}/dagRuns", order_by="-run_after", limit=50)["dag_runs"]
        return [run["dag_run_id"] for run in runs if run["state"] not in FINISHED]

    def run_state(self, dag_id: str, run_id: str) -> str:
        """The state of a run."""
        return str(self._get(f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def job_status(self, job: str) -> str:
        """Whether a process of Airflow beats: ``healthy`` or ``unhealthy``.

        :param job: ``scheduler``, ``triggerer`` or ``dag_processor``.
        """
        return str(self._get("/monitor/health")[job]["status"])

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        """The task instances of a run in the order they started."""
        answer = self._get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=200)
        rows = sorted(answer["task_instances"], key=lambda row: (row["start_date"] or "9", row["task_id"]))
        return [
            TaskState(
                label=_label(row),
                state=row["state"],
                seconds=_seconds(row),
                task_id=row["task_id"],
                map_index=row["map_index"],
                try_number=row["try_number"],
                instance_id=row["id"],
            )
            for row in rows
        ]

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task returned."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self._get(path, deserialize="true")["value"]

    def log_tail(self, dag_id: str, run_id: str, task: TaskState, lines: int = 25) -> str:
        """The last lines of the log of a task's last try."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task.task_id}/logs/{task.try_number}"
        content = self._get(path, map_index=task.map_index, full_content="true")["content"]
        texts = [_shortened(str(line.get("event", line))) for line in content if isinstance(line, dict)]
        errors = [
            _error_text(line) for line in content if isinstance(line, dict) and line.get("error_detail")
        ]
        return "\n".join([*texts[-lines:], *errors])

    def wait_for_run(
        self,
        dag_id: str,
        run_id: str,
        *,
        timeout: float,
        report: Callable[[list[TaskState]], None] | None = None,
    ) -> None:
        """Wait until a run has ended.

        :param report: called with the tasks' states every half second.
        :raises RunFailed: when it has not succeeded.
        """

        def ended() -> None:
            if report is not None:
                report(self.tasks(dag_id, run_id))
            state = self.run_state(dag_id, run_id)
            if state not in FINISHED:
                raise NotReady(f"its state is {state}")

        wait_until(ended, what=f"run {run_id} of {dag_id}", timeout=timeout, interval=0.5)
        if report is not None:
            report(self.tasks(dag_id, run_id))
        if self.run_state(dag_id, run_id) != "success":
            raise RunFailed(self._failure(dag_id, run_id))

    def _failure(self, dag_id: str, run_id: str) -> str:
        failed = [task for task in self.tasks(dag_id, run_id) if task.state == "failed"]
        parts = [f"{dag_id} failed (run {run_id})"]
        for task in failed:
            parts += [f"task {task.label}:", self.log_tail(dag_id, run_id, task)]
        return "\n".join(parts)

    def _get(self, path: str, **query: object) -> dict[str, Any]:
        return self._call("GET", path, params={name: str(value) for name, value in query.items()})

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        answer = self._session.request(method, f"{self._url}/api/v2{path}", timeout=60, **arguments)
        if answer.status_code >= 400:
            raise RunFailed(f"Airflow answers {answer.status_code} to {method} {path}: {answer.text[:2000]}")
        content: dict[str, Any] = answer.json()
        return content


def _seconds(row: dict[str, Any]) -> float:
    if row["duration"] is not None:
        return float(row["duration"])
    if row["state"] not in ("running", "deferred") or row["start_date"] is None:
        return 0.0
    return (datetime.now(UTC) - datetime.fromisoformat(row["start_date"])).total_seconds()


def _label(row: dict[str, Any]) -> str:
    if row["map_index"] < 0:
        return str(row["task_id"])
    return f"{row['task_id']} [{row.get('rendered_map_index') or row['map_index']}]"


def _error_text(line: dict[str, Any]) -> str:
    return "\n".join(
        f"{error.get('exc_type')}: {_shortened(str(error.get('exc_value')))}"
        for error in line["error_detail"]
    )


def _shortened(text: str, limit: int = 2500) -> str:
    """``text`` without its middle: a Java trace runs to pages, its ends say what happened."""
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}\n[… {len(text) - limit:,} characters …]\n{text[-limit // 2 :]}"
