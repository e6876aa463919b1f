"""Looks of the drill: again and again until it is as wanted, and not for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.airflow.client import RunFailed
from pinterest_sandbox.drill.looks import Looks, NotSeen
from tests.unit.pinterest_sandbox.configs import config_at


class FakeAirflow:
    """Gives one record after the other; an error in place of a record is raised.

    :param found: status of the only component by look.
    """

    def __init__(self, *found: str | Exception) -> None:
        self.found = list(found)
        self.paused: list[bool] = []
        #: Answers to what runs go on; then there are none.
        self.active: list[list[str]] = []

    def trigger(self, dag_id: str, conf: Any) -> str:
        return "run"

    def unpause(self, dag_id: str) -> None:
        self.paused.append(False)

    def pause(self, dag_id: str) -> None:
        self.paused.append(True)

    def active_runs(self, dag_id: str) -> list[str]:
        assert self.paused[-1] is False
        return self.active.pop(0) if self.active else []

    def wait_for_run(self, dag_id: str, run_id: str, *, timeout: float, report: Any) -> None:
        if isinstance(self.found[0], Exception):
            raise self.found.pop(0)

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        assert (dag_id, task_id) == ("pinterest_health", "keep_record")
        status = self.found.pop(0) if len(self.found) > 1 else self.found[0]
        return {"components": {"api": {"status": status, "sentence": "it answers"}}}


def looks(tmp_path: Path, airflow: FakeAirflow) -> Looks:
    return Looks(config_at(tmp_path), airflow)  # type: ignore[arg-type]


def test_it_looks_until_it_is_as_wanted(tmp_path: Path) -> None:
    airflow = FakeAirflow("healthy", "healthy", "down", "healthy")
    seen = looks(tmp_path, airflow).until(lambda seen: bool(seen.ill()), what="the api ill", limit=60)
    assert seen.ill() == {"api": "down: it answers"}
    # Paused after each look: nothing looks in between.
    assert airflow.paused == [False, True] * 3


def test_a_run_of_the_schedule_beside_it_is_not_left_half_done(tmp_path: Path) -> None:
    airflow = FakeAirflow("healthy")
    airflow.active = [["scheduled"], ["scheduled"]]
    looks(tmp_path, airflow).look()
    assert (airflow.active, airflow.paused) == ([], [False, True])


def test_a_look_that_fails_is_no_answer(tmp_path: Path) -> None:
    airflow = FakeAirflow(RunFailed("S3 is away"), "healthy")
    assert looks(tmp_path, airflow).until_healthy(60).ill() == {}
    assert airflow.paused == [False, True] * 2


def test_what_does_not_come_is_told_with_what_was_seen_last(tmp_path: Path) -> None:
    with pytest.raises(NotSeen, match=r"all components healthy: not seen within 0.05 s; last: api down: it"):
        looks(tmp_path, FakeAirflow("down")).until_healthy(0.05)


def test_a_look_that_always_fails_is_told(tmp_path: Path) -> None:
    airflow = FakeAirflow(*[RunFailed("S3 is away")] * 100_000)
    with pytest.raises(NotSeen, match="S3 is away"):
        looks(tmp_path, airflow).until_healthy(0.05)
