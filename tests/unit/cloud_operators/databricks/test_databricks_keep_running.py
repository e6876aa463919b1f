"""DatabricksKeepNotebookRunningOperator against the fake workspace."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.databricks.exceptions import DatabricksApiError
from airflow.sdk.exceptions import AirflowTaskTimeout

from cloud_operators.databricks.operators.keep_running import (
    _WINDOW_SECONDS,
    DatabricksKeepNotebookRunningOperator,
)
from cloud_operators.exceptions import NotebookRunFailed
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Fault, Notebook

PATH = "/Shared/pipeline/0123456789ab/spark/notebooks/stream"
NAME = "demo-stream"
SUBMIT = "POST /api/2.2/jobs/runs/submit"
LIST = "GET /api/2.2/jobs/runs/list"
CANCEL = "POST /api/2.2/jobs/runs/cancel"
ENDLESS = Notebook(looks=("RUNNING",) * 1000)


def keep(**arguments: Any) -> DatabricksKeepNotebookRunningOperator:
    given = {
        "notebook_path": PATH,
        "parameters": {"user_id": "sandbox"},
        "compute": {"existing_cluster_id": "0923-164208-meows279"},
        "run_name": NAME,
        "databricks_retry_delay": 0,
        **arguments,
    }
    return DatabricksKeepNotebookRunningOperator(task_id="keep", **given)


@pytest.fixture
def databricks(databricks: FakeDatabricks) -> FakeDatabricks:
    databricks.notebooks[PATH] = [ENDLESS]
    return databricks


def add(databricks: FakeDatabricks, name: str = NAME, state: str = "RUNNING", number: int = 1) -> list[int]:
    """Add runs that somebody else started; gives their ids."""
    ids = []
    for _ in range(number):
        task = {"task_key": "t", "notebook_task": {"notebook_path": PATH}}
        run_id = databricks.submit({"run_name": name, "tasks": [task]})["run_id"]
        databricks.runs[run_id].looks = [state] * 1000
        ids.append(run_id)
    return ids


def going_on(databricks: FakeDatabricks) -> list[int]:
    return [run.run_id for run in databricks.runs.values() if run.looks and not run.cancelled]


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


def test_run_that_is_about_to_end_is_no_run(databricks: FakeDatabricks, context: Any) -> None:
    add(databricks, state="TERMINATING")
    assert keep().execute(context) == 1010


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
