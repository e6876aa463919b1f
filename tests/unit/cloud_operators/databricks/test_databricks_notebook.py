"""DatabricksRunNotebookOperator against the fake workspace."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.databricks.exceptions import DatabricksApiError

from cloud_operators.databricks import runs
from cloud_operators.exceptions import NotebookRunFailed, ServiceFailed
from tests.unit.cloud_operators.databricks.fake_databricks import (
    ApiError,
    FakeDatabricks,
    Fault,
    Notebook,
)
from tests.unit.cloud_operators.databricks.notebooks import PATH, RUN_ID, SUBMIT, WorkerLost, notebook
from tests.unit.cloud_operators.running import run


@pytest.mark.parametrize(
    ("exit_value", "returned"),
    [
        pytest.param('{"entities": {"pin": {"kept": 3}}}', {"entities": {"pin": {"kept": 3}}}, id="object"),
        pytest.param("[1, null]", [1, None], id="list"),
        pytest.param("7", 7, id="number"),
        pytest.param("done: {", "done: {", id="text"),
        pytest.param("", "", id="empty"),
        pytest.param(None, None, id="none"),
    ],
)
def test_exit_value(databricks: FakeDatabricks, context: Any, exit_value: str | None, returned: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value=exit_value)]
    assert notebook().execute(context) == returned


def test_what_is_submitted(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook()]
    compute = {"new_cluster": {"spark_version": "17.3.x-scala2.13", "num_workers": 2}, "libraries": []}
    notebook(compute=compute, timeout_seconds=3600).execute(context)
    (run,) = databricks.runs.values()
    assert run.request["run_name"] == "example_dag.example_task"
    assert run.request["timeout_seconds"] == 3600
    (task,) = run.request["tasks"]
    assert task["notebook_task"] == {
        "notebook_path": PATH,
        "base_parameters": {"user_id": "sandbox", "run_id": "r1"},
        "source": "WORKSPACE",
    }
    assert task["new_cluster"] == compute["new_cluster"]
    url = f"http://127.0.0.1:{databricks.port}/#job/1/run/{run.run_id}"
    assert context["ti"].xcoms == {"run_id": run.run_id, "run_page_url": url}


def test_dag_params_do_not_become_widgets(databricks: FakeDatabricks, context: Any) -> None:
    """The provider forwards them to a notebook that has no parameters of its own."""
    databricks.notebooks[PATH] = [Notebook()]
    notebook(parameters=None, params={"dry_run": True}).execute(context)
    (run,) = databricks.runs.values()
    assert run.request["tasks"][0]["notebook_task"]["base_parameters"] == {}


TRACE = "\x1b[0;31mValueError\x1b[0m  Traceback\n" + "".join(f"line {number}\n" for number in range(40))


def test_failed_run_tells_error_trace_and_page(databricks: FakeDatabricks, context: Any) -> None:
    script = Notebook(
        result="FAILED", message="Workload failed", error="ValueError: no manifest", trace=TRACE
    )
    databricks.notebooks[PATH] = [script]
    with pytest.raises(NotebookRunFailed) as raised:
        notebook().execute(context)
    assert str(raised.value).splitlines() == [
        f"notebook {PATH} ended FAILED: ValueError: no manifest",
        *(f"line {number}" for number in range(20, 40)),
        f"run page: http://127.0.0.1:{databricks.port}/#job/1/run/1000",
    ]
    assert raised.value.state == "FAILED"


@pytest.mark.parametrize(
    ("script", "text"),
    [
        pytest.param(
            Notebook(life_cycle="INTERNAL_ERROR", result="FAILED", message="no cluster", has_output=False),
            "ended FAILED: no cluster",
            id="cluster-never-came-up",
        ),
        pytest.param(
            Notebook(life_cycle="INTERNAL_ERROR", result=None, message="lost", has_output=False),
            "ended INTERNAL_ERROR: lost",
            id="internal-error-without-result",
        ),
        pytest.param(
            Notebook(life_cycle="SKIPPED", result=None, has_output=False),
            "ended SKIPPED: no reason given",
            id="skipped",
        ),
        pytest.param(
            Notebook(result="CANCELED", message="by jo", has_output=False), "CANCELED: by jo", id="cancelled"
        ),
        pytest.param(Notebook(result="TIMEDOUT", message="too long"), "TIMEDOUT: too long", id="timed-out"),
    ],
)
def test_other_ends(databricks: FakeDatabricks, context: Any, script: Notebook, text: str) -> None:
    databricks.notebooks[PATH] = [script]
    with pytest.raises(NotebookRunFailed, match=text):
        notebook().execute(context)


def test_truncated_exit_value_is_not_returned(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value='{"a": "', truncated=True)]
    with pytest.raises(ServiceFailed, match="truncated"):
        notebook().execute(context)


# --- one run, however often it is tried


def test_retry_attaches_to_the_run_of_a_lost_worker(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(looks=("RUNNING",) * 5, exit_value='{"kept": 1}')]

    def worker_dies(seconds: float) -> None:
        raise WorkerLost

    with pytest.MonkeyPatch.context() as patch, pytest.raises(WorkerLost):  # noqa: PT012
        patch.setattr("time.sleep", worker_dies)
        notebook().execute(context)
    assert notebook().execute(context) == {"kept": 1}
    assert databricks.called(SUBMIT) == 1


def test_retry_takes_the_result_of_a_run_that_ended_meanwhile(
    databricks: FakeDatabricks, context: Any
) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value='{"kept": 2}')]
    assert notebook().execute(context) == {"kept": 2}
    assert notebook().execute(context) == {"kept": 2}
    assert databricks.called(SUBMIT) == 1


def test_retry_after_a_failed_run_submits_a_new_one(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [
        Notebook(result="FAILED", error="first"),
        Notebook(result="FAILED", error="second"),
        Notebook(exit_value="3"),
    ]
    for error in ("first", "second"):
        with pytest.raises(NotebookRunFailed, match=error):
            notebook().execute(context)
    assert notebook().execute(context) == 3
    assert len(databricks.runs) == 3


def test_run_submitted_by_a_worker_that_died_before_storing_its_id(
    databricks: FakeDatabricks, context: Any
) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value="4")]
    notebook().execute(context)
    del context["task_state_store"][RUN_ID]
    assert notebook().execute(context) == 4
    assert databricks.called(SUBMIT) == 2
    assert len(databricks.runs) == 1


def test_same_gap_after_a_failed_run(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(result="FAILED", error="first"), Notebook(exit_value="5")]
    with pytest.raises(NotebookRunFailed):
        notebook().execute(context)
    failed_run = context["task_state_store"][RUN_ID]
    assert notebook().execute(context) == 5
    context["task_state_store"][RUN_ID] = failed_run
    assert notebook().execute(context) == 5
    assert len(databricks.runs) == 2


def test_submit_whose_answer_was_lost(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value="6")]
    databricks.faults = [Fault(SUBMIT, status=503, after=True)]
    assert notebook().execute(context) == 6
    assert databricks.called(SUBMIT) == 2
    assert len(databricks.runs) == 1


def test_cleared_task_runs_anew(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value="1"), Notebook(exit_value="2")]
    assert notebook().execute(context) == 1
    context["task_state_store"].clear()
    assert notebook().execute(context) == 2


@pytest.mark.parametrize("deferrable", [False, True], ids=["waiting", "deferred"])
@pytest.mark.parametrize(
    "answer",
    [
        # What the service answers, and what Databricks' own SDK also takes for a run that is not there.
        None,
        ApiError(400, "INVALID_PARAMETER_VALUE", "Run: 1000 in job: 1 doesn't exist"),
        ApiError(404, "RESOURCE_DOES_NOT_EXIST", "Run 1000 does not exist."),
    ],
    ids=["run", "run in job", "not found"],
)
def test_run_that_the_workspace_has_forgotten(
    databricks: FakeDatabricks, context: Any, answer: ApiError | None, deferrable: bool
) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value="1"), Notebook(exit_value="2")]
    run(notebook(deferrable=deferrable), context)
    for each in databricks.runs.values():
        each.deleted = True
    databricks.no_run = answer
    assert run(notebook(deferrable=deferrable), context) == 2


@pytest.mark.parametrize(
    "answer",
    [
        ApiError(400, "INVALID_PARAMETER_VALUE", "Run 1 does not exist."),
        ApiError(400, "INVALID_PARAMETER_VALUE", "run_id is no number"),
        ApiError(400, "MALFORMED_REQUEST", "Run 1000 does not exist."),
        ApiError(403, "PERMISSION_DENIED", "Run 1000 does not exist or you lack View"),
        ApiError(404, "ENDPOINT_NOT_FOUND", "No API found for 'GET /jobs/runs/get'"),
    ],
    ids=["other run", "other value", "other code", "no permission", "no endpoint"],
)
def test_refusal_that_says_nothing_of_the_run_makes_no_second_one(
    databricks: FakeDatabricks, context: Any, answer: ApiError
) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value="1")]
    notebook().execute(context)
    databricks.runs[1000].deleted = True
    databricks.no_run = answer
    with pytest.raises(DatabricksApiError, match=str(answer)):
        notebook().execute(context)
    assert databricks.called(SUBMIT) == 1


@pytest.mark.parametrize("body", ["", "<html>Not found</html>", "[]", '"not found"', '{"message": null}'])
@pytest.mark.parametrize("status", [400, 404])
def test_answer_of_something_else_says_nothing_of_the_run(status: int, body: str) -> None:
    """A proxy between, or another server at the address."""
    assert not runs.is_forgotten(1000, status, body)


def test_not_durable_submits_each_time(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook()]
    for _ in range(2):
        notebook(durable=False).execute(context)
    assert len(databricks.runs) == 2
    assert context["task_state_store"] == {}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_workspace_is_asked_again(databricks: FakeDatabricks, context: Any, status: int) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value="1")]
    databricks.faults = [Fault("runs/get$", status=status), Fault("get-output", status=status)]
    assert notebook().execute(context) == 1


def test_workspace_that_stays_away_is_no_failed_run(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value="1")]
    databricks.faults = [Fault("runs/get$", status=503, times=100)]
    with pytest.raises(AirflowException, match="API requests to Databricks failed") as raised:
        notebook(databricks_retry_limit=1).execute(context)
    assert not isinstance(raised.value, NotebookRunFailed)
    databricks.faults.clear()
    assert notebook().execute(context) == 1
    assert len(databricks.runs) == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param({"notebook_path": "daily"}, "absolute workspace path", id="relative-path"),
        pytest.param({"parameters": {"n": 1}}, "parameters n", id="number-as-parameter"),
        pytest.param({"compute": {"cluster": "x"}}, "compute", id="unknown-compute"),
        pytest.param(
            {"compute": {"existing_cluster_id": "x", "new_cluster": {}}},
            "exclude each other",
            id="two-computes",
        ),
    ],
)
def test_wrong_arguments_submit_nothing(
    databricks: FakeDatabricks, context: Any, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        notebook(**arguments).execute(context)
    assert databricks.requests == []


def test_templates(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook()]
    operator = notebook(
        notebook_path="{{ folder }}/spark/notebooks/daily",
        parameters={"run_id": "{{ run_id }}"},
        compute={"existing_cluster_id": "{{ cluster }}"},
        run_name="daily {{ run_id }}",
    )
    folder = PATH.removesuffix("/spark/notebooks/daily")
    operator.render_template_fields(context | {"folder": folder, "run_id": "r7", "cluster": "c1"})
    operator.execute(context)
    (run,) = databricks.runs.values()
    task = run.request["tasks"][0]
    assert run.request["run_name"] == "daily r7"
    assert task["notebook_task"]["base_parameters"] == {"run_id": "r7"}
    assert task["existing_cluster_id"] == "c1"
