"""How ``make demo`` ends, with everything but its report replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pinterest_sandbox.airflow.dags import STREAM_INGEST
from pinterest_sandbox.config import Config
from pinterest_sandbox.demo import __main__ as demo
from pinterest_sandbox.demo.figures import Result
from pinterest_sandbox.demo.report import TITLES
from tests.unit.pinterest_sandbox.configs import config_at
from tests.unit.pinterest_sandbox.demo.agreeing import agreeing


class FakeAirflow:
    """Every run succeeds at once."""

    compared: dict[str, Any]

    def __init__(self, url: str) -> None:
        pass

    def wait_for_dags(self, dags: Any, timeout: float) -> None:
        pass

    def unpause(self, dag_id: str) -> None:
        pass

    def trigger(self, dag_id: str, conf: Any) -> str:
        return f"run of {dag_id}"

    def wait_for_run(self, dag_id: str, run_id: str, *, timeout: float, report: Any) -> None:
        pass

    def find_run(self, dag_id: str, *, since: Any, timeout: float) -> str:
        return "found"

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        assert (dag_id, run_id, task_id) == (STREAM_INGEST, f"run of {STREAM_INGEST}", "compare_tables")
        return self.compared


class Ran:
    """A demo that can be run; what it finds is as the test says."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.counts, self.compared = agreeing()
        self.first = True

    def run(self) -> tuple[int, str, dict[str, Any]]:
        """Exit code, what was printed, ``demo.json``."""
        FakeAirflow.compared = self.compared
        done = CliRunner().invoke(demo.main, [], env={"COLUMNS": "200"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        written = json.loads((self.config.home / "demo.json").read_text(encoding="utf-8"))
        return done.exit_code, done.output, written


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    found = Ran(config_at(tmp_path))
    results = dict.fromkeys(TITLES, Result(["country"], [["Peru"]]))
    monkeypatch.setattr("pinterest_sandbox.lifecycle.up", lambda console: found.config)
    monkeypatch.setattr(demo, "AirflowClient", FakeAirflow)
    monkeypatch.setattr(demo, "read_results", lambda config: results)
    monkeypatch.setattr(demo, "ledger_counts", lambda config, path, since: found.counts[path])
    monkeypatch.setattr(demo, "has_posts_before", lambda config, moment: not found.first)
    monkeypatch.setattr(demo, "part_versions", dict)
    return found


def test_demo_whose_paths_agree_succeeds(ran: Ran) -> None:
    code, printed, written = ran.run()
    assert code == 0
    assert "disagree" not in printed
    assert (written["stream"]["differences"], written["stream"]["disagreements"]) == (0, [])


def test_empty_stream_table_fails_the_demo_after_all_is_shown_and_written(ran: Ran) -> None:
    for name in ("landed", "kept", "merged"):
        ran.counts["stream"][name]["pin"] = 0
    ran.compared["pin"] |= {"in_both": 0, "in_batch_alone": 1400}

    code, printed, written = ran.run()

    assert code == 1
    _, _, after_all = printed.partition("make down")
    lines = [line.strip() for line in after_all.strip().splitlines()]
    assert lines[0] == "The two paths disagree:"
    assert "pin: landed 1,500 on the batch path, 0 on the stream path" in lines
    assert "pin: 1,400 keys are in the batch table alone" in lines
    assert written["stream"]["differences"] == 1400
    assert written["stream"]["disagreements"] == lines[1:]


def test_table_that_is_not_there_fails_the_demo(ran: Ran) -> None:
    del ran.compared["geo"]
    code, printed, written = ran.run()
    assert code == 1
    assert "geo: the tables were not compared" in printed.partition("make down")[2]
    assert set(written["stream"]["compared"]) == {"pin", "user"}


def test_keys_posted_to_one_path_before_are_told_and_fail_nothing(ran: Ran) -> None:
    ran.first = False
    ran.compared["user"]["in_stream_alone"] = 4321
    code, printed, written = ran.run()
    assert code == 0
    assert "4,321" in printed
    assert written["stream"]["differences"] == 0
