"""SQL statements. https://docs.databricks.com/api/workspace/statementexecution"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.databricks.client import WorkspaceClient

#: Takes longer than any test waits; reads nothing.
SLOW = "SELECT count(*) FROM range(1000000) a CROSS JOIN range(1000000) b WHERE a.id * b.id % 7 = 3"


def test_rows_are_text_with_named_parameters(workspace: WorkspaceClient) -> None:
    answer = workspace.statement(
        "SELECT :word AS word, :n + 1 AS n, :day AS day, :none AS nothing",
        parameters=[
            {"name": "word", "value": "it's"},
            {"name": "n", "value": "7", "type": "INT"},
            {"name": "day", "value": "2022-11-30", "type": "DATE"},
            {"name": "none", "type": "STRING"},
        ],
    )

    assert answer["status"] == {"state": "SUCCEEDED"}
    assert answer["result"]["data_array"] == [["it's", "8", "2022-11-30", None]]
    manifest = answer["manifest"]
    assert (manifest["format"], manifest["total_row_count"], manifest["truncated"]) == (
        "JSON_ARRAY",
        1,
        False,
    )
    assert manifest["schema"]["column_count"] == 4
    columns = manifest["schema"]["columns"]
    assert [(c["position"], c["name"]) for c in columns] == [
        (0, "word"),
        (1, "n"),
        (2, "day"),
        (3, "nothing"),
    ]
    assert [c["type_name"] for c in columns] == ["STRING", "INT", "DATE", "STRING"]


def test_chunks_are_followed_by_their_links(workspace: WorkspaceClient) -> None:
    answer = workspace.statement("SELECT id, repeat('x', 100) FROM range(30000) ORDER BY id")

    manifest, chunk = answer["manifest"], answer["result"]
    assert manifest["total_row_count"] == 30000
    assert manifest["total_chunk_count"] == len(manifest["chunks"])
    rows = list(chunk["data_array"])
    chunks = 1
    while "next_chunk_internal_link" in chunk:
        assert chunk["next_chunk_index"] == chunks
        chunk = workspace.get(chunk["next_chunk_internal_link"].removeprefix("/api/"))
        rows += chunk["data_array"]
        chunks += 1
    assert chunks == manifest["total_chunk_count"]
    assert [row[0] for row in rows] == [str(n) for n in range(30000)]


def test_row_limit_truncates(workspace: WorkspaceClient) -> None:
    answer = workspace.statement("SELECT id FROM range(10) ORDER BY id", row_limit=3)

    assert answer["result"]["data_array"] == [["0"], ["1"], ["2"]]
    assert answer["manifest"]["truncated"] is True


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("SELECT * FROM conformance_no_such_table", "[TABLE_OR_VIEW_NOT_FOUND]"),
        ("SELEC 1", "[PARSE_SYNTAX_ERROR]"),
        ("SELECT :missing", "[UNBOUND_SQL_PARAMETER]"),
    ],
    ids=["unknown table", "syntax", "unbound parameter"],
)
def test_failed_statement_says_why(workspace: WorkspaceClient, text: str, condition: str) -> None:
    status = workspace.statement(text)["status"]

    assert (status["state"], status["error"]["error_code"]) == ("FAILED", "BAD_REQUEST")
    assert condition in status["error"]["message"]


def test_statement_is_polled_and_cancelled(workspace: WorkspaceClient) -> None:
    answer = workspace.post(
        "2.0/sql/statements", statement=SLOW, warehouse_id=workspace.warehouse, wait_timeout="0s"
    )
    assert answer["status"]["state"] in ("PENDING", "RUNNING")
    assert "result" not in answer

    workspace.post(f"2.0/sql/statements/{answer['statement_id']}/cancel")

    assert workspace.ended(answer["statement_id"])["status"]["state"] == "CANCELED"


def test_statement_is_cancelled_when_waiting_ends(workspace: WorkspaceClient) -> None:
    answer = workspace.post(
        "2.0/sql/statements",
        statement=SLOW,
        warehouse_id=workspace.warehouse,
        wait_timeout="5s",
        on_wait_timeout="CANCEL",
    )

    assert answer["status"]["state"] == "CANCELED"
    assert workspace.ended(answer["statement_id"])["status"]["state"] == "CANCELED"


@pytest.mark.parametrize(
    "changes",
    [
        {"wait_timeout": "3s"},
        {"wait_timeout": "51s"},
        {"statement": ""},
        {"warehouse_id": ""},
        # MicrosoftDocs/azure-docs.de-de#774
        {"warehouse_id": "no-id"},
        {"row_limit": -1},
    ],
    ids=["too short a wait", "too long a wait", "no statement", "no warehouse", "no id", "row limit"],
)
def test_wrong_request_is_refused(workspace: WorkspaceClient, changes: dict[str, Any]) -> None:
    body = {"statement": "SELECT 1", "warehouse_id": workspace.warehouse, **changes}

    refused = workspace.call("POST", "2.0/sql/statements", json=body)

    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert refused.json()["message"]


@pytest.mark.parametrize(
    "changes",
    [{"statement": ["SELECT 1"]}, {"parameters": "p"}, {"parameters": [{"name": "p", "value": {}}]}],
    ids=["statement", "parameters", "value"],
)
def test_value_of_the_wrong_type_is_refused(workspace: WorkspaceClient, changes: dict[str, Any]) -> None:
    body = {"statement": "SELECT 1", "warehouse_id": workspace.warehouse, **changes}

    refused = workspace.call("POST", "2.0/sql/statements", json=body)

    assert refused.status_code == 400
    assert refused.json()["error_code"] in ("MALFORMED_REQUEST", "INVALID_PARAMETER_VALUE")


# databrickslabs/ucx#1467
def test_unknown_warehouse(workspace: WorkspaceClient) -> None:
    absent = "0123456789abcdef"
    body = {"statement": "SELECT 1", "warehouse_id": absent}
    for refused in (
        workspace.call("GET", f"2.0/sql/warehouses/{absent}"),
        workspace.call("POST", "2.0/sql/statements", json=body),
    ):
        assert refused.status_code == 404
        assert absent in refused.json()["message"]


def test_warehouse_tells_where_it_is(workspace: WorkspaceClient) -> None:
    found = workspace.get(f"2.0/sql/warehouses/{workspace.warehouse}")

    assert found["id"] == workspace.warehouse
    assert found["odbc_params"]["path"] == f"/sql/1.0/warehouses/{workspace.warehouse}"


def test_unknown_statement(workspace: WorkspaceClient) -> None:
    refused = workspace.call("GET", "2.0/sql/statements/00000000-0000-0000-0000-000000000000")

    assert (refused.status_code, refused.json()["error_code"]) == (404, "NOT_FOUND")
