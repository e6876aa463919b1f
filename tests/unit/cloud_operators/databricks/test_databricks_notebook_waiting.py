"""DatabricksRunNotebookOperator killed, deferred, and not waiting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout, TaskDeferred

from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from cloud_operators.exceptions import NotebookRunFailed, ServiceFailed
from tests.unit.cloud_operators.databricks.fake_databricks import (
    FakeDatabricks,
    Fault,
    Notebook,
)
from tests.unit.cloud_operators.databricks.notebooks import PATH, SUBMIT, notebook
from tests.unit.cloud_operators.running import fire, run


def test_kill_cancels_the_run(
    databricks: FakeDatabricks, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    databricks.notebooks[PATH] = [Notebook(looks=("RUNNING",) * 1000)]
    operator: Any = notebook()

    def kill(seconds: float) -> None:
        operator.on_kill()

    monkeypatch.setattr("time.sleep", kill)
    with pytest.raises(NotebookRunFailed, match="CANCELED"):
        operator.execute(context)
    (run,) = databricks.runs.values()
    assert run.cancelled


# --- deferred


def deferred_trigger(operator: DatabricksRunNotebookOperator, context: Any) -> Any:
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    return deferred.value.trigger


def test_deferred_task_goes_on_in_a_new_process(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value='{"kept": 1}')]
    event = fire(deferred_trigger(notebook(deferrable=True), context))
    assert notebook(deferrable=True).execute_complete(context, event) == {"kept": 1}
    assert databricks.called(SUBMIT) == 1


def test_retry_of_a_deferred_task_attaches_to_the_live_run(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(looks=("RUNNING",) * 4, exit_value='{"kept": 1}')]
    first = deferred_trigger(notebook(deferrable=True), context)
    again = deferred_trigger(notebook(deferrable=True), context)
    assert again.external_id == first.external_id
    assert notebook(deferrable=True).execute_complete(context, fire(again)) == {"kept": 1}
    assert databricks.called(SUBMIT) == 1


def test_retry_after_a_lost_worker_takes_the_result_without_another_deferral(
    databricks: FakeDatabricks, context: Any
) -> None:
    """The worker that went on after the trigger's event is lost too: its event is gone with it."""
    databricks.notebooks[PATH] = [Notebook(exit_value='{"kept": 1}')]
    fire(deferred_trigger(notebook(deferrable=True), context))
    assert notebook(deferrable=True).execute(context) == {"kept": 1}
    assert databricks.called(SUBMIT) == 1


def test_retry_of_a_deferred_task_after_a_failed_run_submits_a_new_one(
    databricks: FakeDatabricks, context: Any
) -> None:
    databricks.notebooks[PATH] = [Notebook(result="FAILED", error="first"), Notebook(exit_value="2")]
    with pytest.raises(NotebookRunFailed, match="first"):
        run(notebook(deferrable=True), context)
    assert run(notebook(deferrable=True), context) == 2
    assert len(databricks.runs) == 2


def test_deferred_run_whose_cluster_never_came_up(databricks: FakeDatabricks, context: Any) -> None:
    """The provider's trigger asks for the output of such a run, which has none, and dies of it."""
    databricks.notebooks[PATH] = [
        Notebook(life_cycle="INTERNAL_ERROR", result="FAILED", message="no cluster", has_output=False)
    ]
    with pytest.raises(NotebookRunFailed, match="ended FAILED: no cluster"):
        run(notebook(deferrable=True), context)


def test_execution_timeout_of_a_deferred_task_cancels_the_run(
    databricks: FakeDatabricks, context: Any
) -> None:
    databricks.notebooks[PATH] = [Notebook(looks=("RUNNING",) * 1000)]
    operator = notebook(deferrable=True, execution_timeout=timedelta(seconds=0.3), polling_period_seconds=60)
    with pytest.raises(AirflowTaskTimeout, match=r"run 1000 was cancelled after 0:00:00\.3"):
        run(operator, context)
    assert [each.cancelled for each in databricks.runs.values()] == [True]


def test_run_forgotten_during_a_deferred_wait_is_made_anew_by_the_retry(
    databricks: FakeDatabricks, context: Any
) -> None:
    databricks.notebooks[PATH] = [Notebook(looks=("RUNNING",) * 1000), Notebook(exit_value="2")]
    trigger = deferred_trigger(notebook(deferrable=True), context)
    databricks.runs[1000].deleted = True
    with pytest.raises(ServiceFailed, match=r"wait for run 1000 is broken off .*Status Code: 400"):
        notebook().execute_complete(context, fire(trigger))
    assert run(notebook(deferrable=True), context) == 2


def test_deferred_wait_that_breaks_off_leaves_the_run_to_the_retry(
    databricks: FakeDatabricks, context: Any
) -> None:
    databricks.notebooks[PATH] = [Notebook(exit_value="1")]
    trigger = deferred_trigger(notebook(deferrable=True, databricks_retry_limit=1), context)
    databricks.faults = [Fault("runs/get$", status=503, times=1)]
    with pytest.raises(ServiceFailed, match=r"wait for run 1000 is broken off .*API requests to Databricks"):
        notebook().execute_complete(context, fire(trigger))
    assert run(notebook(deferrable=True), context) == 1
    assert len(databricks.runs) == 1


# --- not waited for


def test_not_waiting_attaches_to_the_run_of_a_lost_worker(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[PATH] = [Notebook(looks=("RUNNING",) * 4)]
    assert notebook(wait_for_completion=False).execute(context) == 1000
    assert notebook(wait_for_completion=False).execute(context) == 1000
    assert databricks.called(SUBMIT) == 1
