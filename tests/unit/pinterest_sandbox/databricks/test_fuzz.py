"""Requests of which any member is replaced by any JSON: never a 500, and what is asked next is done."""

from __future__ import annotations

import copy
import functools
import json
import operator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.sandbox.databricks.client import WorkspaceClient

fuzzed = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

NOTEBOOK = {"notebook_path": "/Shared/good", "base_parameters": {"p": "v"}}
CLUSTER = {"spark_version": "17.3.x-scala2.13", "node_type_id": "m5.large", "num_workers": 1}
SUBMISSIONS: list[dict[str, Any]] = [
    {
        "run_name": "r",
        "idempotency_token": None,
        "tasks": [
            {
                "task_key": "a",
                "notebook_task": NOTEBOOK,
                "existing_cluster_id": "sandbox",
                "timeout_seconds": 60,
            },
            {
                "task_key": "b",
                "depends_on": [{"task_key": "a"}],
                "notebook_task": NOTEBOOK,
                "new_cluster": {**CLUSTER, "spark_conf": {"a": "b"}},
            },
        ],
    },
    {"run_name": "r", "notebook_task": NOTEBOOK, "timeout_seconds": 60, "new_cluster": CLUSTER},
]
STATEMENT: dict[str, Any] = {
    "statement": "SELECT :p",
    "warehouse_id": "sandbox",
    "parameters": [{"name": "p", "value": "1", "type": "INT"}],
    "catalog": "spark_catalog",
    "schema": "default",
    "row_limit": 10,
    "wait_timeout": "5s",
    "on_wait_timeout": "CONTINUE",
    "format": "JSON_ARRAY",
    "disposition": "INLINE",
}
IMPORT: dict[str, Any] = {
    "path": "/Shared/fuzzed",
    "content": "eA==",
    "format": "SOURCE",
    "language": "PYTHON",
    "overwrite": True,
}

texts = st.text(st.characters(categories=None))
numbers = st.integers() | st.floats() | st.sampled_from([1e10, 2**31, 2**63, 10**400])
documents = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


def places(document: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in ``document`` something can be replaced."""
    members: list[tuple[Any, Any]] = []
    if isinstance(document, dict):
        members = list(document.items())
    elif isinstance(document, list):
        members = list(enumerate(document))
    return [place, *(deeper for key, value in members for deeper in places(value, (*place, key)))]


def at(document: Any, place: tuple[Any, ...]) -> Any:
    return functools.reduce(operator.getitem, place, document)


def replaced(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(document)
    at(changed, place[:-1])[place[-1]] = value
    return changed


def like(value: Any) -> st.SearchStrategy[Any]:
    """Other values of the same type, so that not all is refused at once, or any."""
    if isinstance(value, str):
        return texts | texts.map(lambda end: value + end) | documents
    return st.integers(0, 2**31) | documents if isinstance(value, int) else documents


@st.composite
def variants(draw: st.DrawFn, *valid: dict[str, Any]) -> Any:
    """One of ``valid`` with one or two members replaced."""
    document = draw(st.sampled_from(valid))
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(places(document)))
        document = replaced(document, place, draw(like(at(document, place))))
    return document


def post(workspace: WorkspaceClient, path: str, body: Any) -> dict[str, Any] | None:
    """The answer when it is accepted; a refusal must be one."""
    response = workspace.call("POST", path, data=json.dumps(body).encode())
    if response.status_code == 200:
        found: dict[str, Any] = response.json()
        return found
    assert response.status_code in (400, 404), (response.status_code, response.text)
    assert set(response.json()) == {"error_code", "message"}
    return None


@pytest.fixture
def good(workspace: WorkspaceClient) -> str:
    return workspace.notebook("dbutils.notebook.exit('good')", name="good.py")


@fuzzed
@given(body=variants(*SUBMISSIONS))
@example(body=replaced(SUBMISSIONS[0], ("tasks", 0, "notebook_task", "base_parameters", "p"), "\ud800"))
@example(body=replaced(SUBMISSIONS[0], ("tasks", 0, "timeout_seconds"), 1e10))
@example(body=replaced(SUBMISSIONS[0], ("tasks", 0, "timeout_seconds"), float("inf")))
@example(body=replaced(SUBMISSIONS[0], ("tasks", 1, "depends_on"), ["a"]))
@example(body=replaced(SUBMISSIONS[1], ("new_cluster", "num_workers"), 10**400))
def test_submitted_runs_end_and_the_next_one_succeeds(
    workspace: WorkspaceClient, good: str, body: Any
) -> None:
    accepted = post(workspace, "2.2/jobs/runs/submit", body)

    if accepted:
        run = workspace.wait(accepted["run_id"])
        for task in run["tasks"]:
            workspace.get("2.2/jobs/runs/get-output", run_id=task["run_id"])
    assert workspace.result(good) == "good"
    for page in ("..", "2.2/jobs/runs/list"):
        assert workspace.call("GET", page).status_code == 200


@fuzzed
@given(body=variants(STATEMENT))
@example(body={**STATEMENT, "statement": "SELECT '\ud800'"})
@example(body=replaced(STATEMENT, ("parameters", 0, "value"), "\ud800"))
@example(body={**STATEMENT, "row_limit": -1})
def test_statements_end(workspace: WorkspaceClient, body: Any) -> None:
    accepted = post(workspace, "2.0/sql/statements", body)

    if accepted:
        assert workspace.ended(accepted["statement_id"])["status"]["state"] in ("SUCCEEDED", "FAILED")
    assert workspace.statement("SELECT 1")["status"]["state"] == "SUCCEEDED"


@fuzzed
@given(body=variants(IMPORT))
@example(body={**IMPORT, "language": []})
@example(body={**IMPORT, "path": "/Shared/\ud800"})
def test_workspace_objects(workspace: WorkspaceClient, body: Any) -> None:
    for endpoint in ("import", "mkdirs"):
        post(workspace, f"2.0/workspace/{endpoint}", body)
    if isinstance(body, dict):
        path = {"path": body.get("path")}
        for endpoint in ("list", "get-status", "export"):
            asked = json.dumps(path).encode()
            assert workspace.call("GET", f"2.0/workspace/{endpoint}", data=asked).status_code != 500
        if str(path["path"]).strip("/") not in ("", "Shared", "Workspace"):
            post(workspace, "2.0/workspace/delete", {**path, "recursive": True})
    assert workspace.get("2.0/workspace/list", path="/Shared") is not None
