"""Requests that Databricks refuses, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.databricks.client import WorkspaceClient

STATEMENT = {"statement": "SELECT 1", "warehouse_id": "sandbox"}
IMPORT = {"path": "/Shared/a", "content": ""}


def answer(workspace: WorkspaceClient, method: str, path: str, **options: Any) -> tuple[int, str, str]:
    response = workspace.call(method, path, **options)
    body = response.json()
    return response.status_code, body.get("error_code"), body.get("message")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"row_limit": -1}, "INVALID_PARAMETER_VALUE"),
        ({"row_limit": "many"}, "MALFORMED_REQUEST"),
        ({"row_limit": 2**63}, "INVALID_PARAMETER_VALUE"),
        ({"catalog": {}}, "MALFORMED_REQUEST"),
        ({"schema": ["s"]}, "MALFORMED_REQUEST"),
        ({"statement": ["SELECT 1"]}, "MALFORMED_REQUEST"),
        ({"parameters": {}}, "MALFORMED_REQUEST"),
        ({"parameters": ["p"]}, "MALFORMED_REQUEST"),
        ({"parameters": [{"value": "v"}]}, "INVALID_PARAMETER_VALUE"),
        ({"parameters": [{"name": ["p"]}]}, "MALFORMED_REQUEST"),
        ({"parameters": [{"name": "p", "value": {}}]}, "MALFORMED_REQUEST"),
        ({"parameters": [{"name": "p", "type": 1}]}, "MALFORMED_REQUEST"),
        ({"wait_timeout": f"{'9' * 5000}s"}, "INVALID_PARAMETER_VALUE"),
        ({"wait_timeout": "0s", "on_wait_timeout": "CANCEL"}, "INVALID_PARAMETER_VALUE"),
        ({"on_wait_timeout": []}, "INVALID_PARAMETER_VALUE"),
        ({"format": "CSV"}, "INVALID_PARAMETER_VALUE"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_statement(workspace: WorkspaceClient, changes: dict[str, Any], code: str) -> None:
    refused = answer(workspace, "POST", "2.0/sql/statements", json={**STATEMENT, **changes})
    assert refused[:2] == (400, code)


@pytest.mark.parametrize(
    ("warehouse", "expected"),
    [
        ("0123456789abcdef", (404, "NOT_FOUND", "The warehouse 0123456789abcdef was not found.")),
        ("other", (400, "INVALID_PARAMETER_VALUE", "other is not a valid endpoint id.")),
        ("sandbox ", (400, "INVALID_PARAMETER_VALUE", "sandbox  is not a valid endpoint id.")),
    ],
)
def test_unknown_warehouse(
    workspace: WorkspaceClient, warehouse: str, expected: tuple[int, str, str]
) -> None:
    statement = {**STATEMENT, "warehouse_id": warehouse}
    assert answer(workspace, "POST", "2.0/sql/statements", json=statement) == expected
    assert answer(workspace, "GET", f"2.0/sql/warehouses/{warehouse}") == expected


def test_known_warehouse(workspace: WorkspaceClient) -> None:
    [listed] = workspace.get("2.0/sql/warehouses")["warehouses"]
    assert workspace.get(f"2.0/sql/warehouses/{listed['id']}") == listed
    assert listed["id"] == workspace.warehouse


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"language": []}, "MALFORMED_REQUEST"),
        ({"language": "SCALA"}, "INVALID_PARAMETER_VALUE"),
        ({"format": {}}, "MALFORMED_REQUEST"),
        ({"format": "HTML"}, "INVALID_PARAMETER_VALUE"),
        ({"format": "JUPYTER", "content": "eA=="}, "INVALID_PARAMETER_VALUE"),
        ({"format": "AUTO", "path": "/Shared/a.ipynb", "content": "eA=="}, "INVALID_PARAMETER_VALUE"),
        ({"content": "ü", "language": "PYTHON"}, "INVALID_PARAMETER_VALUE"),
        ({"content": 5}, "MALFORMED_REQUEST"),
        ({"overwrite": "perhaps"}, "MALFORMED_REQUEST"),
        ({"path": ["/Shared"]}, "MALFORMED_REQUEST"),
        ({"path": "/Shared/\ud800", "format": "RAW"}, "INVALID_PARAMETER_VALUE"),
        ({"path": f"/Shared/{'x' * 256}", "format": "RAW"}, "INVALID_PARAMETER_VALUE"),
        ({"path": "/x" * 1500, "format": "RAW"}, "INVALID_PARAMETER_VALUE"),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_import(workspace: WorkspaceClient, changes: dict[str, Any], code: str) -> None:
    assert answer(workspace, "POST", "2.0/workspace/import", json={**IMPORT, **changes})[:2] == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"timeout_seconds": 1e999}',
        b'{"timeout_seconds": NaN}',
        b'{"new_cluster": {"a": -Infinity}}',
        b'{"new_cluster": ' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"new_cluster": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"run_name": ' + b"9" * 5000 + b"}",
        b'{"run_name": "\xff"}',
    ],
    ids=lambda value: str(value[:30]),
)
def test_body_that_others_could_not_read(workspace: WorkspaceClient, body: bytes) -> None:
    assert answer(workspace, "POST", "2.2/jobs/runs/submit", data=body)[:2] == (400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("number", ["abc", "1.5", "", True, [], 2**70])
def test_run_id(workspace: WorkspaceClient, number: Any) -> None:
    assert answer(workspace, "GET", "2.2/jobs/runs/get", json={"run_id": number})[0] == 400


def test_values_of_a_get_in_query_string_or_body(workspace: WorkspaceClient) -> None:
    run_id = workspace.submit(workspace.notebook("1"))
    for options in ({"params": {"run_id": run_id}}, {"json": {"run_id": run_id}}):
        assert workspace.call("GET", "2.2/jobs/runs/get", **options).json()["run_id"] == run_id
    workspace.wait(run_id)
    listed = workspace.get("2.2/jobs/runs/list", active_only="false", completed_only="true", page_token="")
    assert listed["runs"][0]["run_id"] == run_id
