from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline.health.checks.databricks import EndedRun, Reading, judge
from pinterest_pipeline.health.findings import Figure, Finding, Status

AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
BATCH, STREAM, CONTINUOUS = "daily batch", "stream ingest", "continuous stream ingest"


def ended(
    number: int,
    seconds: float = 100,
    *,
    notebook: str = BATCH,
    result: str = "SUCCESS",
    minutes_ago: float | None = None,
) -> EndedRun:
    """A run; those of greater numbers have ended later, unless it is said when."""
    ago = 1000 - number if minutes_ago is None else minutes_ago
    return EndedRun(
        notebook=notebook,
        run_id=number,
        ended=AT - timedelta(minutes=ago),
        seconds=seconds,
        result=result,
        failed=result not in ("SUCCESS", "CANCELED"),
    )


def look(*runs: EndedRun, memory: Mapping[str, Any] | None = None, **more: Any) -> Finding:
    found = judge(Reading(at=AT, latency_s=0.2, notebooks=(BATCH, STREAM), ended=runs, **more), memory or {})
    # The next check is given what was JSON in the meantime.
    assert json.loads(json.dumps(found.memory)) == found.memory
    return found


def continuous(*runs: EndedRun, alive: bool) -> Finding:
    return judge(
        Reading(
            at=AT,
            notebooks=(BATCH, CONTINUOUS),
            continuous=CONTINUOUS,
            ended=runs,
            alive=(CONTINUOUS,) if alive else (),
        ),
        {},
    )


def test_before_any_run_all_is_healthy() -> None:
    found = look()
    assert found.status is Status.HEALTHY
    assert found.sentence == (
        "no run of the daily batch has ended yet; no run of the stream ingest has ended yet"
    )
    assert found.figures["daily_batch_result"] == Figure(value=None)


def test_the_last_run_and_the_median_are_figures() -> None:
    found = look(ended(1, 90), ended(2, 110), ended(3, 100), ended(4, 120.5), ended(9, notebook=STREAM))
    assert found.status is Status.HEALTHY
    assert found.sentence == (
        "the last run of the daily batch ended SUCCESS after 120 s; "
        "the last run of the stream ingest ended SUCCESS after 100 s"
    )
    assert found.figures == {
        "latency": Figure(value=0.2, unit="s"),
        "daily_batch_result": Figure(value="SUCCESS"),
        "daily_batch_duration": Figure(value=120.5, unit="s"),
        "daily_batch_usual_duration": Figure(value=100, unit="s"),
        "stream_ingest_result": Figure(value="SUCCESS"),
        "stream_ingest_duration": Figure(value=100, unit="s"),
        "stream_ingest_usual_duration": Figure(value=None, unit="s"),
    }


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("FAILED", Status.DEGRADED),
        ("INTERNAL_ERROR", Status.DEGRADED),
        ("CANCELED", Status.HEALTHY),
        ("SUCCESS", Status.HEALTHY),
    ],
)
def test_the_end_of_the_last_run_counts(result: str, status: Status) -> None:
    found = look(ended(1), ended(2, result=result))
    assert found.status is status
    if status is Status.DEGRADED:
        assert found.sentence == f"the last run of the daily batch ended {result}"


def test_a_failure_before_the_last_run_is_over() -> None:
    assert look(ended(1, result="FAILED"), ended(2)).status is Status.HEALTHY
    # Whatever the order in which they come.
    assert look(ended(2), ended(1, result="FAILED")).status is Status.HEALTHY


@pytest.mark.parametrize(
    ("usual", "seconds", "status"),
    [
        (100, 300, Status.HEALTHY),
        (100, 300.1, Status.DEGRADED),
        (10, 130, Status.HEALTHY),
        (10, 130.1, Status.DEGRADED),
        (1000, 2999, Status.HEALTHY),
        (0, 121, Status.DEGRADED),
    ],
    ids=["three times", "more", "120 s more", "more than that", "long but usual", "of nothing"],
)
def test_a_run_much_longer_than_those_before_is_degraded(
    usual: float, seconds: float, status: Status
) -> None:
    found = look(*(ended(number, usual) for number in range(5)), ended(5, seconds))
    assert found.status is status


def test_a_long_run_is_told_with_the_median() -> None:
    found = look(ended(1, 100), ended(2, 5000, result="FAILED"), ended(3, 140), ended(4, 700))
    assert found.sentence == (
        "the last run of the daily batch took 700 s; the median of 2 before it is 120 s"
    )


