"""The command that traces a post, over a stand-in of Airflow."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from pinterest_sandbox.airflow import trace as command
from pinterest_sandbox.airflow.client import RunFailed
from pinterest_sandbox.cli import main

RESULT = {"ind": 7, "lines": ["Post 7", f"a line{' ' * 300}of one piece"]}


class FakeAirflow:
    """Runs the DAG at once.

    :param error: what it meets instead.
    """

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, url: str) -> FakeAirflow:
        self.calls.append(("connect", url))
        return self

    def wait_for_dags(self, names: tuple[str, ...], *, timeout: float) -> None:
        if isinstance(self.error, requests.ConnectionError):
            raise self.error
        self.calls.append(("known", *names))

    def unpause(self, dag_id: str) -> None:
        self.calls.append(("unpause", dag_id))

    def trigger(self, dag_id: str, conf: dict[str, object]) -> str:
        self.calls.append(("trigger", dag_id, conf))
        return "the run"

    def wait_for_run(self, dag_id: str, run_id: str, **_: Any) -> None:
        if self.error:
            raise self.error

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        assert (dag_id, run_id, task_id) == ("pinterest_trace", "the run", "assemble")
        return RESULT


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> FakeAirflow:
    fake = FakeAirflow()
    config = SimpleNamespace(url=lambda service: f"http://{service}")
    monkeypatch.setattr(command.lifecycle, "running_config", lambda: config)
    monkeypatch.setattr(command, "AirflowClient", fake)
    return fake


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["trace", *arguments])


def test_the_dag_is_run_and_its_lines_are_printed_unbroken(airflow: FakeAirflow) -> None:
    done = run("7")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == RESULT["lines"]
    assert airflow.calls == [
        ("connect", "http://airflow"),
        ("known", "pinterest_trace"),
        ("unpause", "pinterest_trace"),
        ("trigger", "pinterest_trace", {"ind": 7}),
    ]


def test_the_result_is_printed_as_json(airflow: FakeAirflow) -> None:
    assert json.loads(run("7", "--json").stdout) == RESULT


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RunFailed("task trace_batch: AccessDenied"), "task trace_batch: AccessDenied"),
        (requests.ConnectionError("refused"), "Airflow does not answer: `make up` starts it"),
        (TimeoutError("a run of pinterest_trace"), "a run of pinterest_trace"),
    ],
)
def test_what_goes_wrong_is_told_without_a_trace(airflow: FakeAirflow, error: Exception, told: str) -> None:
    airflow.error = error
    done = run("7")
    assert done.exit_code == 1
    assert told in done.stderr
    assert "Traceback" not in done.output


def test_without_a_sandbox_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.lifecycle, "running_config", lambda: None)
    done = run("7")
    assert done.exit_code == 1
    assert "start it with `make demo` or `make up`" in done.stderr


@pytest.mark.parametrize("ind", ["-1", "seven", "7.5"])
def test_a_key_is_a_whole_number(ind: str) -> None:
    assert run("--", ind).exit_code == 2
