"""Runs of notebooks. https://docs.databricks.com/api/workspace/jobs"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.sandbox.databricks.client import WorkspaceClient


def task(workspace: WorkspaceClient, key: str, path: str, **extra: Any) -> dict[str, Any]:
    return {"task_key": key, **workspace.compute, "notebook_task": {"notebook_path": path}, **extra}


def test_run_succeeds_with_its_exit_value(workspace: WorkspaceClient) -> None:
    path = workspace.notebook(
        'dbutils.widgets.text("who", "nobody")\ndbutils.widgets.text("left", "default")',
        'dbutils.notebook.exit(dbutils.widgets.get("who") + " " + dbutils.widgets.get("left"))',
    )
    run_id = workspace.submit(path, {"who": "Ada"})
    begun = workspace.run(run_id)
    run = workspace.wait(run_id)

    assert begun["state"]["life_cycle_state"] in {
        "QUEUED",
        "PENDING",
        "BLOCKED",
        "RUNNING",
        "TERMINATING",
        "TERMINATED",
    }
    assert (run["state"]["life_cycle_state"], run["state"]["result_state"]) == ("TERMINATED", "SUCCESS")
    assert (run["run_id"], run["run_name"], run["run_type"]) == (run_id, "test", "SUBMIT_RUN")
    assert 0 < run["start_time"] <= run["end_time"]
    assert run["run_page_url"].startswith("http")
    [only] = run["tasks"]
    assert (only["task_key"], only["notebook_task"]["notebook_path"]) == ("notebook", path)
    assert only["state"]["result_state"] == "SUCCESS"
    output = workspace.output(run)
    assert output["notebook_output"] == {"result": "Ada default", "truncated": False}
    assert "error" not in output
    assert output["metadata"]["run_id"] == only["run_id"]


def test_failed_run_has_its_error(workspace: WorkspaceClient) -> None:
    run = workspace.wait(workspace.submit(workspace.notebook("raise ValueError('no pin')")))

    assert run["state"]["result_state"] == "FAILED"
    assert run["tasks"][0]["state"]["result_state"] == "FAILED"
    output = workspace.output(run)
    assert "ValueError: no pin" in output["error"]
    assert "ValueError" in output["error_trace"]


def test_exit_of_python_fails_the_notebook(workspace: WorkspaceClient) -> None:
    run = workspace.wait(workspace.submit(workspace.notebook("import sys", "sys.exit(1)")))

    assert run["tasks"][0]["state"]["result_state"] == "FAILED"
    assert "SystemExit: 1" in workspace.output(run)["error"]


def test_cancelled_run(workspace: WorkspaceClient) -> None:
    run_id = workspace.submit(workspace.notebook("import time\ntime.sleep(600)"))
    workspace.wait(run_id, life_cycle="RUNNING")

    assert workspace.post("2.2/jobs/runs/cancel", run_id=run_id) == {}

    run = workspace.wait(run_id)
    assert (run["state"]["life_cycle_state"], run["state"]["result_state"]) == ("TERMINATED", "CANCELED")
    # Cancelling what has ended changes nothing.
    assert workspace.post("2.2/jobs/runs/cancel", run_id=run_id) == {}
    assert workspace.run(run_id)["state"]["result_state"] == "CANCELED"


def test_same_token_gives_the_same_run(workspace: WorkspaceClient) -> None:
    path, token = workspace.notebook("1"), uuid4().hex
    first = workspace.submit(path, idempotency_token=token)

    assert workspace.submit(path, idempotency_token=token) == first
    assert workspace.wait(first)["state"]["result_state"] == "SUCCESS"
    # Also when the run has ended.
    assert workspace.submit(path, idempotency_token=token) == first


def test_tasks_follow_their_dependencies(workspace: WorkspaceClient) -> None:
    good = workspace.notebook("1", name="good.py")
    bad = workspace.notebook("raise RuntimeError('bad')", name="bad.py")
    tasks = [
        task(workspace, "never", good, depends_on=[{"task_key": "bad"}]),
        task(workspace, "bad", bad, depends_on=[{"task_key": "good"}]),
        task(workspace, "good", good),
    ]
    run = workspace.wait(workspace.post("2.2/jobs/runs/submit", run_name="test", tasks=tasks)["run_id"])

    results = {task["task_key"]: task["state"]["result_state"] for task in run["tasks"]}
    assert results == {"good": "SUCCESS", "bad": "FAILED", "never": "UPSTREAM_FAILED"}
    assert run["state"]["result_state"] == "FAILED"
    # A run of several tasks has no output of its own.
    refused = workspace.call("GET", "2.2/jobs/runs/get-output", params={"run_id": run["run_id"]})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_run_over_its_time_limit(workspace: WorkspaceClient) -> None:
    path = workspace.notebook("import time\ntime.sleep(600)")
    tasks = [task(workspace, "slow", path, timeout_seconds=5)]
    run = workspace.wait(workspace.post("2.2/jobs/runs/submit", run_name="test", tasks=tasks)["run_id"])

    assert run["tasks"][0]["state"]["result_state"] == "TIMEDOUT"


def test_runs_are_listed_in_pages_newest_first(workspace: WorkspaceClient) -> None:
    path = workspace.notebook("1")
    ids = [workspace.submit(path) for _ in range(2)]

    found: list[int] = []
    page = workspace.get("2.2/jobs/runs/list", limit=1)
    # Others may have begun runs meanwhile.
    for _ in range(100):
        assert len(page["runs"]) == 1
        found.append(page["runs"][0]["run_id"])
        if set(ids) <= set(found):
            break
        page = workspace.get("2.2/jobs/runs/list", limit=1, page_token=page["next_page_token"])
    assert [run_id for run_id in found if run_id in ids] == ids[::-1]
    for run_id in ids:
        workspace.wait(run_id)


def test_run_that_goes_on_is_listed_and_holds_up_no_other(workspace: WorkspaceClient) -> None:
    name = f"endless-{uuid4().hex}"
    run_id = workspace.submit(
        workspace.notebook("import time\ntime.sleep(3600)", name="endless.py"), run_name=name
    )
    workspace.wait(run_id, life_cycle="RUNNING")
    try:
        assert workspace.result(workspace.notebook("dbutils.notebook.exit('beside it')")) == "beside it"
        run = workspace.run(run_id)
        assert run["state"]["life_cycle_state"] == "RUNNING"
        assert "result_state" not in run["state"]
        listed = listed_runs(workspace, active_only="true")
        assert [run["run_id"] for run in listed if run["run_name"] == name] == [run_id]
        assert all("tasks" not in run for run in listed)
        recent = {"start_time_from": run["start_time"]}
        assert name not in {
            run["run_name"] for run in listed_runs(workspace, completed_only="true", **recent)
        }
    finally:
        workspace.post("2.2/jobs/runs/cancel", run_id=run_id)
    workspace.wait(run_id)
    assert name not in {run["run_name"] for run in listed_runs(workspace, active_only="true")}
    [ended] = [run for run in listed_runs(workspace, **recent) if run["run_name"] == name]
    assert ended["state"]["result_state"] == "CANCELED"


def listed_runs(workspace: WorkspaceClient, **asked: Any) -> list[dict[str, Any]]:
    """All pages of the list."""
    page = workspace.get("2.2/jobs/runs/list", limit=25, **asked)
    found = list(page.get("runs", []))
    while token := page.get("next_page_token"):
        page = workspace.get("2.2/jobs/runs/list", limit=25, page_token=token, **asked)
        found += page.get("runs", [])
    return found


# https://docs.databricks.com/api/workspace/jobs/listruns
def test_runs_that_are_both_active_and_completed_are_refused(workspace: WorkspaceClient) -> None:
    both = {"active_only": "true", "completed_only": "true"}
    refused = workspace.call("GET", "2.2/jobs/runs/list", params=both)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_unknown_run(workspace: WorkspaceClient) -> None:
    for method, endpoint in (("GET", "get"), ("GET", "get-output"), ("POST", "cancel")):
        values = {"params": {"run_id": 1}} if method == "GET" else {"json": {"run_id": 1}}
        refused = workspace.call(method, f"2.2/jobs/runs/{endpoint}", **values)
        assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert "1 does not exist" in refused.json()["message"]


@pytest.mark.parametrize(
    "changes",
    [{"idempotency_token": "x" * 65}, {"depends_on": [{"task_key": "absent"}]}],
    ids=["token of more than 64 characters", "unknown dependency"],
)
def test_wrong_submission_is_refused(workspace: WorkspaceClient, changes: dict[str, Any]) -> None:
    path = workspace.notebook("1")
    depends_on = changes.get("depends_on", [])
    body = {
        "run_name": "test",
        "tasks": [task(workspace, "a", path, depends_on=depends_on)],
        **{name: value for name, value in changes.items() if name != "depends_on"},
    }

    refused = workspace.call("POST", "2.2/jobs/runs/submit", json=body)

    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    "changes",
    [
        {"idempotency_token": ["x"]},
        {"tasks": ["a"]},
        {"depends_on": ["a"]},
        {"timeout_seconds": "abc"},
        {"timeout_seconds": 10**10},
        {"notebook_task": "/n"},
        {"notebook_task": {"notebook_path": "/n", "base_parameters": "p"}},
    ],
    ids=["token", "tasks", "dependency", "time limit", "endless time limit", "notebook", "parameters"],
)
def test_value_of_the_wrong_type_is_refused(workspace: WorkspaceClient, changes: dict[str, Any]) -> None:
    at_the_top = {name: changes[name] for name in ("idempotency_token", "tasks") if name in changes}
    inside = {name: value for name, value in changes.items() if name not in at_the_top}
    tasks = [{**task(workspace, "a", "/Shared/none"), **inside}]

    refused = workspace.call(
        "POST", "2.2/jobs/runs/submit", json={"run_name": "test", "tasks": tasks, **at_the_top}
    )

    assert refused.status_code == 400
    assert refused.json()["error_code"] in ("MALFORMED_REQUEST", "INVALID_PARAMETER_VALUE")


# https://learn.microsoft.com/azure/data-factory/data-factory-troubleshoot-guide, error code 3201
def test_unknown_cluster_is_refused(workspace: WorkspaceClient) -> None:
    tasks = [{**task(workspace, "a", workspace.notebook("1")), "existing_cluster_id": "0101-010101-absent00"}]
    tasks[0].pop("new_cluster", None)

    refused = workspace.call("POST", "2.2/jobs/runs/submit", json={"run_name": "test", "tasks": tasks})

    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "Cluster 0101-010101-absent00 does not exist" in refused.json()["message"]


@pytest.mark.parametrize("lacking", ["spark_version", "node_type_id", "num_workers"])
def test_new_cluster_without_what_it_needs_is_refused(workspace: WorkspaceClient, lacking: str) -> None:
    cluster = {"spark_version": "17.3.x-scala2.13", "node_type_id": "m5.large", "num_workers": 1}
    del cluster[lacking]
    tasks = [{**task(workspace, "a", workspace.notebook("1")), "new_cluster": cluster}]
    tasks[0].pop("existing_cluster_id", None)

    refused = workspace.call("POST", "2.2/jobs/runs/submit", json={"run_name": "test", "tasks": tasks})

    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
