"""Records that no careful client sends, and landed objects that changed: each one is accounted for.

Four daily runs serve all tests. This module comes last: its keys are in no source, so that comparisons with
the source no longer hold behind it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.bad_records import CASES, DEAD, observed_case, person, place, post, record_inside
from tests.e2e.conftest import ENTITIES, REAL_ROWS, Demo, landed_lines
from tests.e2e.driving import (
    DAILY,
    RUN_LIMIT,
    cleaned_rows,
    clear_task,
    finished,
    give_up_run,
    query,
    table,
)
from tests.e2e.landing import (
    dead_letters,
    delete_object,
    ends,
    in_one_object_each,
    post_records,
    put_object,
    wait_until_landed,
)
from tests.reference import expected_clean

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

OBSERVED = REAL_ROWS / "wire_quirks.jsonl"
MAKERS = {"pin": post, "geo": place, "user": person}
COUNTS = ("landed", "reread", "lines_read", "kept", "merged", "quarantined")
DAMAGED_KEYS, TAIL_KEYS = (900201, 900202, 900203), (900301, 900302, 900303, 900304)
#: In place of each line of the damaged object of pins.
NOT_JSON = [b"<Error><Code>SlowDown</Code></Error>\n", b"{'index': 900202}\n", b"\xff\x00\x01\n"]
STRAY = b"copied here by hand\n"

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A daily run and what it left.

    :param counts: entity to its ledger row.
    :param unreadable: entity to column to count.
    :param refused: entity to the lines that it put into quarantine, each with its reason.
    :param rows: entity to all rows of the batch table.
    """

    run_id: str
    counts: dict[str, dict[str, int]]
    unreadable: dict[str, dict[str, int]]
    refused: dict[str, Counter[tuple[str, str]]]
    rows: dict[str, list[Row]]

    def row(self, entity: str, key: int) -> Row:
        (row,) = [row for row in self.rows[entity] if row["ind"] == key]
        return row


@dataclass(frozen=True, kw_only=True)
class First:
    """The run over bad records and damaged objects.

    :param told: the log of its failed check.
    :param mended: entity to all rows, once the emptied object was put back and everything read again.
    :param emptied: first offset of that object.
    :param keys_before: entity to the keys that were in the table before the run.
    :param acknowledged: entity to the records that the broker has taken since.
    :param landed: entity to the lines that S3 had got when the last record had landed.
    :param dead: dead letters since.
    :param observed: what was posted of the values seen in the wild.
    :param tails: entity to first offset and lines of the object that it ended with.
    """

    run: Run
    told: str
    mended: dict[str, list[Row]]
    emptied: int
    keys_before: dict[str, set[int]]
    acknowledged: dict[str, int]
    landed: dict[str, int]
    dead: int
    observed: list[tuple[str, Any, str | None]]
    tails: dict[str, tuple[int, list[bytes]]]


@pytest.fixture(scope="module")
def airflow(demo: Demo) -> AirflowClient:
    return AirflowClient(demo.sandbox.url("airflow"))


def observed_values() -> list[tuple[str, Any, str | None]]:
    if not OBSERVED.is_file():
        return []
    quirks = [json.loads(line) for line in OBSERVED.read_text(encoding="utf-8").splitlines()]
    return [case for quirk in quirks for case in observed_case(quirk["kind"], quirk["observed"])]


def look_at(demo: Demo, run_id: str) -> Run:
    ledger = query(
        demo,
        f"SELECT entity, {', '.join(COUNTS)}, to_json(unreadable) FROM {table(demo, 'ledger')} "
        f"WHERE stage = 'batch' AND run_id = '{run_id}'",
    )
    assert len(ledger) == len(ENTITIES), ledger
    refused = {}
    for entity in ENTITIES:
        lines = query(
            demo,
            f"SELECT reason, raw FROM {table(demo, f'{entity}_quarantine')} WHERE run_id = '{run_id}'",
        )
        refused[entity] = Counter((str(reason), same_form(str(raw))) for reason, raw in lines)
    return Run(
        run_id=run_id,
        counts={
            str(entity): {name: int(str(count)) for name, count in zip(COUNTS, counts, strict=True)}
            for entity, *counts, _ in ledger
        },
        unreadable={str(entity): json.loads(str(columns)) for entity, *_, columns in ledger},
        refused=refused,
        rows={entity: cleaned_rows(demo, entity) for entity in ENTITIES},
    )


def same_form(raw: str) -> str:
    """A line without the blanks and the order that the sink chose."""
    try:
        return json.dumps(json.loads(raw), sort_keys=True)
    except ValueError:
        return raw


def as_table_has_it(rows: Iterable[Row]) -> list[Row]:
    return [
        {name: str(value) if isinstance(value, datetime) else value for name, value in row.items()}
        for row in rows
    ]


