from __future__ import annotations

import importlib.util
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline.health.checks.databricks import EndedRun, judge
from pinterest_pipeline.health.readings import databricks as reading
from tests.unit.cloud_operators.databricks import fake_databricks
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Fault, Notebook
from tests.unit.cloud_operators.databricks.fake_databricks_parts import Run
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT
from tests.unit.pinterest_pipeline.health.readings.workspace import connect

BATCH_RUN, ONCE_RUN = "sandbox: daily batch", "sandbox: stream ingest"
CONTINUOUS_RUN = "sandbox: continuous stream ingest"
NOW = datetime.now(UTC)


class Workspace(FakeDatabricks):
    """A workspace that tells when runs have ended."""

    ends: dict[int, int]

    def describe(self, run: Run) -> dict[str, Any]:
        return {**super().describe(run), "end_time": self.ends.get(run.run_id, 0)}

    def add(
        self,
        name: str,
        minutes_ago: float,
        seconds: float | None = 60,
        *,
        result: str = "SUCCESS",
        life_cycle: str = "TERMINATED",
    ) -> int:
        """A run that was started so many minutes ago; it goes on when it has no seconds."""
        run_id = len(self.runs) + 1
        begun = int((NOW - timedelta(minutes=minutes_ago)).timestamp() * 1000)
        looks = ["RUNNING"] * 99 if seconds is None else []
        request = {
            "run_name": name,
            "tasks": [{"task_key": "notebook", "notebook_task": {"notebook_path": "/x"}}],
        }
        script = Notebook(life_cycle=life_cycle, result=result)
        self.runs[run_id] = Run(run_id, request, script, looks, begun)
        if seconds is not None:
            self.ends[run_id] = begun + int(seconds * 1000)
        return run_id

    def end(self, run_id: int, seconds: float, result: str = "SUCCESS") -> None:
        """Let a run end."""
        run = self.runs[run_id]
        run.looks.clear()
        run.script.result = result
        self.ends[run_id] = run.start_time + int(seconds * 1000)


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, use_settings: Callable[..., None]) -> Iterator[Workspace]:
    # However slow the machine is.
    monkeypatch.setattr(reading, "FAST_S", 60.0)
    fake = Workspace()
    fake.ends = {}
    server = fake_databricks.serve(fake)
    connect(monkeypatch, fake.port)
    yield fake
    server.shutdown()
    server.server_close()


def ended(found: Any) -> dict[int, EndedRun]:
    return {run.run_id: run for run in found.ended}


def remembered(found: Any, memory: dict[str, Any] | None = None, *, minutes_ago: float = 5) -> dict[str, Any]:
    """The memory of the next check, as if this one had been so long ago."""
    kept: dict[str, Any] = json.loads(json.dumps(judge(found, memory or {}).memory))
    return {**kept, "at": (NOW - timedelta(minutes=minutes_ago)).isoformat()}


def test_no_run_ever(workspace: Workspace) -> None:
    workspace.add("somebody's job", 3)
    found = reading.read({})
    assert (found.ended, found.active, found.alive) == ((), {}, ())
    assert found.notebooks == ("daily batch", "stream ingest")
    assert found.continuous == ""


def test_the_first_check_finds_runs_of_days(workspace: Workspace) -> None:
    batch = workspace.add(BATCH_RUN, 60 * 30, 75.5)
    failed = workspace.add(ONCE_RUN, 20, 9, result="FAILED", life_cycle="INTERNAL_ERROR")
    going = workspace.add(ONCE_RUN, 2, None)
    for minutes in range(100):
        workspace.add("somebody's job", minutes)
    found = reading.read({})
    begun = workspace.runs[batch].start_time
    assert ended(found) == {
        batch: EndedRun(
            notebook="daily batch",
            run_id=batch,
            ended=datetime.fromtimestamp((begun + 75_500) / 1000, UTC),
            seconds=75.5,
            result="SUCCESS",
            failed=False,
        ),
        failed: EndedRun(
            notebook="stream ingest",
            run_id=failed,
            ended=datetime.fromtimestamp((workspace.runs[failed].start_time + 9000) / 1000, UTC),
            seconds=9,
            result="FAILED",
            failed=True,
        ),
    }
    assert found.active == {going: "stream ingest"}
    assert found.alive == ("stream ingest",)


