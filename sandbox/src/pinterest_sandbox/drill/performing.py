"""Breaks one thing, follows it until all is healthy again, and counts what has become of every record."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from pinterest_sandbox.airflow.dags import DAILY, EMULATE, HEAL, STREAM_INGEST
from pinterest_sandbox.drill.breakages import Breakage
from pinterest_sandbox.drill.looks import Looks, NotSeen
from pinterest_sandbox.drill.mailbox import Letter, Mailbox
from pinterest_sandbox.drill.reckoning import Reckoning, reckon
from pinterest_sandbox.drill.stage import INTERVAL_S, Stage
from pinterest_sandbox.drill.stock import count_rows, take_stock

#: Seconds until all must be healthy again.
HEALING_LIMIT = 900.0
#: States that people are told of when one look has found them.
TOLD_AT_ONCE = ("degraded", "down")
#: Looks until something must be known of each component: a busy warehouse may not answer one of them in time.
KNOWN_AFTER = 3
#: Of the subjects of the health DAG's messages.
PREFIX = "Pinterest pipeline: "


@dataclass
class Outcome:
    """What was seen of a breakage.

    Its counts are those of :class:`~.reckoning.Reckoning`, and ``None`` where it did not come to counting.

    :param detected_s: seconds from the first harm to the record that says so, or until Airflow does where it
        is Airflow that breaks; ``None`` when it was not seen.
    :param healed_s: seconds from the first harm until a look found all healthy again.
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
    sent: int | None = None
    landed: int | None = None
    kept: int | None = None
    quarantined: int | None = None
    lost: int | None = None
    doubled: int | None = None
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
    stage: Stage,
    looks: Looks,
    mailbox: Mailbox,
    breakage: Breakage,
    *,
    keys: range,
    rate: int,
    tell: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Let one breakage happen.

    :param keys: of the burst's posts; nobody has sent them before.
    :param rate: posts a second.
    :param tell: is told how far it is.
    :returns: what was seen; everything that failed is among its problems.
    """
    return _Act(stage, looks, mailbox, breakage, tell).play(keys, rate)


class _Act:
    """One breakage from its beginning to its end."""

    def __init__(
        self,
        stage: Stage,
        looks: Looks,
        mailbox: Mailbox,
        breakage: Breakage,
        tell: Callable[[str], None],
    ) -> None:
        self._stage, self._looks, self._mailbox = stage, looks, mailbox
        self._breakage, self._tell = breakage, tell
        self._outcome = Outcome(breakage.name, breakage.title, breakage.component, breakage.healer)

    def play(self, keys: range, rate: int) -> Outcome:
        stage, outcome = self._stage, self._outcome
        began = time.monotonic()
        try:
            self._breakage.prepare(stage)
            self._looks.forget()
            self._looks.until_healthy(HEALING_LIMIT)
            # Of what the preparation has made ill; those of the breakage before were waited for.
            self._mailbox.received()
            before = take_stock(stage.config)
            stage.begin_burst(keys, rate)
            self._tell("all is healthy, and the burst is under way")
            self._break()
            self._settle()
            outcome.letters = self._mailbox.received()
            _judge_letters(outcome, self._breakage.label)
            outcome.reckon(
                reckon(
                    before,
                    take_stock(stage.config),
                    count_rows(stage.config, keys),
                    posts=len(keys),
                    refused=self._breakage.refused,
                )
            )
        except Exception as error:
            # Of this breakage alone: those that follow are of a worth without it.
            traceback.print_exc()
            outcome.problems.append(f"{type(error).__name__}: {error}")
            self._give_up()
        finally:
            stage.clean_up()
        outcome.seconds = round(time.monotonic() - began, 1)
        return outcome

    def _break(self) -> None:
        outcome = self._outcome
        self._breakage.strike(self._stage)
        struck = self._stage.strike
        if struck is None:
            raise NotSeen("nothing was broken")
        if not struck.in_burst:
            outcome.problems.append("the burst had come to its end before it was broken")
        self._tell("it is broken")
        component = self._breakage.component
        if component is not None:
            seen = self._looks.until(
                lambda seen: seen.states[component]["status"] in TOLD_AT_ONCE,
                what=f"{component} ill",
                limit=INTERVAL_S,
            )
            outcome.detected_s = round(seen.at - struck.at, 1)
            self._tell(f"seen: {component} is {seen.ill()[component]}")
        elif self._breakage.airflow_says is not None:
            outcome.detected_s = round(self._breakage.airflow_says(self._stage) - struck.at, 1)
            self._tell("Airflow says so itself")
        self._breakage.mend(self._stage)
        seen = self._looks.until_healthy(HEALING_LIMIT)
        outcome.healed_s = round(seen.at - struck.at, 1)
        self._tell("all is healthy again")
        if outcome.detected_s is not None and outcome.detected_s > INTERVAL_S:
            outcome.problems.append(f"seen after {outcome.detected_s:g} s, more than one interval")

    def _settle(self) -> None:
        """Bring everything that was sent into the tables, and look once more."""
        stage = self._stage
        stage.finish_begun()
        stage.wait_for_no_runs(HEAL)
        self._breakage.undo(stage)
        for dag_id in (DAILY, STREAM_INGEST):
            # One of the schedule may still go on.
            stage.wait_for_no_runs(dag_id)
        # One after the other: two notebooks at once take longer on a machine that runs all else as well.
        for dag_id in (DAILY, STREAM_INGEST):
            stage.finish(dag_id, stage.airflow.trigger(dag_id, {}))
        self._tell("all that was sent has gone its way")
        self._look_once_more()

    def _look_once_more(self) -> None:
        for _ in range(KNOWN_AFTER):
            seen = self._looks.look()
            if any(state["status"] in TOLD_AT_ONCE for state in seen.states.values()):
                break
            if not seen.ill():
                return
        raise NotSeen(f"all was healthy, and is no longer: {seen.ill()}")

    def _give_up(self) -> None:
        """Have the sandbox as it was, for the breakages that follow."""
        try:
            self._stage.clean_up()
            self._breakage.undo(self._stage)
            for dag_id in (EMULATE, HEAL, DAILY, STREAM_INGEST):
                self._stage.wait_for_no_runs(dag_id)
        except Exception as error:
            traceback.print_exc()
            self._outcome.problems.append(f"not undone: {type(error).__name__}: {error}")


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
