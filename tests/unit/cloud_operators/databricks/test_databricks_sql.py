"""DatabricksStatementHook and DatabricksSqlStatementOperator against the fake warehouse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout, TaskDeferred

from cloud_operators.databricks.hooks.sql import DatabricksStatementHook
from cloud_operators.databricks.operators.sql import DatabricksSqlStatementOperator
from cloud_operators.databricks.statement import Statement
from cloud_operators.exceptions import ServiceFailed, StatementFailed
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks, Fault
from tests.unit.cloud_operators.running import fire, run

NUMBERS = Answer((("n", "LONG"), ("name", "STRING")), ([["1", "a"]], [["2", None], ["3", "c"]], [["4", "d"]]))
ROWS = [{"n": 1, "name": "a"}, {"n": 2, "name": None}, {"n": 3, "name": "c"}, {"n": 4, "name": "d"}]
MISSING = Answer(
    state="FAILED",
    error={"error_code": "BAD_REQUEST", "message": "[TABLE_OR_VIEW_NOT_FOUND] `t` cannot be found."},
)


def always(answer: Answer) -> Callable[[dict[str, Any]], Answer]:
    return lambda request: answer


def operator(**arguments: Any) -> DatabricksSqlStatementOperator:
    given = {
        "sql": "SELECT * FROM t",
        "warehouse_id": "w1",
        "polling_period_seconds": 0.01,
        "deferrable": False,
        **arguments,
    }
    return DatabricksSqlStatementOperator(task_id="query", **given)


def test_rows_of_all_chunks(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(NUMBERS)
    assert operator().execute(context) == ROWS
    assert databricks.called(r"result/chunks/[12]$") == 2


def test_what_is_sent(databricks: FakeDatabricks, context: Any) -> None:
    operator(
        sql="SELECT * FROM IDENTIFIER(:t) WHERE n > :n;",
        parameters={"t": "`a`.`b`", "n": 3, "none": None},
        catalog="main",
        schema="default",
    ).execute(context)
    (statement,) = databricks.running.values()
    assert statement.request == {
        "statement": "SELECT * FROM IDENTIFIER(:t) WHERE n > :n",
        "warehouse_id": "w1",
        "catalog": "main",
        "schema": "default",
        "parameters": [
            {"name": "t", "value": "`a`.`b`", "type": "STRING"},
            {"name": "n", "value": "3", "type": "INT"},
            {"name": "none"},
        ],
        "disposition": "INLINE",
        "format": "JSON_ARRAY",
        "wait_timeout": "0s",
        "on_wait_timeout": "CONTINUE",
    }
    (statement_id,) = databricks.running
    url = f"http://127.0.0.1:{databricks.port}/sql/history?queryId={statement_id}"
    assert context["ti"].xcoms == {"statement_url": url}


def test_statements_beside_each_other(databricks: FakeDatabricks) -> None:
    databricks.statements = lambda request: (
        NUMBERS if "first" in request["statement"] else Answer((("n", "LONG"),), ([["7"]],))
    )
    statements = [
        (Statement(f"SELECT * FROM {table}", warehouse_id="w1"), {}) for table in ("first", "other")
    ]

    rows = DatabricksStatementHook().run_all(statements, polling_period_seconds=0.01)

    assert rows == [ROWS, [{"n": 7}]]
    started = [request for request in databricks.requests if request.startswith(("POST", "GET"))]
    assert [request.split(" ")[0] for request in started[:2]] == ["POST", "POST"]


def test_statements_beside_one_that_fails_are_cancelled(databricks: FakeDatabricks) -> None:
    databricks.statements = lambda request: (
        MISSING if "broken" in request["statement"] else Answer(looks=("RUNNING",) * 1000)
    )
    statements = [
        (Statement(f"SELECT * FROM {table}", warehouse_id="w1"), {}) for table in ("broken", "other")
    ]

    with pytest.raises(StatementFailed, match="TABLE_OR_VIEW_NOT_FOUND"):
        DatabricksStatementHook().run_all(statements, polling_period_seconds=0.01)

    assert [statement.cancelled for statement in databricks.running.values()] == [False, True]


def test_statement_without_rows(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(Answer((("n", "LONG"),)))
    assert operator().execute(context) == []


def test_failed_statement(databricks: FakeDatabricks, context: Any) -> None:
    error = {"error_code": "BAD_REQUEST", "message": "[DIVIDE_BY_ZERO] Division by zero."}
    databricks.statements = always(Answer(state="FAILED", error=error))
    with pytest.raises(StatementFailed) as raised:
        operator(sql="\nSELECT 1/0\nFROM secrets").execute(context)
    (statement_id,) = databricks.running
    assert str(raised.value).splitlines() == [
        "BAD_REQUEST: [DIVIDE_BY_ZERO] Division by zero.",
        "  statement: SELECT 1/0",
        f"  statement id: {statement_id}",
    ]
    assert raised.value.error_code == "BAD_REQUEST"


@pytest.mark.parametrize("state", ["CANCELED", "CLOSED"])
def test_other_ends(databricks: FakeDatabricks, context: Any, state: str) -> None:
    databricks.statements = always(Answer(state=state))
    with pytest.raises(StatementFailed, match=f"{state}: the statement is {state}"):
        operator().execute(context)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer((("n", "LONG"),), ([["1"]],), truncated=True), id="said-so"),
        pytest.param(Answer((("n", "LONG"),), ([["1"]],), row_count=2), id="fewer-than-counted"),
    ],
)
def test_result_that_was_cut_short(databricks: FakeDatabricks, context: Any, answer: Answer) -> None:
    databricks.statements = always(answer)
    with pytest.raises(StatementFailed, match="RESULT_INCOMPLETE"):
        operator().execute(context)


def test_missing_table(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(MISSING)
    assert operator(missing_table_ok=True).execute(context) == []
    with pytest.raises(StatementFailed, match="TABLE_OR_VIEW_NOT_FOUND"):
        operator().execute(context)


def test_missing_table_ok_forgives_nothing_else(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(
        Answer(state="FAILED", error={"error_code": "BAD_REQUEST", "message": "no"})
    )
    with pytest.raises(StatementFailed):
        operator(missing_table_ok=True).execute(context)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "call", ["POST /api/2.0/sql/statements$", "GET /api/2.0/sql/statements/", "chunks/1"]
)
def test_busy_warehouse_is_asked_again(
    databricks: FakeDatabricks, context: Any, status: int, call: str
) -> None:
    databricks.statements = always(NUMBERS)
    databricks.faults = [Fault(call, status=status)]
    assert operator().execute(context) == ROWS


def test_statement_that_takes_too_long_is_cancelled(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(Answer(looks=("RUNNING",) * 10_000))
    with pytest.raises(StatementFailed, match=r"TIMEOUT: cancelled after 0\.3 s"):
        operator(timeout_seconds=0.3).execute(context)
    (statement,) = databricks.running.values()
    assert statement.cancelled


def test_interrupted_wait_cancels_the_statement(
    databricks: FakeDatabricks, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    databricks.statements = always(Answer(looks=("RUNNING",) * 10_000))

    def time_is_up(seconds: float) -> None:
        raise AirflowTaskTimeout("time is up")

    monkeypatch.setattr("time.sleep", time_is_up)
    with pytest.raises(AirflowTaskTimeout):
        DatabricksStatementHook().run("SELECT 1", warehouse_id="w1")
    (statement,) = databricks.running.values()
    assert statement.cancelled


def test_kill_cancels_the_statement(
    databricks: FakeDatabricks, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    databricks.statements = always(Answer(looks=("RUNNING",) * 10_000))
    query = operator()
    monkeypatch.setattr("time.sleep", lambda seconds: query.on_kill())
    with pytest.raises(StatementFailed, match="CANCELED"):
        query.execute(context)


def test_kill_before_the_start_does_nothing(databricks: FakeDatabricks) -> None:
    operator().on_kill()
    assert databricks.requests == []


def test_hook_in_a_task_function(databricks: FakeDatabricks) -> None:
    databricks.statements = always(NUMBERS)
    started: list[str] = []
    rows = DatabricksStatementHook().run(
        "SELECT :a", {"a": 1}, warehouse_id="w1", polling_period_seconds=0.01, on_start=started.append
    )
    assert rows == ROWS
    assert started == list(databricks.running)
    databricks.statements = always(MISSING)
    assert DatabricksStatementHook().run("SELECT 1", warehouse_id="w1", missing_table_ok=True) == []


def deferred_trigger(query: DatabricksSqlStatementOperator, context: Any) -> Any:
    with pytest.raises(TaskDeferred) as deferred:
        query.execute(context)
    assert deferred.value.method_name == "execute_complete"
    return deferred.value.trigger


def test_deferred_statement_goes_on_in_a_new_process(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(NUMBERS)
    event = fire(deferred_trigger(operator(deferrable=True), context))
    # Only the event tells which statement it was.
    assert operator(deferrable=True).execute_complete(context, event) == ROWS
    assert databricks.called("POST /api/2.0/sql/statements$") == 1


def test_deferred_statement_that_fails(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(MISSING)
    with pytest.raises(StatementFailed, match="TABLE_OR_VIEW_NOT_FOUND"):
        run(operator(deferrable=True), context)
    assert run(operator(deferrable=True, missing_table_ok=True), context) == []


def test_deferred_statement_that_is_cancelled(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(Answer(looks=("RUNNING",) * 10_000))
    trigger = deferred_trigger(operator(deferrable=True), context)
    asyncio.run(trigger.on_kill())
    with pytest.raises(StatementFailed, match="CANCELED"):
        operator().execute_complete(context, fire(trigger))


def test_deferred_statement_that_takes_too_long(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(Answer(looks=("RUNNING",) * 10_000))
    with pytest.raises(StatementFailed, match=r"TIMEOUT: cancelled after 0\.3 s"):
        run(operator(deferrable=True, timeout_seconds=0.3), context)
    (statement,) = databricks.running.values()
    assert statement.cancelled


def test_execution_timeout_of_a_deferred_statement_cancels_it(
    databricks: FakeDatabricks, context: Any
) -> None:
    databricks.statements = always(Answer(looks=("RUNNING",) * 10_000))
    query = operator(deferrable=True, execution_timeout=timedelta(seconds=0.3))
    with pytest.raises(AirflowTaskTimeout, match=r"statement 01ef-0000 was cancelled after 0:00:00\.3"):
        run(query, context)
    (statement,) = databricks.running.values()
    assert statement.cancelled


def test_triggerer_that_comes_back_too_late_still_looks(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(Answer(NUMBERS.columns, NUMBERS.chunks, looks=()))
    assert run(operator(deferrable=True, timeout_seconds=-60), context) == ROWS


def test_deferred_wait_that_breaks_off(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(NUMBERS)
    databricks.faults = [Fault("GET /api/2.0/sql/statements/", status=403, times=1)]
    with pytest.raises(ServiceFailed, match=r"wait for statement 01ef-0000 is broken off .*403"):
        run(operator(deferrable=True), context)


def test_not_waiting_starts_it_and_looks_no_more(databricks: FakeDatabricks, context: Any) -> None:
    databricks.statements = always(MISSING)
    (statement_id,) = (run(operator(wait_for_completion=False), context),)
    assert statement_id in databricks.running
    assert databricks.called("GET ") == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param({"sql": " ; "}, "statement is empty", id="no-statement"),
        pytest.param({"warehouse_id": ""}, "warehouse_id is empty", id="no-warehouse"),
        pytest.param({"parameters": {"a b": 1}}, "parameter 'a b'", id="bad-name"),
    ],
)
def test_wrong_arguments_start_nothing(
    databricks: FakeDatabricks, context: Any, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        operator(**arguments).execute(context)
    assert databricks.requests == []


def test_sql_comes_from_a_template_file(databricks: FakeDatabricks, context: Any, tmp_path: Path) -> None:
    from airflow.sdk import DAG

    (tmp_path / "count.sql").write_text("SELECT count(*) AS n\nFROM IDENTIFIER(:t)\n")
    with DAG("templates", template_searchpath=str(tmp_path)):
        query = operator(sql="count.sql", parameters={"t": "{{ table }}"}, warehouse_id="{{ warehouse }}")
    query.resolve_template_files()
    query.render_template_fields(context | {"table": "`a`", "warehouse": "w7"})
    query.execute(context)
    (statement,) = databricks.running.values()
    assert statement.request["statement"] == "SELECT count(*) AS n\nFROM IDENTIFIER(:t)"
    assert statement.request["parameters"] == [{"name": "t", "value": "`a`", "type": "STRING"}]
    assert statement.request["warehouse_id"] == "w7"
