"""DatabricksKeepNotebookRunningOperator when its last runs have failed, and when its run is outdated."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from cloud_operators.exceptions import NotebookRunFailed
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Notebook
from tests.unit.cloud_operators.databricks.keeping import (
    CANCEL,
    ENDLESS,
    LIST,
    NAME,
    PATH,
    add,
    going_on,
    keep,
)

FAILED = Notebook(looks=(), result="FAILED", error="ValueError: no stream", trace="line 7")
OLD_PATH = "/Shared/pipeline/ba9876543210/spark/notebooks/stream"


@pytest.fixture
def databricks(databricks: FakeDatabricks) -> FakeDatabricks:
    databricks.notebooks[PATH] = databricks.notebooks[OLD_PATH] = [ENDLESS]
    return databricks


def ended(databricks: FakeDatabricks, *ends: Notebook, name: str = NAME) -> list[int]:
    """Add runs that have ended so, the first first."""
    ids = add(databricks, name, number=len(ends))
    for run_id, end in zip(ids, ends, strict=True):
        databricks.runs[run_id].script = end
        databricks.runs[run_id].looks = []
    return ids


# --- failures


def test_one_failure_is_cured_by_a_new_run(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    ended(databricks, Notebook(), FAILED)
    assert keep().execute(context) == 1020
    assert xcoms["action"] == "created"


def test_two_failures_in_a_row_are_reported_and_the_notebook_is_started_all_the_same(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    earlier, last = ended(databricks, Notebook(result="FAILED", error="first"), FAILED)

    # Airflow tries a task that ends so no second time.
    with pytest.raises(AirflowFailException) as raised:
        keep().execute(context)

    assert going_on(databricks) == [1020]
    assert xcoms["run_id"] == 1020
    assert xcoms["run_page_url"].endswith("/run/1020")
    assert str(raised.value).splitlines() == [
        "run 1020 was started and goes on, but 2 or more runs of the name 'demo-stream' have failed before "
        f"it, one after the other. The last of them is run {last}: notebook {PATH} ended FAILED: "
        "ValueError: no stream",
        "line 7",
        f"run page: http://127.0.0.1:{databricks.port}/#job/1/run/{last}",
    ]
    assert isinstance(raised.value.__cause__, NotebookRunFailed)
    assert str(earlier) not in str(raised.value)


def test_a_notebook_that_always_fails_is_reported_by_every_task(databricks: FakeDatabricks) -> None:
    ended(databricks, FAILED, FAILED)
    for number in range(3):
        with pytest.raises(AirflowFailException):
            keep().execute(running.context())
        databricks.runs[1020 + 10 * number].looks = []
        databricks.runs[1020 + 10 * number].script = FAILED


def test_the_run_that_was_started_after_failures_is_adopted_while_it_goes_on(
    databricks: FakeDatabricks, xcoms: dict[str, Any], context: Any
) -> None:
    ended(databricks, FAILED, FAILED)
    with pytest.raises(AirflowFailException):
        keep().execute(running.context())
    assert keep().execute(context) == 1020
    assert xcoms["action"] == "adopted"


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(Notebook(looks=()), id="well"),
        pytest.param(Notebook(looks=(), result="CANCELED"), id="cancelled"),
        pytest.param(Notebook(looks=(), life_cycle="INTERNAL_ERROR", result="TIMEDOUT"), id="time limit"),
        pytest.param(Notebook(looks=(), life_cycle="SKIPPED", result=None), id="skipped"),
    ],
)
@pytest.mark.parametrize("last", [True, False], ids=["last", "last but one"])
def test_other_ends_are_no_failures(
    databricks: FakeDatabricks, context: Any, end: Notebook, last: bool
) -> None:
    ended(databricks, FAILED, FAILED, *((FAILED, end) if last else (end, FAILED)))
    assert keep().execute(context) == 1040


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(
            Notebook(looks=(), life_cycle="INTERNAL_ERROR", result="FAILED", message="no cluster"), id="both"
        ),
        pytest.param(
            Notebook(looks=(), life_cycle="INTERNAL_ERROR", result=None, message="no cluster"),
            id="without result",
        ),
    ],
)
def test_a_cluster_that_never_comes_up_is_a_failure(
    databricks: FakeDatabricks, context: Any, end: Notebook
) -> None:
    ended(databricks, end, end)
    with pytest.raises(AirflowFailException, match="no cluster"):
        keep().execute(context)


@pytest.mark.parametrize(("tolerated", "failures"), [(0, 1), (2, 3)])
def test_number_of_failures_that_are_tolerated(
    databricks: FakeDatabricks, tolerated: int, failures: int
) -> None:
    ended(databricks, *[FAILED] * (failures - 1))
    databricks.runs[keep(failures_tolerated=tolerated).execute(running.context())].looks = []
    (newest,) = (run for run in databricks.runs.values() if run.script is ENDLESS)
    newest.script = FAILED
    with pytest.raises(AirflowFailException, match=f"{failures} or more runs"):
        keep(failures_tolerated=tolerated).execute(running.context())


def test_failures_of_other_names_are_others(databricks: FakeDatabricks, context: Any) -> None:
    ended(databricks, FAILED, FAILED, name="other")
    assert keep().execute(context) == 1020


def test_the_list_is_read_no_further_than_needed(databricks: FakeDatabricks, context: Any) -> None:
    add(databricks, "other", number=60)
    for run in databricks.runs.values():
        run.looks = []
        run.start_time -= 3_600_000
    ended(databricks, Notebook(looks=()))
    keep().execute(context)
    # What goes on, what has ended, what has ended lately, and what goes on now: a page each.
    assert databricks.called(LIST) == 4


def test_a_new_run_that_fails_as_well_tells_its_own_error_and_is_tried_again(
    databricks: FakeDatabricks, context: Any
) -> None:
    ended(databricks, FAILED, FAILED)
    databricks.notebooks[PATH] = [Notebook(looks=(), result="FAILED", error="third"), ENDLESS]
    with pytest.raises(NotebookRunFailed, match="third"):
        keep().execute(context)
    # The next try is not silent about it.
    with pytest.raises(AirflowFailException, match="third"):
        keep().execute(context)


def test_less_than_no_failures_are_refused(databricks: FakeDatabricks, context: Any) -> None:
    with pytest.raises(ValueError, match="failures_tolerated=-1"):
        keep(failures_tolerated=-1).execute(context)
    assert databricks.requests == []


# --- another run is wanted


def given(**parameters: str) -> dict[str, Any]:
    return {
        "parameters": {"streams": "a", "checkpoints": "b", "run_id": "r1", **parameters},
        "replace_on_change": ["streams", "checkpoints"],
        "polling_period_seconds": 0,
    }


@pytest.mark.parametrize("change", [{"streams": "a2"}, {"checkpoints": "b2"}])
def test_a_run_with_other_parameters_is_replaced(
    databricks: FakeDatabricks,
    context: Any,
    xcoms: dict[str, Any],
    change: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = keep(**given()).execute(running.context())
    databricks.runs[old].slow_end = 3

    new = keep(**given(**change)).execute(context)

    assert going_on(databricks) == [new] != [old]
    assert databricks.runs[new].beside == ()
    assert xcoms["action"] == "replaced"
    assert xcoms["run_id"] == new
    (name,) = change
    logged = capsys.readouterr().out
    assert f"Cancelling run {old} ('demo-stream'" in logged
    assert f"it was given another value of {name}" in logged
    assert f"Waiting for the end of run {old}" in logged
    # And the next task leaves it alone.
    assert keep(**given(**change)).execute(running.context()) == new


def test_other_parameters_and_another_release_replace_nothing(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    old = keep(**given(), notebook_path=OLD_PATH).execute(running.context())
    assert keep(**given(run_id="r2")).execute(context) == old
    assert xcoms["action"] == "adopted"
    assert databricks.called(CANCEL) == 0


def test_without_names_nothing_is_replaced(databricks: FakeDatabricks, context: Any) -> None:
    old = keep(**given()).execute(running.context())
    assert keep(**given(streams="a2") | {"replace_on_change": []}).execute(context) == old


def test_of_several_runs_that_fits_is_adopted(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    (old,) = add(databricks)
    fitting = 1010
    databricks.submit(
        {
            "run_name": NAME,
            "tasks": [
                {
                    "task_key": "t",
                    "notebook_task": {"notebook_path": PATH, "base_parameters": given()["parameters"]},
                }
            ],
        }
    )

    assert keep(**given()).execute(context) == fitting

    assert xcoms["action"] == "adopted"
    assert going_on(databricks) == [fitting]
    assert databricks.runs[old].cancelled


def test_the_end_of_a_replaced_run_is_no_failure(databricks: FakeDatabricks) -> None:
    for streams in ("a", "b", "c", "d"):
        keep(**given(streams=streams)).execute(running.context())
    assert len(going_on(databricks)) == 1


def test_the_names_are_those_of_parameters(databricks: FakeDatabricks, context: Any) -> None:
    with pytest.raises(ValueError, match="replace_on_change: no parameters are nothing, stream"):
        keep(**given() | {"replace_on_change": ["stream", "streams", "nothing"]}).execute(context)
    assert databricks.requests == []
