"""SQL statements over the Statement Execution API."""

from __future__ import annotations

from uuid import uuid4

import pytest
from airflow.providers.databricks.hooks.databricks import DatabricksHook

from tests.sandbox.databricks.client import WorkspaceClient


@pytest.fixture
def table() -> str:
    """A quoted name that begins with a digit, as a resource id may."""
    return f"`spark_catalog`.`default`.`1{uuid4().hex}`"


def test_named_parameters_and_table_names(workspace: WorkspaceClient, table: str) -> None:
    name = [{"name": "t", "value": table}]
    workspace.rows(
        "CREATE OR REPLACE TABLE IDENTIFIER(:t) AS "
        "SELECT :word AS word, :n AS n, :day AS day, coalesce(:none, 'null') AS nothing",
        parameters=[
            *name,
            {"name": "word", "value": "it's"},
            {"name": "n", "value": "7", "type": "INT"},
            {"name": "day", "value": "2022-11-30", "type": "DATE"},
            {"name": "none", "type": "STRING"},
        ],
    )
    answer = workspace.statement("SELECT word, n + 1 AS n, day, nothing FROM IDENTIFIER(:t)", parameters=name)
    assert answer["result"]["data_array"] == [["it's", "8", "2022-11-30", "null"]]
    columns = answer["manifest"]["schema"]["columns"]
    assert [(c["name"], c["type_name"], c["position"]) for c in columns] == [
        ("word", "STRING", 0),
        ("n", "INT", 1),
        ("day", "DATE", 2),
        ("nothing", "STRING", 3),
    ]
    workspace.rows("DROP TABLE IDENTIFIER(:t)", parameters=name)


@pytest.mark.parametrize(
    ("declared", "type_text"),
    [
        (None, "STRING"),
        ("STRING", "STRING"),
        ("INT", "INT"),
        ("DECIMAL(10,2)", "DECIMAL(10,2)"),
        ("DATE", "DATE"),
        ("boolean", "BOOLEAN"),
        ("TIMESTAMP", "TIMESTAMP"),
    ],
)
def test_parameter_without_a_value_is_a_null_of_its_type(
    workspace: WorkspaceClient, declared: str | None, type_text: str
) -> None:
    answer = workspace.statement("SELECT :p", parameters=[{"name": "p", "type": declared}])
    assert answer["result"]["data_array"] == [[None]]
    assert answer["manifest"]["schema"]["columns"][0]["type_text"] == type_text


def test_parameter_without_a_value_makes_a_column_of_its_type(workspace: WorkspaceClient, table: str) -> None:
    parameters = [{"name": "t", "value": table}, {"name": "none"}]
    workspace.rows("CREATE TABLE IDENTIFIER(:t) AS SELECT :none AS word", parameters=parameters)
    workspace.rows("INSERT INTO IDENTIFIER(:t) VALUES ('a')", parameters=parameters[:1])
    found = workspace.rows("SELECT word FROM IDENTIFIER(:t) ORDER BY word", parameters=parameters[:1])
    assert found == [[None], ["a"]]
    workspace.rows("DROP TABLE IDENTIFIER(:t)", parameters=parameters[:1])


@pytest.mark.parametrize(
    ("statement", "value"),
    [("SELECT '\ud800'", "x"), ("SELECT :p", "\ud800")],
    ids=["statement", "parameter"],
)
def test_text_without_bytes_in_utf8_fails(workspace: WorkspaceClient, statement: str, value: str) -> None:
    status = workspace.statement(statement, parameters=[{"name": "p", "value": value}])["status"]
    assert status["state"] == "FAILED"
    assert status["error"]["message"]
    assert workspace.rows("SELECT 1") == [["1"]]


def test_values_are_text(workspace: WorkspaceClient) -> None:
    [row] = workspace.rows(
        "SELECT CAST(5 AS BIGINT), true, 1.50BD, CAST(0.1 AS DOUBLE), 1.5e10D, NULL, "
        "TIMESTAMP'2020-01-02 03:04:05.678', X'0aff', array('a', NULL), "
        "named_struct('k', 1, 'v', map('m', 2.5D))"
    )
    assert row == [
        "5",
        "true",
        "1.50",
        "0.1",
        "1.5E10",
        None,
        "2020-01-02T03:04:05.678Z",
        "Cv8=",
        '["a",null]',
        '{"k":1,"v":{"m":2.5}}',
    ]


def test_types_have_databricks_names(workspace: WorkspaceClient) -> None:
    answer = workspace.statement("SELECT CAST(1 AS BIGINT) a, 1.50BD b, array(1) c, CAST(1 AS SMALLINT) d")
    columns = answer["manifest"]["schema"]["columns"]
    assert [(c["type_name"], c["type_text"]) for c in columns] == [
        ("LONG", "BIGINT"),
        ("DECIMAL", "DECIMAL(3,2)"),
        ("ARRAY", "ARRAY<INT>"),
        ("SHORT", "SMALLINT"),
    ]
    assert (columns[1]["type_precision"], columns[1]["type_scale"]) == (3, 2)


def test_long_result_comes_in_chunks(workspace: WorkspaceClient) -> None:
    answer = workspace.statement("SELECT id FROM range(12001) ORDER BY id")
    manifest, chunk = answer["manifest"], answer["result"]
    assert manifest["total_row_count"] == 12001
    assert manifest["total_chunk_count"] == len(manifest["chunks"]) > 1
    values = [row[0] for row in chunk["data_array"]]
    while "next_chunk_internal_link" in chunk:
        link = chunk["next_chunk_internal_link"]
        assert link.endswith(f"/result/chunks/{chunk['next_chunk_index']}")
        chunk = workspace.get(link.removeprefix("/api/"))
        values += [row[0] for row in chunk["data_array"]]
    assert values == [str(n) for n in range(12001)]


