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
        #: What a run of the schedule finds that has slipped in in front of the next one.
        self.scheduled: str | None = None
        self.active: list[str] = []

    def trigger(self, dag_id: str, conf: Any) -> str:
        self.active = ["own"]
        return "own"

    def unpause(self, dag_id: str) -> None:
        self.paused.append(False)
        if self.scheduled:
            self.active = ["scheduled", "own"]

    def pause(self, dag_id: str) -> None:
        assert self.active == []
        self.paused.append(True)

    def active_runs(self, dag_id: str) -> list[str]:
        assert self.paused[-1] is False
        active = list(self.active)
        self.active = self.active[1:]
        return active

    def run_state(self, dag_id: str, run_id: str) -> str:
        return "failed" if run_id == "own" and isinstance(self.found[0], Exception) else "success"

    def wait_for_run(self, dag_id: str, run_id: str, *, timeout: float) -> None:
        if isinstance(self.found[0], Exception):
            raise self.found.pop(0)
        if len(self.found) > 1:
            self.found.pop(0)

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        assert (dag_id, task_id) == ("pinterest_health", "keep_record")
        status = self.found[0] if run_id == "own" else self.scheduled
        self.scheduled = None if run_id == "scheduled" else self.scheduled
        return {"components": {"api": {"status": status, "sentence": "it answers"}}}


def looks(tmp_path: Path, airflow: FakeAirflow) -> Looks:
    return Looks(config_at(tmp_path), airflow)  # type: ignore[arg-type]


def test_it_looks_until_it_is_as_wanted(tmp_path: Path) -> None:
    airflow = FakeAirflow("healthy", "healthy", "down", "healthy")
    seen = looks(tmp_path, airflow).until(lambda seen: bool(seen.ill()), what="the api ill", limit=60)
    assert seen.ill() == {"api": "down: it answers"}
    # Paused after each look: nothing looks in between.
    assert airflow.paused == [False, True] * 3


def test_what_a_run_of_the_schedule_has_seen_is_seen(tmp_path: Path) -> None:
    """What was ill for a moment is healthy again when the look that was asked for has its turn."""
    airflow = FakeAirflow("healthy")
    airflow.scheduled = "down"
    seen = looks(tmp_path, airflow).until(lambda seen: bool(seen.ill()), what="the api ill", limit=60)
    assert seen.ill() == {"api": "down: it answers"}
    assert airflow.paused == [False, True]


def test_a_look_is_the_run_that_was_asked_for(tmp_path: Path) -> None:
    airflow = FakeAirflow("healthy")
    airflow.scheduled = "down"
    assert looks(tmp_path, airflow).look().ill() == {}


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


class FakeS3:
    """A bucket with some keys."""

    def __init__(self, *keys: str) -> None:
        self.keys = set(keys)

    def list_objects_v2(self, *, Bucket: str, Prefix: str) -> dict[str, Any]:
        found = [{"Key": key} for key in sorted(self.keys) if key.startswith(Prefix)]
        return {"Contents": found} if found else {}

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        self.keys.discard(Key)


def test_what_was_told_and_tried_is_forgotten_and_the_states_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = FakeS3("health/told.json", "health/healing/api.json", "health/latest.json")
    monkeypatch.setattr("pinterest_sandbox.drill.looks.aws_client", lambda *_: s3)
    made = looks(tmp_path, FakeAirflow("healthy"))
    made.forget()
    assert s3.keys == {"health/latest.json"}
    made.forget()
