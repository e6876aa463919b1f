"""The S3 sink connector: its state, its tasks, and what it has logged as errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pinterest_pipeline.health.checks.remembered import remembered_time
from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

Problem = tuple[Status, str]

#: States that pass by themselves, and how long they may last.
_PASSING = {"CREATING", "UPDATING", "RESTARTING"}
LONGEST_PASSING = timedelta(minutes=30)
_DEAD = {"DELETING", "FAILED"}
#: Metrics that are older say nothing of the present.
FRESH = timedelta(minutes=5)
#: How long a new connector may be without metrics and tasks.
GRACE = timedelta(minutes=15)


@dataclass(frozen=True)
class Point:
    """The newest value of a metric.

    :param value: the value.
    :param at: the time that CloudWatch gives it.
    """

    value: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The connector.

    :param at: when it was read.
    :param name: its name.
    :param state: as AWS names it; ``None`` when there is no such connector.
    :param reason: AWS's explanation of the state, if it gave one.
    :param created: when it was made, if AWS says so.
    :param running: tasks that run; ``None`` without a metric.
    :param errored: tasks that have failed; ``None`` without a metric.
    :param metrics_trouble: why the metrics could not be read.
    :param error_count: errors in its log of the last minutes; ``None`` when it has none to look at.
    :param errors: the last ones, without content of records.
    :param log_trouble: why the log could not be read.
    """

    at: datetime
    name: str
    state: str | None = None
    reason: str = ""
    created: datetime | None = None
    running: Point | None = None
    errored: Point | None = None
    metrics_trouble: str = ""
    error_count: int | None = None
    errors: Sequence[str] = ()
    log_trouble: str = ""


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """Judge the connector.

    :param reading: the connector.
    :param memory: its state at the check before and since when, whether it ever had metrics, and of which
        connector a task was seen to run.
    """
    if reading.state is None:
        sentence = f"connector {reading.name} does not exist: run pinterest_provision_batch"
        return Finding(status=Status.DOWN, sentence=sentence)
    since = _since(reading, memory)
    running, errored = _fresh(reading.running, reading.at), _fresh(reading.errored, reading.at)
    measured = running is not None or errored is not None
    had_metrics = memory.get("metrics") is True
    made = reading.created.isoformat() if reading.created else ""
    has_run = bool(running) or memory.get("has_run") == made
    problems = [*_of_state(reading, since), *_of_tasks(reading, running, errored, has_run=has_run)]
    if reading.state == "RUNNING" and not measured:
        problems.append(_without_metrics(reading, had_metrics))
    if all(status == Status.HEALTHY for status, _ in problems):
        problems.insert(0, (Status.HEALTHY, _working(reading, running)))
    problems.extend((Status.HEALTHY, note) for note in _of_log(reading))
    return finding(
        problems,
        "",
        {
            "running tasks": Figure(value=running, unit="tasks"),
            "failed tasks": Figure(value=errored, unit="tasks"),
            "logged errors": Figure(value=reading.error_count, unit="lines"),
        },
        {
            "state": reading.state,
            "since": since.isoformat(),
            "metrics": measured or had_metrics,
            # One that was made again has a time of its own to begin.
            "has_run": made if has_run else None,
        },
    )


def _since(reading: Reading, memory: Mapping[str, Any]) -> datetime:
    """Since when the connector has been in its state, as far as it is known."""
    times = [reading.at]
    if memory.get("state") == reading.state and (kept := remembered_time(memory.get("since"), reading.at)):
        times.append(kept)
    if reading.state == "CREATING" and reading.created:
        times.append(reading.created)
    return min(times)


def _fresh(point: Point | None, at: datetime) -> int | None:
    return None if point is None or at - point.at > FRESH else int(point.value)


def _of_state(reading: Reading, since: datetime) -> Iterator[Problem]:
    said = f"connector {reading.name} is {reading.state}" + (f" ({reading.reason})" if reading.reason else "")
    if reading.state in _DEAD:
        yield Status.DOWN, said
    elif reading.state in _PASSING:
        lasting = reading.at - since
        minutes = int(lasting.total_seconds() // 60)
        status = Status.DOWN if lasting > LONGEST_PASSING else Status.DEGRADED
        yield status, f"{said} for {minutes} min"
    elif reading.state != "RUNNING":
        yield Status.DEGRADED, f"{said}, a state that this check does not know"


def _of_tasks(
    reading: Reading, running: int | None, errored: int | None, *, has_run: bool
) -> Iterator[Problem]:
    if errored:
        failed = f"connector {reading.name}: {errored} task{'s have' if errored > 1 else ' has'} failed"
        if running is None:
            yield Status.DEGRADED, f"{failed}, and it is not known whether others run"
        elif running > 0:
            yield Status.DEGRADED, f"{failed}, {running} {'run' if running > 1 else 'runs'}"
        else:
            yield Status.DOWN, f"{failed}, none runs"
    elif reading.state == "RUNNING" and running == 0 and (has_run or _is_grown_up(reading)):
        yield Status.DEGRADED, f"connector {reading.name} is RUNNING, and no task of it runs"


def _without_metrics(reading: Reading, had_metrics: bool) -> Problem:
    if reading.metrics_trouble:
        # Whether its tasks run is all that tells a connector that works from one that is only there.
        return Status.UNKNOWN, f"its task metrics could not be read: {reading.metrics_trouble}"
    minutes = int(FRESH.total_seconds() // 60)
    lost = had_metrics and _is_grown_up(reading)
    return (
        Status.DEGRADED if lost else Status.HEALTHY,
        f"CloudWatch has no task metrics of connector {reading.name} of the last {minutes} min",
    )


def _is_grown_up(reading: Reading) -> bool:
    return reading.created is not None and reading.at - reading.created > GRACE


def _working(reading: Reading, running: int | None) -> str:
    tasks = "" if running is None else f", {running} task{'s run' if running != 1 else ' runs'}"
    return f"connector {reading.name} is {reading.state}{tasks}"


def _of_log(reading: Reading) -> Iterator[str]:
    if reading.log_trouble:
        yield f"its log could not be read: {reading.log_trouble}"
    if reading.errors:
        yield f"last logged errors: {' | '.join(reading.errors)}"
