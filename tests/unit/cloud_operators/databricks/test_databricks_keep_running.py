"""DatabricksKeepNotebookRunningOperator against the fake workspace: one run, however it comes to it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.databricks.exceptions import DatabricksApiError

from cloud_operators.databricks.operators.keep_running import (
    _WINDOW_SECONDS,
)
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Fault, Notebook
from tests.unit.cloud_operators.databricks.keeping import (
    CANCEL,
    ENDLESS,
    LIST,
    NAME,
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


def test_run_is_submitted_and_not_waited_for(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    assert keep(timeout_seconds=86400).execute(context) == 1000
    (run,) = databricks.runs.values()
    assert run.request["run_name"] == NAME
    assert run.request["timeout_seconds"] == 86400
    (task,) = run.request["tasks"]
    assert task["notebook_task"] == {
        "notebook_path": PATH,
        "base_parameters": {"user_id": "sandbox"},
        "source": "WORKSPACE",
    }
    assert task["existing_cluster_id"] == "0923-164208-meows279"
    assert 0 < len(run.request["idempotency_token"]) <= 64
    url = f"http://127.0.0.1:{databricks.port}/#job/1/run/1000"
    assert xcoms == {"action": "created", "run_id": 1000, "run_page_url": url}


@pytest.mark.parametrize("state", ["QUEUED", "PENDING", "RUNNING", "BLOCKED", "WAITING_FOR_RETRY"])
def test_run_that_goes_on_is_adopted(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any], state: str
) -> None:
    (run_id,) = add(databricks, state=state)

    assert keep().execute(context) == run_id

    assert len(databricks.runs) == 1
    assert databricks.called(SUBMIT) == 0
    url = f"http://127.0.0.1:{databricks.port}/#job/1/run/{run_id}"
    assert xcoms == {"action": "adopted", "run_id": run_id, "run_page_url": url}


@pytest.mark.parametrize(
    ("life_cycle", "result"),
    [
        ("TERMINATED", "SUCCESS"),
        ("TERMINATED", "FAILED"),
        ("TERMINATED", "CANCELED"),
        ("INTERNAL_ERROR", "FAILED"),
        ("SKIPPED", None),
    ],
)
def test_run_that_has_ended_is_followed_by_a_new_one(
    databricks: FakeDatabricks, context: Any, life_cycle: str, result: str | None
) -> None:
    assert keep().execute(context) == 1000
    databricks.runs[1000].looks = []
    databricks.runs[1000].script = Notebook(life_cycle=life_cycle, result=result)

    assert keep().execute(running.context()) == 1010

    assert going_on(databricks) == [1010]


def test_run_that_is_about_to_end_is_waited_for_and_not_adopted(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    (ending,) = add(databricks)
    databricks.runs[ending].cancelled = True
    databricks.runs[ending].slow_end = 3

    assert keep(polling_period_seconds=0).execute(context) == 1010

    assert databricks.runs[1010].beside == ()
    assert xcoms["action"] == "created"
    assert databricks.called(CANCEL) == 0


def test_runs_of_other_names_are_others(databricks: FakeDatabricks, context: Any) -> None:
    add(databricks, name=f"{NAME}-2")
    add(databricks, name=NAME.upper())
    assert keep().execute(context) == 1020


def test_run_is_found_on_any_page(databricks: FakeDatabricks, context: Any) -> None:
    (run_id,) = add(databricks)
    add(databricks, name="other", number=60)

    assert keep().execute(context) == run_id

    assert databricks.called(LIST) == 3


def test_oldest_of_several_is_adopted_and_none_cancelled(
    databricks: FakeDatabricks, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = add(databricks, number=3)
    databricks.runs[ids[1]].start_time -= 1000

    assert keep().execute(context) == ids[1]

    assert going_on(databricks) == ids
    assert "3 runs have the name 'demo-stream'" in capsys.readouterr().out


# --- one run, however it comes to it


def test_next_try_adopts_the_run_of_a_lost_worker(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    operator = keep()

    def worker_dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    operator.__dict__["_take"] = worker_dies
    with pytest.raises(KeyboardInterrupt):
        operator.execute(context)

    assert keep().execute(context) == 1000
    assert xcoms["action"] == "adopted"
    assert len(databricks.runs) == 1


def test_submit_whose_answer_was_lost(databricks: FakeDatabricks, context: Any) -> None:
    databricks.faults = [Fault(SUBMIT, status=503, after=True)]
    assert keep().execute(context) == 1000
    assert databricks.called(SUBMIT) == 2
    assert len(databricks.runs) == 1


def test_submit_whose_answers_were_all_lost(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    databricks.faults = [Fault(SUBMIT, status=503, after=True)]
    with pytest.raises(AirflowException, match="API requests to Databricks failed"):
        keep(databricks_retry_limit=1).execute(context)
    assert xcoms == {}

    assert keep().execute(context) == 1000
    assert xcoms["action"] == "adopted"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_workspace_is_asked_again(databricks: FakeDatabricks, context: Any, status: int) -> None:
    databricks.faults = [Fault(call, status=status) for call in (LIST, SUBMIT, "runs/get$")]
    assert keep().execute(context) == 1000
    assert len(databricks.runs) == 1


@pytest.mark.parametrize("call", [LIST, SUBMIT])
def test_refusal_is_told(databricks: FakeDatabricks, context: Any, call: str) -> None:
    databricks.faults = [Fault(call, status=403, times=9)]
    with pytest.raises(DatabricksApiError, match="403"):
        keep().execute(context)
    assert databricks.runs == {}


def test_tasks_that_all_submit_before_they_see_each_other_get_one_run(
    databricks: FakeDatabricks, context: Any
) -> None:
    first, second = keep(), keep()
    submit = first.hook.submit_run
    found: list[int] = []

    def later(request: dict[str, Any]) -> int:
        found.append(second.execute(running.context()))
        return submit(request)

    first.hook.submit_run = later  # type: ignore[method-assign]

    assert first.execute(context) == found[0] == 1000

    assert len(databricks.runs) == 1
    assert databricks.called(SUBMIT) == 2
    assert databricks.called(CANCEL) == 0


def test_tasks_between_whose_submissions_the_time_passes_keep_one_run(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their tokens differ: both have submitted before one of them looks again."""
    now = time.time()
    first, second = keep(), keep()
    submit = first.hook.submit_run

    def later(request: dict[str, Any]) -> int:
        with monkeypatch.context() as patch:
            patch.setattr("time.time", lambda: now + _WINDOW_SECONDS)
            second.execute(running.context())
        databricks.runs[1000].start_time -= _WINDOW_SECONDS * 1000 + 1000
        return submit(request)

    first.hook.submit_run = later  # type: ignore[method-assign]

    assert first.execute(context) == 1000

    assert len(databricks.runs) == 2
    assert going_on(databricks) == [1000]
    assert xcoms["action"] == "adopted"


