"""Breaks one thing, follows it until all is healthy again, and counts what has become of every record."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any

from pinterest_sandbox.airflow.dags import DAILY, EMULATE, HEAL, STREAM_INGEST
from pinterest_sandbox.drill.breakages import Breakage
from pinterest_sandbox.drill.looks import HEALTHY, INTERVAL_S, Looks, NotSeen
from pinterest_sandbox.drill.mailbox import Letter, Mailbox
from pinterest_sandbox.drill.stage import Stage, count_entities
from pinterest_sandbox.drill.stock import KINDS, Stock, count_rows, take_stock
from pinterest_sandbox.foreseen import FORESEEN
from pinterest_sandbox.waiting import NotReady, wait_until

#: Seconds until all must be healthy again.
HEALING_LIMIT = 900.0
#: Of a breakage with an ill component, and of one without.
LETTERS = {True: 2, False: 0}


@dataclass
class Outcome:
    """What was seen of a breakage.

    :param detected_s: seconds from the breakage to the record that says so; ``None`` where nothing is ill.
    :param healed_s: seconds from the breakage until a look found all healthy again.
    :param sent: records of the burst, to both paths.
    :param landed: lines in S3 and records in streams that came; what was sent twice is there twice.
    :param kept: of the burst's posts, rows in the six tables.
    :param quarantined: rows of quarantine and dead letters that came.
    :param lost: records that were acknowledged or sent and are nowhere.
    :param doubled: rows in the tables that have the key of another.
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
        _judge_letters(outcome)
        _count(stage, breakage, outcome, before, keys)
    except FORESEEN as error:
        outcome.problems.append(f"{type(error).__name__}: {error}")
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
            lambda seen: seen.states[component]["status"] != HEALTHY,
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


def _no_runs(stage: Stage, dag_id: str) -> None:
    if active := stage.airflow.active_runs(dag_id):
        raise NotReady(f"{len(active)} go on")


def _judge_letters(outcome: Outcome) -> None:
    wanted = LETTERS[outcome.component is not None]
    if len(outcome.letters) != wanted:
        subjects = ", ".join(letter.subject for letter in outcome.letters)
        outcome.problems.append(f"{wanted} messages were expected, {len(outcome.letters)} came: {subjects}")


def _count(stage: Stage, breakage: Breakage, outcome: Outcome, before: Stock, keys: range) -> None:
    after, rows = take_stock(stage.config), count_rows(stage.config, keys)
    entities = len(after.lines)
    outcome.sent = len(keys) * entities * len(KINDS) + breakage.refused
    lines = count_entities(after.lines) - count_entities(before.lines)
    streamed = count_entities(after.streamed) - count_entities(before.streamed)
    dead = after.dead - before.dead
    outcome.landed = lines + streamed
    outcome.kept, outcome.doubled = rows.kept, rows.doubled
    refused = count_entities(after.quarantined) - count_entities(before.quarantined)
    outcome.quarantined = refused + dead
    acknowledged = count_entities(after.acknowledged) - count_entities(before.acknowledged)
    read = count_entities(after.read) - count_entities(before.read)
    gaps = {
        "acknowledged by Kafka and not landed": acknowledged - lines - dead,
        "in the streams and not read": streamed - read,
        "poison and not kept apart": breakage.refused - outcome.quarantined,
        "posts that a table lacks": outcome.sent - breakage.refused - rows.kept,
    }
    outcome.lost = sum(max(0, gap) for gap in gaps.values())
    outcome.problems += [f"{gap} {what}" for what, gap in gaps.items() if gap > 0]
    outcome.problems += [f"{-gap} more than there should be: {what}" for what, gap in gaps.items() if gap < 0]
    outcome.problems += list(rows.missing)
    if outcome.doubled:
        outcome.problems.append(f"{outcome.doubled} rows have the key of another")
