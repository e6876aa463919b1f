"""The connector: its states, its tasks, its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline.health.checks.connector import Point, Reading, judge
from pinterest_pipeline.health.findings import Finding

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NAME = "sandbox-connector"
NO_METRICS = f"CloudWatch has no task metrics of connector {NAME} of the last 5 min"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def tasks(running: float | None, errored: float | None, **age: float) -> dict[str, Any]:
    return {
        name: None if value is None else Point(value, ago(**age))
        for name, value in (("running", running), ("errored", errored))
    }


def look(memory: Mapping[str, Any] | None = None, **changed: Any) -> Finding:
    """Judge a connector of yesterday that runs with one task, but for what is changed."""
    values = {
        "at": NOW,
        "name": NAME,
        "state": "RUNNING",
        "created": ago(days=1),
        **tasks(1.0, 0.0, minutes=1),
    } | changed
    found = judge(Reading(**values), json.loads(json.dumps(memory or {})))
    json.dumps(found.memory)
    return found


def figures(found: Finding) -> dict[str, Any]:
    return {name: figure.value for name, figure in found.figures.items()}


def test_a_running_connector_is_healthy() -> None:
    found = look(error_count=0)
    assert (found.status, found.sentence) == ("healthy", f"connector {NAME} is RUNNING, 1 task runs")
    assert figures(found) == {"running tasks": 1, "failed tasks": 0, "logged errors": 0}


def test_a_connector_that_is_not_there_is_down() -> None:
    found = judge(Reading(at=NOW, name=NAME), {})
    assert found.status == "down"
    assert found.sentence == f"connector {NAME} does not exist: run pinterest_provision_batch"


def test_a_failed_connector_is_down_with_its_reason() -> None:
    found = look(state="FAILED", reason="ConnectorFailed: access denied", **tasks(None, None))
    assert found.status == "down"
    assert found.sentence == f"connector {NAME} is FAILED (ConnectorFailed: access denied)"


@pytest.mark.parametrize(("state", "status"), [("DELETING", "down"), ("SOMETHING_NEW", "degraded")])
def test_other_states(state: str, status: str) -> None:
    found = look(state=state)
    assert found.status == status
    assert f"connector {NAME} is {state}" in found.sentence


class TestPassingStates:
    @pytest.mark.parametrize(("minutes", "status"), [(0, "degraded"), (30, "degraded"), (30.1, "down")])
    def test_creating_is_measured_from_its_creation(self, minutes: float, status: str) -> None:
        found = look(state="CREATING", created=ago(minutes=minutes), **tasks(None, None))
        assert found.status == status
        assert found.sentence == f"connector {NAME} is CREATING for {int(minutes)} min"

    @pytest.mark.parametrize("state", ["UPDATING", "RESTARTING"])
    @pytest.mark.parametrize(("minutes", "status"), [(5, "degraded"), (30, "degraded"), (30.1, "down")])
    def test_others_are_measured_from_when_they_were_seen_first(
        self, state: str, minutes: float, status: str
    ) -> None:
        first = look(state=state)
        assert (first.status, first.sentence) == ("degraded", f"connector {NAME} is {state} for 0 min")
        later = look(first.memory, state=state, at=NOW + timedelta(minutes=minutes))
        assert later.status == status

    def test_the_time_of_another_state_does_not_count(self) -> None:
        running = look()
        found = look(running.memory, state="UPDATING", at=NOW + timedelta(hours=2))
        assert found.status == "degraded"

    @pytest.mark.parametrize("since", ["2026-03-01T13:00:00+00:00", "never", None])
    def test_a_time_ahead_or_none_at_all_does_not_count(self, since: Any) -> None:
        found = look({"state": "UPDATING", "since": since}, state="UPDATING")
        assert (found.status, found.sentence) == ("degraded", f"connector {NAME} is UPDATING for 0 min")

    def test_failed_tasks_count_meanwhile(self) -> None:
        found = look(state="UPDATING", **tasks(0, 1, minutes=1))
        assert found.status == "down"

    def test_metrics_need_not_be_there_meanwhile(self) -> None:
        found = look({"metrics": True}, state="UPDATING", **tasks(None, None))
        assert found.sentence == f"connector {NAME} is UPDATING for 0 min"


class TestTasks:
    def test_a_failed_task_beside_others_is_degraded(self) -> None:
        found = look(**tasks(2.0, 1.0, minutes=1))
        assert found.status == "degraded"
        assert found.sentence == f"connector {NAME}: 1 task has failed, 2 run"
        assert figures(found)["failed tasks"] == 1

    def test_failed_tasks_alone_are_down(self) -> None:
        found = look(**tasks(0.0, 2.0, minutes=1))
        assert (found.status, found.sentence) == ("down", f"connector {NAME}: 2 tasks have failed, none runs")

    def test_a_failed_task_without_a_count_of_others_is_degraded(self) -> None:
        found = look(**tasks(None, 1.0, minutes=1))
        assert found.status == "degraded"
        assert "not known whether others run" in found.sentence

    @pytest.mark.parametrize(("minutes", "status"), [(15, "healthy"), (15.1, "degraded")])
    def test_no_task_at_all_is_degraded_once_it_had_time(self, minutes: float, status: str) -> None:
        assert look(created=ago(minutes=minutes), **tasks(0.0, 0.0, minutes=1)).status == status

    def test_no_task_where_some_have_run_is_degraded_at_once(self) -> None:
        created = ago(minutes=3)
        none = tasks(0.0, 0.0, minutes=1)
        before = look(look(created=created).memory, created=created, **none)
        assert (before.status, before.sentence) == (
            "degraded",
            f"connector {NAME} is RUNNING, and no task of it runs",
        )
        assert look(before.memory, created=created, **none).status == "degraded"
        # Made again, it has a time of its own.
        assert look(before.memory, created=ago(minutes=1), **none).status == "healthy"


class TestMetrics:
    @pytest.mark.parametrize(("seconds", "status"), [(300, "down"), (301, "healthy")])
    def test_old_ones_say_nothing(self, seconds: int, status: str) -> None:
        found = look(**tasks(0.0, 1.0, seconds=seconds))
        assert found.status == status
        assert (NO_METRICS in found.sentence) == (seconds > 300)

    def test_where_there_never_were_any_it_is_said_and_healthy(self) -> None:
        found = look(**tasks(None, None))
        assert (found.status, found.sentence) == ("healthy", f"connector {NAME} is RUNNING; {NO_METRICS}")
        assert figures(found)["running tasks"] is None
        assert look(found.memory, **tasks(None, None)).status == "healthy"

    @pytest.mark.parametrize(("minutes", "status"), [(15, "healthy"), (15.1, "degraded")])
    def test_where_there_were_some_it_is_degraded_once_it_had_time(self, minutes: float, status: str) -> None:
        before = look()
        created = ago(minutes=minutes)
        found = look(before.memory, created=created, **tasks(None, None))
        assert found.status == status
        assert NO_METRICS in found.sentence
        # It does not forget by the first check without them.
        assert look(found.memory, created=created, **tasks(None, None)).status == status

    def test_without_a_time_of_creation_it_is_healthy(self) -> None:
        assert look({"metrics": True}, created=None, **tasks(None, None)).status == "healthy"

    @pytest.mark.parametrize("memory", [{}, {"metrics": True}])
    def test_without_them_it_is_not_known_whether_its_tasks_run(self, memory: dict[str, bool]) -> None:
        found = look(memory, metrics_trouble="AccessDenied", **tasks(None, None))
        assert found.status == "unknown"
        assert found.sentence == "its task metrics could not be read: AccessDenied"
        assert found.memory["metrics"] is memory.get("metrics", False)

    def test_a_failed_connector_is_down_without_them(self) -> None:
        found = look(state="FAILED", metrics_trouble="AccessDenied", **tasks(None, None))
        assert found.status == "down"


class TestLog:
    def test_errors_are_told_and_change_no_state(self) -> None:
        found = look(error_count=12, errors=["task-0: ConnectException", "task-1: DataException"])
        assert found.status == "healthy"
        assert found.sentence == (
            f"connector {NAME} is RUNNING, 1 task runs; "
            "last logged errors: task-0: ConnectException | task-1: DataException"
        )
        assert figures(found)["logged errors"] == 12

    def test_errors_follow_the_problem_that_they_explain(self) -> None:
        found = look(error_count=1, errors=["task-0: ConnectException"], **tasks(0.0, 1.0, minutes=1))
        assert found.status == "down"
        assert found.sentence == (
            f"connector {NAME}: 1 task has failed, none runs; last logged errors: task-0: ConnectException"
        )

    def test_a_log_that_could_not_be_read_is_said(self) -> None:
        found = look(log_trouble="ClientError AccessDeniedException")
        assert found.status == "healthy"
        assert found.sentence.endswith("its log could not be read: ClientError AccessDeniedException")