def test_row_limit_truncates(workspace: WorkspaceClient) -> None:
    answer = workspace.statement("SELECT id FROM range(10) ORDER BY id", row_limit=3)
    assert answer["result"]["data_array"] == [["0"], ["1"], ["2"]]
    assert answer["manifest"]["truncated"] is True
    assert workspace.statement("SELECT 1", row_limit=1)["manifest"]["truncated"] is False


def test_default_schema(workspace: WorkspaceClient) -> None:
    assert workspace.rows(
        "SELECT current_catalog(), current_schema()", catalog="spark_catalog", schema="default"
    ) == [["spark_catalog", "default"]]
    failed = workspace.statement("SELECT 1", schema="no_such_schema")
    assert "[SCHEMA_NOT_FOUND]" in failed["status"]["error"]["message"]


@pytest.mark.parametrize(
    ("statement", "parameters", "code", "message"),
    [
        ("SELECT * FROM no_such_table", [], "BAD_REQUEST", "[TABLE_OR_VIEW_NOT_FOUND]"),
        ("SELEC 1", [], "BAD_REQUEST", "[PARSE_SYNTAX_ERROR]"),
        ("SELECT :missing", [], "BAD_REQUEST", "[UNBOUND_SQL_PARAMETER]"),
        ("SELECT CAST('x' AS INT)", [], "BAD_REQUEST", "[CAST_INVALID_INPUT]"),
        (
            "SELECT :n",
            [{"name": "n", "value": "x", "type": "INT"}],
            "INVALID_PARAMETER_VALUE",
            "'x' is no INT",
        ),
    ],
    ids=["unknown-table", "syntax", "unbound", "run-time", "bad-parameter"],
)
def test_failed_statement_says_why(
    workspace: WorkspaceClient, statement: str, parameters: list[dict[str, str]], code: str, message: str
) -> None:
    status = workspace.statement(statement, parameters=parameters)["status"]
    assert status["state"] == "FAILED"
    assert status["error"]["error_code"] == code
    assert message in status["error"]["message"]
    assert "JVM stacktrace" not in status["error"]["message"]


def test_provider_hook_polls_a_statement(hook: DatabricksHook) -> None:
    statement_id = hook.post_sql_statement(
        {"statement": "SELECT 1", "warehouse_id": "sandbox", "wait_timeout": "0s"}
    )
    state = hook.get_sql_statement_state(statement_id)
    while not state.is_terminal:
        state = hook.get_sql_statement_state(statement_id)
    assert state.is_successful


def test_statement_does_not_wait_for_a_notebook(workspace: WorkspaceClient) -> None:
    run_id = workspace.submit(workspace.notebook("import time\ntime.sleep(600)"))
    workspace.wait(run_id, life_cycle="RUNNING")
    assert workspace.rows("SELECT 1") == [["1"]]
    assert workspace.run(run_id)["state"]["life_cycle_state"] == "RUNNING"
    workspace.post("2.2/jobs/runs/cancel", run_id=run_id)
    workspace.wait(run_id)


def test_cancelled_statement_changes_nothing(workspace: WorkspaceClient, table: str) -> None:
    slow = (
        "CREATE TABLE IDENTIFIER(:t) AS SELECT count(*) AS n "
        "FROM range(100000) a CROSS JOIN range(100000) b WHERE a.id * b.id % 7 = 3"
    )
    parameters = [{"name": "t", "value": table}]
    answer = workspace.post(
        "2.0/sql/statements",
        statement=slow,
        parameters=parameters,
        warehouse_id="sandbox",
        wait_timeout="5s",
        on_wait_timeout="CANCEL",
    )
    assert answer["status"]["state"] == "CANCELED"
    assert workspace.ended(answer["statement_id"])["status"]["state"] == "CANCELED"
    gone = workspace.statement("SELECT * FROM IDENTIFIER(:t)", parameters=parameters)
    assert "[TABLE_OR_VIEW_NOT_FOUND]" in gone["status"]["error"]["message"]

    later = workspace.post(
        "2.0/sql/statements", statement=slow, parameters=parameters, warehouse_id="sandbox", wait_timeout="0s"
    )
    workspace.post(f"2.0/sql/statements/{later['statement_id']}/cancel")
    assert workspace.ended(later["statement_id"])["status"]["state"] == "CANCELED"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"statement": "SELECT 1"}, "warehouse_id"),
        ({"warehouse_id": "sandbox"}, "statement"),
        ({"statement": "SELECT 1", "warehouse_id": "sandbox", "wait_timeout": "3s"}, "between 5s and 50s"),
        (
            {"statement": "SELECT 1", "warehouse_id": "sandbox", "disposition": "EXTERNAL_LINKS"},
            "EXTERNAL_LINKS",
        ),
        ({"statement": "SELECT 1", "warehouse_id": "sandbox", "format": "CSV"}, "CSV"),
    ],
    ids=["no-warehouse", "no-statement", "wait", "disposition", "format"],
)
def test_bad_request_is_refused(workspace: WorkspaceClient, values: dict[str, str], message: str) -> None:
    refused = workspace.call("POST", "2.0/sql/statements", json=values)
    assert refused.status_code == 400
    assert refused.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert message in refused.json()["message"]


def test_unknown_statement(workspace: WorkspaceClient) -> None:
    refused = workspace.call("GET", "2.0/sql/statements/none")
    assert (refused.status_code, refused.json()["error_code"]) == (404, "NOT_FOUND")
