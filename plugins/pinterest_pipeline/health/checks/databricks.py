"""Whether the workspace answers, and how the last runs of the notebooks have ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

#: How many successful runs before the last one it is compared with.
COMPARED = 10
#: A run is long when it took more than so many times their median, and so many seconds more.
TIMES, SECONDS = 3, 120
#: For so long a failed continuous run counts although another one goes on: one that fails at each start
#: is never healthy, and the healing of it, which looks for three minutes, comes to its end.
RECENT = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class EndedRun:
    """A run of a notebook that has ended.

    :param notebook: what it ran, for people.
    :param run_id: its id in the workspace.
    :param ended: when.
    :param seconds: from its start to its end.
    :param result: as the workspace says it.
    :param failed: whether it ended by a fault.
    """

    notebook: str
    run_id: int
    ended: datetime
    seconds: float
    result: str
    failed: bool


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the workspace says.

    :param at: when.
    :param no_connection: whether Airflow has no connection to it.
    :param trouble: why it can't be asked; empty when it can.
    :param latency_s: seconds that its first answer took.
    :param notebooks: those that are run, for people.
    :param continuous: the one of them that must be up all the time; empty when none must.
    :param ended: runs that have ended since the check before, some of them perhaps known to it.
    :param active: ids of the runs that go on, to their notebook.
    :param alive: notebooks with a run that goes on and was not told to end.
    """

    at: datetime
    no_connection: bool = False
    trouble: str = ""
    latency_s: float = 0.0
    notebooks: tuple[str, ...] = ()
    continuous: str = ""
    ended: tuple[EndedRun, ...] = ()
    active: Mapping[int, str] = field(default_factory=dict)
    alive: tuple[str, ...] = ()


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """What is to be said of the workspace and the runs.

    :param reading: what the workspace says.
    :param memory: ``at``, ``active`` and ``runs``: notebook to its ``last`` run and the ``seconds`` of
        successful ones before it.
    """
    if reading.no_connection:
        return Finding(
            status=Status.UNKNOWN, sentence="there is no connection databricks_default", memory=memory
        )
    if reading.trouble:
        return Finding(status=Status.DOWN, sentence=reading.trouble, memory=memory)
    histories = {
        notebook: _history(
            (run for run in reading.ended if run.notebook == notebook),
            memory.get("runs", {}).get(notebook, {}),
        )
        for notebook in reading.notebooks
    }
    problems = [
        problem
        for notebook, history in histories.items()
        for problem in (
            _of_continuous(history, reading) if notebook == reading.continuous else _of(notebook, history)
        )
    ]
    return finding(
        problems,
        "; ".join(_told(notebook, history, reading) for notebook, history in histories.items()),
        {
            "latency": Figure(value=round(reading.latency_s, 3), unit="s"),
            **{name: each for notebook in histories for name, each in _figures(notebook, histories).items()},
        },
        {
            "at": reading.at.isoformat(),
            "active": {str(run_id): notebook for run_id, notebook in reading.active.items()},
            # Of a notebook that is not run in the present mode the history stays.
            "runs": {**memory.get("runs", {}), **histories},
        },
    )


def _history(ended: Iterable[EndedRun], known: Mapping[str, Any]) -> dict[str, Any]:
    """The history of a notebook, with the runs that are new to it."""
    last, seconds = known.get("last"), list(known.get("seconds", []))
    for run in sorted(ended, key=lambda run: (run.ended, run.run_id)):
        if last is not None:
            if (run.ended, run.run_id) <= (datetime.fromisoformat(last["ended"]), last["run_id"]):
                continue
            if last["result"] == "SUCCESS":
                seconds.append(last["seconds"])
        last = {
            "run_id": run.run_id,
            "ended": run.ended.isoformat(),
            "seconds": run.seconds,
            "result": run.result,
            "failed": run.failed,
        }
    return {"last": last, "seconds": seconds[-COMPARED:]}


def _of(notebook: str, history: Mapping[str, Any]) -> list[tuple[Status, str]]:
    last = history["last"]
    if last is None:
        return []
    if last["failed"]:
        return [(Status.DEGRADED, f"the last run of the {notebook} ended {last['result']}")]
    usual = _median(history["seconds"])
    if last["result"] != "SUCCESS" or usual is None or not _is_long(last["seconds"], usual):
        return []
    return [
        (
            Status.DEGRADED,
            f"the last run of the {notebook} took {last['seconds']:.0f} s; the median of "
            f"{len(history['seconds'])} before it is {usual:.0f} s",
        )
    ]


def _of_continuous(history: Mapping[str, Any], reading: Reading) -> list[tuple[Status, str]]:
    """A run that must be up. One that follows a failed one must have lasted to be called so."""
    notebook, last = reading.continuous, history["last"]
    failed = last is not None and last["failed"]
    if notebook not in reading.alive:
        how = f"; the last run ended {last['result']}" if failed else ""
        return [(Status.DOWN, f"the {notebook} must run all the time, and does not{how}")]
    if failed and reading.at - datetime.fromisoformat(last["ended"]) < RECENT:
        # As ill as it was: people are told when it has lasted, and not of the way there.
        return [(Status.DOWN, f"the {notebook} has just ended {last['result']}, and runs again")]
    return []


def _is_long(seconds: float, usual: float) -> bool:
    return seconds > TIMES * usual and seconds - usual > SECONDS


def _median(seconds: Sequence[float]) -> float | None:
    return median(seconds) if seconds else None


def _told(notebook: str, history: Mapping[str, Any], reading: Reading) -> str:
    if notebook == reading.continuous:
        return f"the {notebook} is up"
    last = history["last"]
    if last is None:
        return f"no run of the {notebook} has ended yet"
    return f"the last run of the {notebook} ended {last['result']} after {last['seconds']:.0f} s"


def _figures(notebook: str, histories: Mapping[str, Mapping[str, Any]]) -> dict[str, Figure]:
    history = histories[notebook]
    last, usual, name = history["last"], _median(history["seconds"]), notebook.replace(" ", "_")
    return {
        f"{name}_result": Figure(value=last["result"] if last else None),
        f"{name}_duration": Figure(value=last["seconds"] if last else None, unit="s"),
        f"{name}_usual_duration": Figure(value=usual, unit="s"),
    }