def test_a_first_run_may_take_what_it_takes() -> None:
    assert look(ended(1, 9000)).status is Status.HEALTHY
    assert look(ended(1, 10, result="FAILED"), ended(2, 9000)).status is Status.HEALTHY


def test_ten_runs_are_compared_across_checks() -> None:
    memory: Mapping[str, Any] = {}
    for number in range(15):
        # Each check finds the run before once more.
        memory = look(
            ended(max(number - 1, 0), 10 * number - 10), ended(number, 10 * number), memory=memory
        ).memory
    assert memory["runs"][BATCH]["seconds"] == [40, 50, 60, 70, 80, 90, 100, 110, 120, 130]
    assert memory["runs"][BATCH]["last"]["seconds"] == 140


def test_an_old_run_that_is_read_again_does_not_count_again() -> None:
    first = look(ended(1), ended(2), ended(3, result="FAILED"))
    again = look(ended(1), ended(2), memory=first.memory)
    assert again.status is Status.DEGRADED
    assert again.memory["runs"] == first.memory["runs"]


def test_the_next_check_knows_what_went_on() -> None:
    found = look(active={77: STREAM})
    assert found.memory["active"] == {"77": STREAM}
    assert found.memory["at"] == "2026-05-01T12:00:00+00:00"


def test_a_continuous_run_that_is_up_is_healthy() -> None:
    found = continuous(ended(1, notebook=CONTINUOUS, result="CANCELED"), alive=True)
    assert found.status is Status.HEALTHY
    assert found.sentence.endswith("the continuous stream ingest is up")


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        ((), "the continuous stream ingest must run all the time, and does not"),
        (
            (ended(1, notebook=CONTINUOUS, result="FAILED"),),
            "the continuous stream ingest must run all the time, and does not; the last run ended FAILED",
        ),
    ],
    ids=["never", "failed"],
)
def test_a_continuous_run_that_is_not_up_is_down(runs: tuple[EndedRun, ...], sentence: str) -> None:
    found = continuous(*runs, alive=False)
    assert (found.status, found.sentence) == (Status.DOWN, sentence)


def test_a_continuous_run_that_is_not_up_is_worse_than_a_failed_batch() -> None:
    """Or it would go unseen as long as the batch is degraded."""
    failed = ended(1, notebook=BATCH, result="FAILED")
    assert look(failed).status is Status.DEGRADED
    reading = Reading(at=AT, notebooks=(BATCH, CONTINUOUS), continuous=CONTINUOUS, ended=(failed,))
    assert judge(reading, {}).status is Status.DOWN


@pytest.mark.parametrize(
    ("minutes", "status"), [(1.9, Status.DOWN), (2, Status.HEALTHY)], ids=["within", "at the limit"]
)
def test_a_continuous_run_that_failed_counts_for_two_minutes(minutes: float, status: Status) -> None:
    failed = ended(1, 9999, notebook=CONTINUOUS, result="FAILED", minutes_ago=minutes)
    assert continuous(failed, alive=True).status is status


def test_how_long_continuous_runs_were_does_not_matter() -> None:
    runs = [ended(number, 10, notebook=CONTINUOUS) for number in range(5)]
    assert continuous(*runs, ended(9, 99_999, notebook=CONTINUOUS), alive=True).status is Status.HEALTHY


def test_the_history_of_the_other_mode_stays() -> None:
    before = look(ended(1, notebook=STREAM))
    reading = Reading(at=AT, notebooks=(BATCH, CONTINUOUS), continuous=CONTINUOUS, alive=(CONTINUOUS,))
    found = judge(reading, before.memory)
    assert found.memory["runs"][STREAM] == before.memory["runs"][STREAM]


@pytest.mark.parametrize(
    ("reading", "status", "sentence"),
    [
        (Reading(at=AT, no_connection=True), Status.UNKNOWN, "there is no connection databricks_default"),
        (
            Reading(at=AT, trouble="the workspace does not answer"),
            Status.DOWN,
            "the workspace does not answer",
        ),
    ],
    ids=["no connection", "unreachable"],
)
def test_what_cannot_be_asked_keeps_the_memory(reading: Reading, status: Status, sentence: str) -> None:
    memory = look(ended(1)).memory
    found = judge(reading, memory)
    assert (found.status, found.sentence, found.memory) == (status, sentence, memory)