def expected_rows(records: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """What the reference makes of records in the order in which they were posted."""
    cleaned = expected_clean(records["pin"], records["geo"], records["user"])
    return {entity: as_table_has_it(rows) for entity, rows in cleaned.items()}


def post_everything(demo: Demo, observed: list[tuple[str, Any, str | None]]) -> None:
    for form, value in DEAD.values():
        # In front: a dead letter behind the last record is counted by a later run only.
        post_records(demo, "pin", [value], form)
    for entity in ENTITIES:
        own = [case.value for case in CASES.values() if case.entity == entity]
        post_records(demo, entity, own + [value for of, value, _ in observed if of == entity])


def damage(firsts: dict[str, int], lines: dict[str, list[bytes]], demo: Demo) -> None:
    """Other lines in pin and one that somebody put beside it, half a line in geo, nothing left in user."""
    put_object(demo, "pin", firsts["pin"], b"".join(NOT_JSON))
    put_object(demo, "pin", firsts["pin"] + len(NOT_JSON) - 1, STRAY)
    put_object(demo, "geo", firsts["geo"], b"".join(lines["geo"])[: -len(lines["geo"][-1]) // 2])
    put_object(demo, "user", firsts["user"], b"")


def failed_check(airflow: AirflowClient, run_id: str) -> str:
    """Wait until the run's counts were found wrong.

    :returns: what its log says.
    """
    logs: list[str] = []

    def told() -> None:
        (task,) = [task for task in airflow.tasks(DAILY, run_id) if task.task_id == "check_counts"]
        assert task.state != "success", "the check has found nothing"
        if task.state not in ("up_for_retry", "failed"):
            raise NotReady(f"check_counts is {task.state}")
        logs.append(airflow.log_tail(DAILY, run_id, task))

    wait_until(told, what="the check of the counts", timeout=RUN_LIMIT, interval=0.5)
    return logs[0]


@pytest.fixture(scope="module")
def first(demo: Demo, airflow: AirflowClient) -> First:
    observed = observed_values()
    # What earlier tests left unread would count as this run's.
    finished(airflow, DAILY, airflow.trigger(DAILY, {}))
    keys = {entity: {row["ind"] for row in cleaned_rows(demo, entity)} for entity in ENTITIES}
    start, dead, lines_before = ends(demo), dead_letters(demo), landed_lines(demo.sandbox)
    post_everything(demo, observed)
    wait_until_landed(demo, start, dead)
    firsts, damaged = in_one_object_each(
        demo, {entity: [MAKERS[entity](key) for key in DAMAGED_KEYS] for entity in ENTITIES}
    )
    tails = in_one_object_each(
        demo, {entity: [MAKERS[entity](key) for key in TAIL_KEYS] for entity in ENTITIES}
    )
    end, lines_after = ends(demo), landed_lines(demo.sandbox)
    lately_dead = dead_letters(demo) - dead
    damage(firsts, damaged, demo)

    run_id = airflow.trigger(DAILY, {})
    told = failed_check(airflow, run_id)
    run = look_at(demo, run_id)
    clear_task(demo, DAILY, run_id, "check_counts")
    give_up_run(demo, DAILY, run_id)

    put_object(demo, "user", firsts["user"], b"".join(damaged["user"]))
    finished(airflow, DAILY, airflow.trigger(DAILY, {"full_refresh": True}))

    return First(
        run=run,
        told=told,
        mended={entity: cleaned_rows(demo, entity) for entity in ENTITIES},
        emptied=firsts["user"],
        keys_before=keys,
        acknowledged={entity: end[entity] - start[entity] for entity in ENTITIES},
        landed={entity: lines_after[entity, 0] - lines_before[entity, 0] for entity in ENTITIES},
        dead=lately_dead,
        observed=observed,
        tails={entity: (tails[0][entity], tails[1][entity]) for entity in ENTITIES},
    )


def test_every_acknowledged_record_is_a_line_or_a_dead_letter(first: First) -> None:
    posted = Counter(case.entity for case in CASES.values()) + Counter(of for of, _, _ in first.observed)
    good = {entity: posted[entity] + len(DAMAGED_KEYS) + len(TAIL_KEYS) for entity in ENTITIES}
    assert first.landed == good
    assert first.dead == len(DEAD)
    assert first.acknowledged == {**good, "pin": good["pin"] + len(DEAD)}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.reason is None])
def test_a_record_in_a_strange_form_is_the_row_it_means(first: First, name: str) -> None:
    case = CASES[name]
    row = first.run.row(case.entity, case.row["ind"])
    assert {column: row[column] for column in case.row} == case.row


def test_quarantine_has_what_cannot_be_a_record_and_nothing_else(first: First) -> None:
    posted = [(case.entity, case.value, case.reason) for case in CASES.values()] + first.observed
    wanted: dict[str, Counter[tuple[str, str]]] = {entity: Counter() for entity in ENTITIES}
    for entity, value, reason in posted:
        if reason is not None:
            wanted[entity][reason, json.dumps(value, sort_keys=True)] += 1
    for line in [*NOT_JSON, STRAY]:
        wanted["pin"]["not_json", line.decode(errors="replace").removesuffix("\n")] += 1
    # The half line is whatever the sink wrote up to there.
    (half,) = [place for place in first.run.refused["geo"] if place[0] == "not_json"]
    assert "900203" not in half[1] or not half[1].endswith("}")
    wanted["geo"][half] += 1
    assert first.run.refused == wanted


def test_unreadable_values_are_counted_by_column(first: First) -> None:
    for entity in ENTITIES:
        wanted = Counter(
            column for case in CASES.values() if case.entity == entity for column in case.unreadable
        )
        assert first.run.unreadable[entity] == wanted


if OBSERVED.is_file():

    def test_values_seen_in_the_wild_are_the_rows_they_mean(first: First) -> None:
        records: dict[str, list[Row]] = {entity: [] for entity in ENTITIES}
        for entity, value, reason in first.observed:
            if reason is None:
                records[entity].append(record_inside(value))
        for entity, rows in expected_rows(records).items():
            assert rows
            assert [first.run.row(entity, row["ind"]) for row in rows] == rows


def test_the_counts_of_the_run_balance(first: First) -> None:
    for entity, counts in first.run.counts.items():
        keys = {row["ind"] for row in first.run.rows[entity]}
        assert len(keys) == len(first.run.rows[entity])
        # One line more by hand in pin; the lines of the emptied object in user.
        changed = {"pin": 1, "geo": 0, "user": -len(DAMAGED_KEYS)}[entity]
        assert counts["landed"] == first.landed[entity] + changed, entity
        assert counts["lines_read"] == counts["landed"] + counts["reread"]
        assert counts["lines_read"] == counts["kept"] + counts["merged"] + counts["quarantined"]
        assert counts["kept"] == len(keys - first.keys_before[entity])
        assert counts["quarantined"] == first.run.refused[entity].total()


def test_an_emptied_object_fails_the_run_and_is_read_once_it_is_whole_again(first: First) -> None:
    problems = first.told.partition("counts do not agree:")[2]
    last = first.emptied + len(DAMAGED_KEYS) - 1
    assert f"{len(DAMAGED_KEYS)} records neither landed nor dead-lettered" in problems, first.told
    assert f"at offsets {first.emptied} to {last} " in problems
    assert {entity for entity in ENTITIES if f"{entity}: " in problems} == {"user"}
    lost = expected_rows({"pin": [], "geo": [], "user": [person(key) for key in DAMAGED_KEYS]})["user"]
    wanted = sorted([*first.run.rows["user"], *lost], key=lambda row: row["ind"])
    assert first.mended == {**first.run.rows, "user": wanted}


def test_of_a_damaged_object_the_whole_lines_are_rows(first: First) -> None:
    keys = {entity: {row["ind"] for row in first.run.rows[entity]} for entity in ENTITIES}
    assert keys["geo"] & set(DAMAGED_KEYS) == set(DAMAGED_KEYS[:-1])
    assert not keys["pin"] & set(DAMAGED_KEYS)


def test_a_tail_that_was_written_again_loses_nothing_and_doubles_nothing(
    demo: Demo, airflow: AirflowClient, first: First
) -> None:
    """Longer in geo, longer beside its successor in pin, shorter with an overlapping successor in user."""
    changed = {
        "pin": [post(900303, title="Eleven knots"), post(900305), post(900306)],
        "geo": [place(900303, country="Peru"), place(900305), place(900306)],
        "user": [person(900303, first_name="Eva"), person(900305), person(900306)],
    }
    firsts, lines = in_one_object_each(demo, changed)
    for entity, (tail, old) in first.tails.items():
        whole = [*old, *lines[entity]]
        cut = 2 if entity == "user" else len(whole)
        put_object(demo, entity, tail, b"".join(whole[:cut]))
        if entity == "user":
            put_object(demo, entity, tail + cut, b"".join(whole[cut:]))
        if entity != "pin":
            delete_object(demo, entity, firsts[entity])

    run_id = airflow.trigger(DAILY, {})
    finished(airflow, DAILY, run_id)

    second = look_at(demo, run_id)
    for entity, rows in expected_rows(changed).items():
        wanted = {row["ind"]: row for row in [*first.mended[entity], *rows]}
        assert second.rows[entity] == [wanted[key] for key in sorted(wanted)], entity
        assert not second.refused[entity]
        again = len(changed[entity]) if entity == "pin" else 0
        new, old = len(changed[entity]), len(TAIL_KEYS)
        assert second.counts[entity] == {
            "landed": new + again,
            "reread": old,
            "lines_read": old + new + again,
            "kept": 2,
            "merged": old + 1 + again,
            "quarantined": 0,
        }, entity