def test_the_run_that_was_started_first_stays_with_its_task(
    databricks: FakeDatabricks, context: Any, xcoms: dict[str, Any]
) -> None:
    """The other one is cancelled by the other task, when it looks."""
    operator = keep()
    submit = operator.hook.submit_run

    def another_follows(request: dict[str, Any]) -> int:
        run_id = submit(request)
        add(databricks)
        databricks.runs[run_id].start_time -= 1
        return run_id

    operator.hook.submit_run = another_follows  # type: ignore[method-assign]

    assert operator.execute(context) == 1000

    assert going_on(databricks) == [1000, 1010]
    assert xcoms["action"] == "created"


def test_many_tasks_at_once(databricks: FakeDatabricks) -> None:
    """Over HTTP, with whatever order the threads have."""
    tasks = 6
    start = threading.Barrier(tasks)

    def task(_: int) -> int:
        operator = keep()
        start.wait(10)
        return operator.execute(running.context())

    for round_number in range(5):
        with ThreadPoolExecutor(tasks) as threads:
            found = set(threads.map(task, range(tasks)))
        assert found == set(going_on(databricks))
        assert len(found) == 1, round_number
        for run in databricks.runs.values():
            run.cancelled = True


def test_clock_that_differs_from_the_workspaces(
    databricks: FakeDatabricks, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that has just ended must be seen, or its token would give it again."""
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    keep().execute(context)
    (run,) = databricks.runs.values()
    run.start_time -= 300_000
    run.cancelled = True

    assert keep().execute(running.context()) == 1010