def test_a_slow_workspace_is_not_asked_for_days(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FAST_S", 0.0)
    workspace.add(BATCH_RUN, 60 * 30)
    recent = workspace.add(BATCH_RUN, 30)
    assert set(ended(reading.read({}))) == {recent}
    assert workspace.called("runs/list") == 2


def test_a_later_check_reads_what_is_new(workspace: Workspace) -> None:
    """Of 300 runs of others no page is read again."""
    for minutes in range(30, 330):
        workspace.add("somebody's job", minutes)
    old = workspace.add(BATCH_RUN, 200)
    going = workspace.add(ONCE_RUN, 100, None)
    first = reading.read({})
    assert set(ended(first)) == {old}
    memory = remembered(first)

    workspace.end(going, 5990, "FAILED")
    new = workspace.add(BATCH_RUN, 1)
    workspace.requests.clear()
    second = reading.read(memory)
    assert set(ended(second)) == {going, new}
    assert (ended(second)[going].result, ended(second)[going].seconds) == ("FAILED", 5990)
    assert second.active == {}
    assert (workspace.called("runs/list"), workspace.called("runs/get")) == (2, 1)
    runs = judge(second, memory).memory["runs"]
    assert (runs["daily batch"]["last"]["run_id"], runs["daily batch"]["seconds"]) == (new, [60])


def test_a_long_run_is_kept_in_mind(workspace: Workspace) -> None:
    going = workspace.add(ONCE_RUN, 300, None)
    memory = remembered(reading.read({}))
    again = reading.read(memory)
    assert (ended(again), again.active) == ({}, {going: "stream ingest"})
    workspace.end(going, 17_000)
    assert set(ended(reading.read(remembered(again, memory)))) == {going}


def test_a_run_that_the_workspace_has_forgotten_is_left_out(workspace: Workspace) -> None:
    going = workspace.add(ONCE_RUN, 300, None)
    memory = remembered(reading.read({}))
    workspace.runs[going].deleted = True
    found = reading.read(memory)
    assert (found.ended, found.active) == ((), {})


def test_after_a_pause_of_the_checks_not_everything_is_read(workspace: Workspace) -> None:
    old = workspace.add(BATCH_RUN, 60 * 24 * 20)
    recent = workspace.add(BATCH_RUN, 60 * 24 * 3)
    found = reading.read({"at": (NOW - timedelta(days=30)).isoformat(), "active": {}})
    assert set(ended(found)) == {recent}
    assert old not in ended(found)


def test_the_continuous_run(workspace: Workspace, use_settings: Callable[..., None]) -> None:
    use_settings(STREAM_MODE="continuous")
    workspace.add(ONCE_RUN, 20, result="FAILED")
    going = workspace.add(CONTINUOUS_RUN, 60 * 24 * 9, None)
    found = reading.read({})
    assert found.notebooks == ("daily batch", "continuous stream ingest")
    assert found.continuous == "continuous stream ingest"
    assert found.alive == ("continuous stream ingest",)
    assert found.active == {going: "continuous stream ingest"}
    # The other mode's runs are of no interest.
    assert found.ended == ()

    run = workspace.runs[going]
    run.cancelled, run.slow_end = True, 9
    assert reading.read(remembered(found)).alive == ()


def test_run_names_are_those_of_the_dags(use_settings: Callable[..., None]) -> None:
    daily = dag_module("pinterest_daily_batch").run_notebook
    stream = dag_module("pinterest_stream_ingest")
    assert reading.run_names() == {
        daily.run_name: "daily batch",
        stream.run_notebook.run_name: "stream ingest",
    }
    use_settings(STREAM_MODE="continuous")
    assert list(reading.run_names())[1] == stream.keep_running.run_name


def dag_module(dag_id: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"health_{dag_id}", CHECKOUT / "dags" / f"{dag_id}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_refused_token(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, workspace.port, "dapi-of-somebody")
    assert reading.read({}).trouble == "the workspace refuses the connection databricks_default (403)"


def test_a_workspace_out_of_order(workspace: Workspace) -> None:
    workspace.faults.append(Fault(status=503, pattern=".*", times=9))
    assert reading.read({}).trouble == "the workspace answers 503"


@pytest.mark.parametrize("status", [400, 429])
def test_other_answers_are_no_state_of_the_workspace(workspace: Workspace, status: int) -> None:
    workspace.faults.append(Fault(status=status, pattern=".*", times=9))
    with pytest.raises(Exception, match=str(status)):
        reading.read({})


@pytest.mark.usefixtures("use_settings")
def test_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        connect(monkeypatch, probe.getsockname()[1])
        assert reading.read({}).trouble == "the workspace does not answer"


@pytest.mark.usefixtures("use_settings")
def test_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", raising=False)
    assert reading.read({}).no_connection
