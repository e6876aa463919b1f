"""``runs/list``, whose runs begin and end meanwhile. https://docs.databricks.com/api/workspace/jobs/listruns"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.databricks.server.app import create_app
from tests.sandbox.databricks.client import WorkspaceClient
from tests.unit.pinterest_sandbox.databricks.conftest import TOKEN, serving, sparkless

LIST = "2.2/jobs/runs/list"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkspaceClient]:
    """One that lists nothing else."""
    folder: Path = tmp_path_factory.mktemp("databricks")
    with serving(create_app(folder=folder, token=TOKEN, start_worker=sparkless(folder))) as url:
        yield WorkspaceClient(url, TOKEN, "/Shared", limit=20, interval=0.01)


@pytest.fixture(scope="module")
def ended(workspace: WorkspaceClient) -> list[int]:
    """Three runs that have ended, the newest first."""
    path = workspace.notebook("1")
    found = [workspace.submit(path, run_name=f"run {number}") for number in range(3)]
    for run_id in found:
        workspace.wait(run_id)
    return found[::-1]


@pytest.fixture
def active(workspace: WorkspaceClient, ended: list[int]) -> Iterator[list[int]]:
    """Three runs that go on, the newest first."""
    path = workspace.notebook("import threading\nthreading.Event().wait()", name="endless.py")
    found = [workspace.submit(path, run_name="endless") for _ in range(3)]
    for run_id in found:
        workspace.wait(run_id, life_cycle="RUNNING")
    yield found[::-1]
    for run_id in found:
        cancel(workspace, run_id)


def cancel(workspace: WorkspaceClient, run_id: int) -> None:
    workspace.post("2.2/jobs/runs/cancel", run_id=run_id)
    workspace.wait(run_id)


def ids(answer: dict[str, Any]) -> list[int]:
    return [run["run_id"] for run in answer.get("runs", [])]


def test_active_and_completed_runs(workspace: WorkspaceClient, ended: list[int], active: list[int]) -> None:
    listed = workspace.get(LIST, active_only="true")
    assert ids(listed) == active
    for run in listed["runs"]:
        assert (run["run_name"], run["state"]["life_cycle_state"]) == ("endless", "RUNNING")
        assert "result_state" not in run["state"]
        assert run["run_page_url"] == workspace.run(run["run_id"])["run_page_url"]
    completed = workspace.get(LIST, completed_only="true")["runs"]
    assert [run["run_id"] for run in completed][-3:] == ended
    assert [run["run_name"] for run in completed][-3:] == ["run 2", "run 1", "run 0"]
    assert {run["state"]["life_cycle_state"] for run in completed} == {"TERMINATED"}
    assert ids(workspace.get(LIST))[:3] == active

    cancel(workspace, active[0])

    assert ids(workspace.get(LIST, active_only="true")) == active[1:]
    assert ids(workspace.get(LIST, completed_only="true"))[0] == active[0]


def test_run_that_ends_between_two_pages_hides_no_other(
    workspace: WorkspaceClient, active: list[int]
) -> None:
    first = workspace.get(LIST, active_only="true", limit=1)
    assert (ids(first), first["has_more"]) == (active[:1], True)

    cancel(workspace, active[0])

    second = workspace.get(LIST, active_only="true", limit=1, page_token=first["next_page_token"])
    assert ids(second) == active[1:2]
    last = workspace.get(LIST, active_only="true", limit=1, page_token=second["next_page_token"])
    assert (ids(last), last["has_more"]) == (active[2:], False)
    assert "next_page_token" not in last


def test_offset(workspace: WorkspaceClient, ended: list[int]) -> None:
    newest = ids(workspace.get(LIST))
    assert ids(workspace.get(LIST, offset=1, limit=2)) == newest[1:3]
    beyond = workspace.get(LIST, offset=len(newest))
    assert beyond == {"has_more": False}


def test_tasks_only_when_asked_for(workspace: WorkspaceClient, ended: list[int]) -> None:
    assert "tasks" not in workspace.get(LIST, limit=1)["runs"][0]
    [run] = workspace.get(LIST, limit=1, expand_tasks="true")["runs"]
    assert run["tasks"] == workspace.run(run["run_id"])["tasks"]


def test_runs_of_a_job_a_type_and_a_time(workspace: WorkspaceClient, ended: list[int]) -> None:
    run = workspace.run(ended[1])
    begun = run["start_time"]

    assert ids(workspace.get(LIST, job_id=run["job_id"])) == [ended[1]]
    assert ended[1] in ids(workspace.get(LIST, run_type="SUBMIT_RUN"))
    assert ids(workspace.get(LIST, run_type="JOB_RUN")) == []
    for bounds, there in (
        ({"start_time_from": begun}, True),
        ({"start_time_from": begun + 1}, False),
        ({"start_time_to": begun}, True),
        ({"start_time_to": begun - 1}, False),
        ({"start_time_from": begun, "start_time_to": begun}, True),
    ):
        assert (ended[1] in ids(workspace.get(LIST, **bounds))) is there, bounds


def test_limit(workspace: WorkspaceClient, ended: list[int]) -> None:
    """0 is as many as there may be."""
    path = workspace.notebook("1")
    for run_id in [workspace.submit(path) for _ in range(24)]:
        workspace.wait(run_id)
    assert len(workspace.get(LIST)["runs"]) == 20
    assert len(workspace.get(LIST, limit=0)["runs"]) == 25


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"limit": 27}, "Invalid limit 27 - it has to be no more than 26."),
        ({"limit": -1}, "limit"),
        ({"active_only": "true", "completed_only": "true"}, "active_only and completed_only"),
        ({"page_token": "abc"}, "page_token"),
        ({"run_type": "OTHER"}, "run_type"),
    ],
    ids=["limit", "negative limit", "active and completed", "token", "type"],
)
def test_refused(workspace: WorkspaceClient, asked: dict[str, Any], message: str) -> None:
    refused = workspace.call("GET", LIST, params=asked)
    assert refused.status_code == 400
    assert message in refused.json()["message"]
