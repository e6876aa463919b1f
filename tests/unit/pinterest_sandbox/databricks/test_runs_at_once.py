"""Runs beside each other, each on a worker of its own, without Spark."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from pinterest_sandbox.databricks.jobs import RUNS_AT_ONCE
from tests.sandbox.databricks.client import WorkspaceClient

ENDLESS = "import threading\nthreading.Event().wait()"


class Endless:
    """Starts notebooks that never end, and cancels those that are left at the end of a test."""

    def __init__(self, workspace: WorkspaceClient) -> None:
        self.workspace = workspace
        self.started: list[int] = []

    def start(self, *, running: bool = True, **extra: Any) -> int:
        path = self.workspace.notebook(ENDLESS, name="endless.py")
        run_id = self.workspace.submit(path, run_name="endless", **extra)
        self.started.append(run_id)
        if running:
            self.workspace.wait(run_id, life_cycle="RUNNING")
        return run_id

    def cancel(self, run_id: int) -> dict[str, Any]:
        self.workspace.post("2.2/jobs/runs/cancel", run_id=run_id)
        return self.workspace.wait(run_id, limit=10)


@pytest.fixture
def endless(workspace: WorkspaceClient) -> Iterator[Endless]:
    found = Endless(workspace)
    yield found
    for run_id in found.started:
        found.cancel(run_id)


@pytest.fixture
def good(workspace: WorkspaceClient) -> str:
    return workspace.notebook("dbutils.notebook.exit('good')", name="good.py")


def state(run: dict[str, Any]) -> tuple[str, str | None]:
    return run["state"]["life_cycle_state"], run["state"].get("result_state")


def gone(pid: int) -> None:
    """Wait until a process has ended."""
    if psutil.pid_exists(pid):
        psutil.Process(pid).wait(10)


def notebook_workers() -> list[int]:
    """Process ids of the living ones."""
    found = []
    for process in psutil.Process().children():
        if process.status() != psutil.STATUS_ZOMBIE and '"kind": "notebook"' in process.cmdline()[-1]:
            found.append(process.pid)
    return found


def test_run_that_never_ends_blocks_no_other_until_it_is_cancelled(
    workspace: WorkspaceClient, endless: Endless, good: str
) -> None:
    run_id = endless.start()
    worker = workspace.worker_of(run_id)

    assert workspace.result(good) == "good"

    assert state(workspace.run(run_id)) == ("RUNNING", None)
    assert workspace.worker_of(run_id) == worker
    run = endless.cancel(run_id)
    assert state(run) == ("TERMINATED", "CANCELED")
    assert run["tasks"][0]["state"]["result_state"] == "CANCELED"
    gone(worker)
    assert workspace.result(good) == "good"


def test_one_worker_at_most_rests_and_it_is_warm(
    workspace: WorkspaceClient, endless: Endless, good: str
) -> None:
    run_id = endless.start()
    assert workspace.result(good) == "good"
    spare = workspace.workers()["notebook"]["pid"]

    for _ in range(2):
        assert workspace.result(good) == "good"
        assert workspace.workers()["notebook"]["pid"] == spare

    assert sorted(notebook_workers()) == sorted([spare, workspace.worker_of(run_id)])
    endless.cancel(run_id)
    assert notebook_workers() == [spare]


def test_run_over_the_limit_is_queued_until_another_ends(
    workspace: WorkspaceClient, endless: Endless, good: str
) -> None:
    first, *_ = [endless.start() for _ in range(RUNS_AT_ONCE)]
    assert len(notebook_workers()) == RUNS_AT_ONCE
    waiting, cancelled = workspace.submit(good), workspace.submit(good)

    for run_id in (waiting, cancelled):
        assert workspace.run(run_id)["state"] == {
            "life_cycle_state": "QUEUED",
            "state_message": "Queued due to reaching maximum concurrent runs of 3.",
            "queue_reason": "Queued due to reaching maximum concurrent runs of 3.",
        }
    assert state(endless.cancel(cancelled)) == ("TERMINATED", "CANCELED")
    assert state(workspace.run(waiting)) == ("QUEUED", None)

    endless.cancel(first)

    assert state(workspace.wait(waiting)) == ("TERMINATED", "SUCCESS")
    assert "queue_reason" not in workspace.run(waiting)["state"]
    assert workspace.output(workspace.run(cancelled))["notebook_output"] == {}


def test_worker_that_dies_ends_its_own_run_only(
    workspace: WorkspaceClient, endless: Endless, good: str
) -> None:
    killed, other = endless.start(), endless.start()

    os.kill(workspace.worker_of(killed), signal.SIGKILL)

    run = workspace.wait(killed, limit=10)
    assert state(run) == ("INTERNAL_ERROR", "FAILED")
    assert "killed (SIGKILL)" in workspace.output(run)["error"]
    assert workspace.result(good) == "good"
    assert state(workspace.run(other)) == ("RUNNING", None)


def test_time_limit_ends_its_own_run_only(workspace: WorkspaceClient, endless: Endless, good: str) -> None:
    other = endless.start()
    path = workspace.notebook(ENDLESS, name="endless.py")
    task = {"task_key": "slow", "timeout_seconds": 1, "notebook_task": {"notebook_path": path}}

    run = workspace.wait(workspace.post("2.2/jobs/runs/submit", tasks=[task])["run_id"])

    assert run["tasks"][0]["state"]["result_state"] == "TIMEDOUT"
    assert workspace.result(good) == "good"
    assert state(workspace.run(other)) == ("RUNNING", None)


def test_tasks_of_a_run_share_its_worker(workspace: WorkspaceClient, endless: Endless) -> None:
    endless.start()
    path = workspace.notebook("import os\ndbutils.notebook.exit(os.getpid())", name="pid.py")
    tasks = [
        {"task_key": "a", "notebook_task": {"notebook_path": path}},
        {"task_key": "b", "notebook_task": {"notebook_path": path}, "depends_on": [{"task_key": "a"}]},
    ]

    run = workspace.wait(workspace.post("2.2/jobs/runs/submit", tasks=tasks)["run_id"])

    first, second = (workspace.output(run, task)["notebook_output"]["result"] for task in (0, 1))
    assert first == second
