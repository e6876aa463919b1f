"""Breaks one thing, follows it until all is healthy again, and counts what has become of every record."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any

from pinterest_sandbox.airflow.dags import DAILY, EMULATE, HEAL, STREAM_INGEST
from pinterest_sandbox.drill.breakages import Breakage
from pinterest_sandbox.drill.looks import INTERVAL_S, Looks, NotSeen
from pinterest_sandbox.drill.mailbox import Letter, Mailbox
from pinterest_sandbox.drill.reckoning import Reckoning, reckon
from pinterest_sandbox.drill.stage import Stage
from pinterest_sandbox.drill.stock import count_rows, take_stock
from pinterest_sandbox.foreseen import FORESEEN
from pinterest_sandbox.waiting import NotReady, wait_until

#: Seconds until all must be healthy again.
HEALING_LIMIT = 900.0
#: States that people are told of when one look has found them.
TOLD_AT_ONCE = ("degraded", "down")
#: Of the subjects of the health DAG's messages.
PREFIX = "Pinterest pipeline: "


@dataclass
class Outcome:
    """What was seen of a breakage; its counts are those of :class:`~.reckoning.Reckoning`.

    :param detected_s: seconds from the breakage to the record that says so; ``None`` where nothing is ill.
    :param healed_s: seconds from the breakage until a look found all healthy again.
    :param letters: what people were told.
    :param problems: what was not as it should be.
    :param seconds: of all of it.
    """

    name: str
    title: str
    component: str | None
    healer: str
    detected_s: float | None = None
    healed_s: float | None = None
    sent: int = 0
    landed: int = 0
    kept: int = 0
    quarantined: int = 0
    lost: int = 0
    doubled: int = 0
    letters: list[Letter] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def reckon(self, counts: Reckoning) -> None:
        """Take the counts over, and what does not agree in them."""
        self.sent, self.landed, self.kept = counts.sent, counts.landed, counts.kept
        self.quarantined, self.lost, self.doubled = counts.quarantined, counts.lost, counts.doubled
        self.problems += counts.problems

    def to_json(self) -> dict[str, Any]:
        """The outcome as JSON."""
        return asdict(self)


def perform(
    stage: Stage, looks: Looks, mailbox: Mailbox, breakage: Breakage, *, keys: range, rate: int
) -> Outcome:
    """Let one breakage happen.

    :param keys: of the burst's posts; nobody has sent them before.
    :param rate: posts a second.
    :returns: what was seen; everything that failed is among its problems.
    """
    outcome = Outcome(breakage.name, breakage.title, breakage.component, breakage.healer)
    began = time.monotonic()
    try:
        breakage.prepare(stage)
        looks.forget()
        looks.until_healthy(HEALING_LIMIT)
        mailbox.received()
        before = take_stock(stage.config)
        stage.begin_burst(keys, rate)
        _break(stage, looks, breakage, outcome)
        _settle(stage, looks, breakage)
        outcome.letters = mailbox.received()
        _judge_letters(outcome, breakage.label)
        outcome.reckon(
            reckon(
                before,
                take_stock(stage.config),
                count_rows(stage.config, keys),
                posts=len(keys),
                refused=breakage.refused,
            )
        )
    except FORESEEN as error:
        outcome.problems.append(f"{type(error).__name__}: {error}")
        _give_up(stage, breakage, outcome)
    finally:
        stage.clean_up()
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _break(stage: Stage, looks: Looks, breakage: Breakage, outcome: Outcome) -> None:
    began = time.monotonic()
    breakage.strike(stage)
    component = breakage.component
    if component is not None:
        seen = looks.until(
            lambda seen: seen.states[component]["status"] in TOLD_AT_ONCE,
            what=f"{component} ill",
            limit=INTERVAL_S,
        )
        outcome.detected_s = round(seen.at - began, 1)
    breakage.mend(stage)
    seen = looks.until_healthy(HEALING_LIMIT)
    outcome.healed_s = round(seen.at - began, 1)
    if outcome.detected_s is not None and outcome.detected_s > INTERVAL_S:
        outcome.problems.append(f"seen after {outcome.detected_s:g} s, more than one interval")


def _settle(stage: Stage, looks: Looks, breakage: Breakage) -> None:
    """Bring everything that was sent into the tables, and look once more."""
    stage.finish(EMULATE, stage.burst)
    wait_until(lambda: _no_runs(stage, HEAL), what=f"the end of {HEAL}", timeout=HEALING_LIMIT, interval=1)
    breakage.undo(stage)
    for dag_id in (DAILY, STREAM_INGEST):
        # One that a breakage has begun may still go on.
        wait_until(lambda dag_id=dag_id: _no_runs(stage, dag_id), what=dag_id, timeout=600, interval=1)  # type: ignore[misc]
    runs = {dag_id: stage.airflow.trigger(dag_id, {}) for dag_id in (DAILY, STREAM_INGEST)}
    for dag_id, run_id in runs.items():
        stage.finish(dag_id, run_id)
    seen = looks.look()
    if seen.ill():
        raise NotSeen(f"all was healthy, and is no longer: {seen.ill()}")


def _give_up(stage: Stage, breakage: Breakage, outcome: Outcome) -> None:
    """Have the sandbox as it was, for the breakages that follow."""
    try:
        stage.clean_up()
        breakage.undo(stage)
    except FORESEEN as error:
        outcome.problems.append(f"not undone: {type(error).__name__}: {error}")


def _no_runs(stage: Stage, dag_id: str) -> None:
    if active := stage.airflow.active_runs(dag_id):
        raise NotReady(f"{len(active)} go on")


def _judge_letters(outcome: Outcome, label: str) -> None:
    """One message of the breakage and one of its end, or none."""
    wanted = [f"{label} {{ill}}", f"{label} healthy"] if outcome.component is not None else []
    subjects = [letter.subject for letter in outcome.letters]
    as_wanted = len(subjects) == len(wanted) and all(
        subject in {f"{PREFIX}{each.format(ill=ill)}" for ill in TOLD_AT_ONCE}
        for each, subject in zip(wanted, subjects, strict=True)
    )
    if not as_wanted:
        outcome.problems.append(
            f"{len(wanted)} messages were expected{f' of {label}' if wanted else ''}, "
            f"{len(subjects)} came: {'; '.join(subjects) or 'none'}"
        )
