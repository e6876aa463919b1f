"""DatabricksKeepNotebookRunningOperator with notebooks that fail, kills and wrong arguments."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.databricks.exceptions import DatabricksApiError
from airflow.sdk.exceptions import AirflowTaskTimeout

from cloud_operators.exceptions import NotebookRunFailed
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Fault, Notebook
from tests.unit.cloud_operators.databricks.keeping import (
    CANCEL,
    ENDLESS,
    PATH,
    SUBMIT,
    add,
    going_on,
    keep,
)


@pytest.fixture
def databricks(databricks: FakeDatabricks) -> FakeDatabricks:
    databricks.notebooks[PATH] = [ENDLESS]
    return databricks


# --- a run that fails at once


def test_run_that_fails_at_once(databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]) -> None:
    databricks.notebooks[PATH] = [
        Notebook(looks=("PENDING", "RUNNING"), result="FAILED", error="ValueError: no stream"),
        ENDLESS,
    ]
    with pytest.raises(NotebookRunFailed, match="ended FAILED: ValueError: no stream"):
        keep(min_seconds=60, polling_period_seconds=0).execute(context)
    # Its page is there to look at.
    assert xcoms["run_page_url"].endswith("/run/1000")

    assert keep(min_seconds=0).execute(context) == 1010


def test_each_try_of_a_notebook_that_fails_is_a_new_run(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(looks=(), result="FAILED", error=str(n)) for n in range(4)]
    for number in range(4):
        with pytest.raises(NotebookRunFailed, match=f"ended FAILED: {number}"):
            keep().execute(context)
    assert len(databricks.runs) == 4


def test_run_whose_cluster_never_comes_up(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [
        Notebook(
            looks=(), life_cycle="INTERNAL_ERROR", result="FAILED", message="no cluster", has_output=False
        )
    ]
    with pytest.raises(NotebookRunFailed, match="ended FAILED: no cluster"):
        keep().execute(context)


def test_new_run_is_watched_for_the_time_given(
    databricks: FakeDatabricks, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    assert keep(min_seconds=20, polling_period_seconds=10).execute(context) == 1000
    assert pauses == [10, 10]
    # An adopted one is not: it has gone on for longer than that.
    assert keep(min_seconds=20, polling_period_seconds=10).execute(context) == 1000
    assert pauses == [10, 10]


def test_run_that_ends_well_at_once_is_no_error(
    databricks: FakeDatabricks, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    databricks.notebooks[PATH] = [Notebook(looks=())]
    assert keep().execute(context) == 1000
    assert "Run 1000 has ended already" in capsys.readouterr().out


# --- killed


class Killed(BaseException):
    """Ends a task where the signal meets it: nothing of the task runs after it but ``on_kill``."""


@pytest.mark.parametrize("after", [True, False], ids=["request arrived", "request did not arrive"])
@pytest.mark.parametrize("end", [Killed, AirflowTaskTimeout])
def test_killed_while_it_submits_leaves_no_run_that_nobody_knows(
    databricks: FakeDatabricks, context: Any, after: bool, end: type[BaseException]
) -> None:
    operator = keep()
    submit = operator.hook.submit_run

    def dies(request: dict[str, Any]) -> int:
        if after:
            submit(request)
        operator.hook.submit_run = submit  # type: ignore[method-assign]
        raise end

    operator.hook.submit_run = dies  # type: ignore[method-assign]
    with pytest.raises(end):
        operator.execute(context)

    operator.on_kill()

    assert going_on(databricks) == []
    assert len(databricks.runs) == 1
    # And the next try starts it.
    assert keep().execute(context) == 1010


def test_task_that_goes_on_after_its_signal_fails(databricks: FakeDatabricks, context: Any) -> None:
    """Airflow calls ``on_kill`` in the signal's handler, after which the request is answered."""
    operator = keep()
    submit = operator.hook.submit_run

    def signal_meets(request: dict[str, Any]) -> int:
        operator.hook.submit_run = submit  # type: ignore[method-assign]
        operator.on_kill()
        return submit(request)

    operator.hook.submit_run = signal_meets  # type: ignore[method-assign]

    with pytest.raises(NotebookRunFailed, match="CANCELED"):
        operator.execute(context)
    assert len(databricks.runs) == 1


def test_killed_later_leaves_the_new_run_alone(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = keep(min_seconds=60)

    def kill(seconds: float) -> None:
        operator.on_kill()
        raise Killed

    monkeypatch.setattr("time.sleep", kill)
    with pytest.raises(Killed):
        operator.execute(context)

    assert going_on(databricks) == [1000]
    assert keep().execute(context) == 1000
    assert xcoms["action"] == "adopted"


@pytest.mark.parametrize("executed", [True, False], ids=["adopted", "before it began"])
def test_killed_task_leaves_an_adopted_run_alone(
    databricks: FakeDatabricks, context: Any, executed: bool
) -> None:
    add(databricks)
    operator = keep()
    if executed:
        operator.execute(context)

    operator.on_kill()

    assert going_on(databricks) == [1000]
    assert databricks.called(CANCEL) == databricks.called(SUBMIT) == 0


def test_killed_after_a_refusal_submits_nothing(databricks: FakeDatabricks, context: Any) -> None:
    databricks.faults = [Fault(SUBMIT, status=403)]
    operator = keep()
    with pytest.raises(DatabricksApiError):
        operator.execute(context)

    operator.on_kill()

    assert databricks.runs == {}


# --- arguments


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param({"notebook_path": "daily"}, "absolute workspace path", id="relative-path"),
        pytest.param({"parameters": {"n": 1}}, "parameters n", id="number-as-parameter"),
        pytest.param({"compute": {"cluster": "x"}}, "compute", id="unknown-compute"),
        pytest.param({"run_name": ""}, "run_name", id="no-name"),
    ],
)
def test_wrong_arguments_ask_nothing(
    databricks: FakeDatabricks, context: Any, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        keep(**arguments).execute(context)
    assert databricks.requests == []


def test_refused_notebook_is_told(databricks: FakeDatabricks, context: Any) -> None:
    with pytest.raises(DatabricksApiError, match="no notebook /Shared/absent"):
        keep(notebook_path="/Shared/absent").execute(context)
    assert databricks.runs == {}


def test_templates(databricks: FakeDatabricks, context: Any) -> None:
    operator = keep(
        notebook_path="{{ folder }}/spark/notebooks/stream",
        parameters={"run_id": "{{ run_id }}"},
        compute={"existing_cluster_id": "{{ cluster }}"},
        run_name="stream of {{ user }}",
        timeout_seconds="{{ 60 * 60 }}",
    )
    folder = PATH.removesuffix("/spark/notebooks/stream")
    operator.render_template_fields(
        context | {"folder": folder, "run_id": "r7", "cluster": "c1", "user": "u1"}
    )
    operator.execute(context)
    (run,) = databricks.runs.values()
    assert (run.request["run_name"], run.request["timeout_seconds"]) == ("stream of u1", 3600)
    task = run.request["tasks"][0]
    assert task["notebook_task"]["base_parameters"] == {"run_id": "r7"}
    assert task["existing_cluster_id"] == "c1"
