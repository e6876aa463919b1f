"""Runs that must not go on beside each other: they are waited for, or cancelled, before another starts."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.databricks.operators.keep_running import DatabricksKeepNotebookRunningOperator
from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.databricks import keeping, notebooks
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Notebook
from tests.unit.cloud_operators.databricks.keeping import CANCEL, ENDLESS, add

ONCE = "demo-once"
ENDLESSLY = keeping.NAME
OTHER = "/Shared/other"


def run_once(**arguments: Any) -> DatabricksRunNotebookOperator:
    return notebooks.notebook(**{"run_name": ONCE, "waits_for": [ONCE], "replaces": [ENDLESSLY], **arguments})


def keep(**arguments: Any) -> DatabricksKeepNotebookRunningOperator:
    return keeping.keep(**{"waits_for": [ONCE], "polling_period_seconds": 0, **arguments})


@pytest.fixture
def databricks(databricks: FakeDatabricks) -> FakeDatabricks:
    databricks.notebooks[keeping.PATH] = [ENDLESS]
    databricks.notebooks[notebooks.PATH] = [Notebook(exit_value="7")]
    return databricks


def goes_on(databricks: FakeDatabricks, name: str, looks: int = 3) -> int:
    """Add a run that ends by itself after so many looks at it."""
    (run_id,) = add(databricks, name)
    databricks.runs[run_id].looks = ["RUNNING"] * looks
    return run_id


# --- a notebook that is run once


@pytest.mark.parametrize("deferrable", [False, True], ids=["waiting", "deferred"])
def test_another_run_of_the_name_is_waited_for(
    databricks: FakeDatabricks, context: Any, deferrable: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    other = goes_on(databricks, ONCE)

    assert running.run(run_once(deferrable=deferrable, polling_period_seconds=0.01), context) == 7

    assert databricks.runs[1010].beside == ()
    assert databricks.called(CANCEL) == 0
    assert f"Waiting for the end of run {other} ('demo-once', http://127" in capsys.readouterr().out


def test_runs_that_are_replaced_are_cancelled_and_waited_for(
    databricks: FakeDatabricks, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced = add(databricks, ENDLESSLY, number=2)
    for run_id in replaced:
        databricks.runs[run_id].slow_end = 3

    assert run_once().execute(context) == 7

    assert databricks.runs[1020].beside == ()
    assert [run.cancelled for run in databricks.runs.values()] == [True, True, False]
    # Those that have been told to end are not told again.
    assert databricks.called(CANCEL) == 2
    logged = capsys.readouterr().out
    assert f"Cancelling run {replaced[0]} ('demo-stream', http://127" in logged
    assert f"{notebooks.PATH} is to be run instead" in logged


def test_runs_of_other_names_are_left_alone(databricks: FakeDatabricks, context: Any) -> None:
    other = goes_on(databricks, "demo", looks=1000)
    assert run_once().execute(context) == 7
    assert databricks.runs[1010].beside == (other,)
    assert databricks.called(CANCEL) == 0


def test_retry_takes_up_its_own_run_without_waiting_for_it(databricks: FakeDatabricks, context: Any) -> None:
    databricks.notebooks[notebooks.PATH] = [ENDLESS]
    first = run_once(wait_for_completion=False).execute(context)
    assert run_once(wait_for_completion=False).execute(context) == first
    assert databricks.runs[first].looks != []
    assert len(databricks.runs) == 1


def test_run_of_a_worker_that_died_before_storing_its_id_is_waited_for_and_taken(
    databricks: FakeDatabricks, context: Any
) -> None:
    run_once(wait_for_completion=False).execute(context)
    del context["task_state_store"][notebooks.RUN_ID]
    assert run_once().execute(context) == 7
    assert len(databricks.runs) == 1


def test_of_two_that_submit_before_they_see_each_other_the_later_gives_way(
    databricks: FakeDatabricks, context: Any
) -> None:
    """Each has looked, and seen nothing, before the other has submitted."""
    databricks.notebooks[notebooks.PATH] = [Notebook(exit_value="1"), ENDLESS, Notebook(exit_value="3")]
    second = run_once()
    submit = second.hook.submit_run

    def first_was_faster(request: dict[str, Any]) -> int:
        second.hook.submit_run = submit  # type: ignore[method-assign]
        run_once(wait_for_completion=False).execute(running.context())
        databricks.runs[1000].start_time -= 1
        return int(submit(request))

    second.hook.submit_run = first_was_faster  # type: ignore[method-assign]

    assert second.execute(context) == 3

    assert [run.cancelled for run in databricks.runs.values()] == [False, True, False]
    assert databricks.runs[1020].beside == ()
    assert context["task_state_store"][notebooks.RUN_ID] == 1020


def test_the_run_that_was_started_first_stays(databricks: FakeDatabricks, context: Any) -> None:
    operator = run_once()
    submit = operator.hook.submit_run

    def another_follows(request: dict[str, Any]) -> int:
        run_id = int(submit(request))
        goes_on(databricks, ONCE)
        databricks.runs[run_id].start_time -= 1
        return run_id

    operator.hook.submit_run = another_follows  # type: ignore[method-assign]

    assert operator.execute(context) == 7
    assert databricks.called(CANCEL) == 0


def test_killed_while_it_waits_cancels_nothing(
    databricks: FakeDatabricks, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on(databricks, ONCE, looks=1000)
    operator = run_once()

    def kill(seconds: float) -> None:
        operator.on_kill()
        raise notebooks.WorkerLost

    monkeypatch.setattr("time.sleep", kill)
    with pytest.raises(notebooks.WorkerLost):
        operator.execute(context)
    assert databricks.called(CANCEL) == 0
    assert len(databricks.runs) == 1


# --- a notebook that is kept running


def test_a_run_to_keep_is_started_once_the_others_have_ended(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    goes_on(databricks, ONCE)
    assert keep().execute(context) == 1010
    assert databricks.runs[1010].beside == ()
    assert xcoms["action"] == "created"
    assert databricks.called(CANCEL) == 0


def test_a_run_that_goes_on_is_adopted_whatever_else_does(databricks: FakeDatabricks, context: Any) -> None:
    (run_id,) = add(databricks)
    goes_on(databricks, ONCE, looks=1000)
    assert keep().execute(context) == run_id


def test_a_run_that_another_task_started_during_the_wait_is_adopted(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on(databricks, ONCE)
    monkeypatch.setattr("time.sleep", lambda _: None if len(databricks.runs) > 1 else add(databricks))
    assert keep().execute(context) == 1010
    assert xcoms["action"] == "adopted"
    assert len(databricks.runs) == 2


def test_a_run_to_keep_gives_way_to_one_that_was_started_before_it(
    databricks: FakeDatabricks, context: Any
) -> None:
    operator = keep()
    submit = operator.hook.submit_run

    def another_was_faster(request: dict[str, Any]) -> int:
        operator.hook.submit_run = submit  # type: ignore[method-assign]
        databricks.runs[goes_on(databricks, ONCE)].start_time -= 1
        return int(submit(request))

    operator.hook.submit_run = another_was_faster  # type: ignore[method-assign]

    assert operator.execute(context) == 1020

    assert [run.cancelled for run in databricks.runs.values()] == [False, True, False]
    assert databricks.runs[1020].beside == ()


def test_both_kinds_at_once_leave_the_one_that_replaces(databricks: FakeDatabricks, context: Any) -> None:
    """A task of each mode, each with the other's run submitted behind its back."""
    databricks.notebooks[notebooks.PATH] = [ENDLESS, Notebook(exit_value="2")]
    operator = run_once()
    submit = operator.hook.submit_run

    def kept_is_faster(request: dict[str, Any]) -> int:
        operator.hook.submit_run = submit  # type: ignore[method-assign]
        databricks.runs[keep().execute(running.context())].start_time -= 1
        return int(submit(request))

    operator.hook.submit_run = kept_is_faster  # type: ignore[method-assign]

    assert operator.execute(context) == 2

    assert [run.cancelled for run in databricks.runs.values()] == [True, True, False]
    assert databricks.runs[1020].beside == ()


# --- arguments


@pytest.mark.parametrize(
    ("operator", "argument"),
    [
        pytest.param(run_once, "waits_for", id="run-waits"),
        pytest.param(run_once, "replaces", id="run-replaces"),
        pytest.param(keep, "waits_for", id="keep-waits"),
        pytest.param(keep, "replace_on_change", id="keep-replaces"),
    ],
)
@pytest.mark.parametrize("value", ["demo", [""], [1], None])
def test_names_are_a_list(
    databricks: FakeDatabricks, context: Any, operator: Any, argument: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=f"{argument}=.*a list of names is needed"):
        operator(**{argument: value}).execute(context)
    assert databricks.requests == []


def test_names_are_templates(databricks: FakeDatabricks, context: Any) -> None:
    (run_id,) = add(databricks, "stream of u1")
    databricks.runs[goes_on(databricks, "batch of u1")].looks = ["RUNNING"]
    operator = run_once(replaces=["stream of {{ user }}"], waits_for=["batch of {{ user }}"])
    operator.render_template_fields(context | {"user": "u1"})
    assert operator.execute(context) == 7
    assert databricks.runs[run_id].cancelled
    assert databricks.runs[1020].beside == ()
