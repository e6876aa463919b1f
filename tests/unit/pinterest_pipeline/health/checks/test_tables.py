from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline.health.checks.tables import Reading, Table, judge
from pinterest_pipeline.health.findings import Figure, Finding, Status

AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MEMORY = {"quarantined": {"pin": 2}, "seen": ["batch"]}


def table(hours: float | None = 1, *, rows: int = 100, quarantined: int = 0) -> Table:
    written = None if hours is None else AT - timedelta(hours=hours)
    return Table(rows=rows, written=written, quarantined=quarantined)


def look(
    memory: Mapping[str, Any] | None = None,
    *,
    batch: dict[str, Table] | None = None,
    stream: dict[str, Table] | None = None,
    unbalanced: tuple[str, ...] = (),
) -> Finding:
    reading = Reading(at=AT, batch=batch, stream=stream, unbalanced=unbalanced)
    return judge(reading, memory or {})


def test_before_any_run_all_is_healthy() -> None:
    found = look()
    assert found.status is Status.HEALTHY
    assert found.sentence == (
        "no run has written the batch tables yet; no run has written the stream tables yet"
    )
    assert found.memory == {"quarantined": {}, "seen": []}


def test_written_tables_are_healthy() -> None:
    found = look(
        batch={"pin": table(25, quarantined=3), "geo": table(rows=7)},
        stream={"pin": table(0.5, rows=50, quarantined=3)},
    )
    assert found.status is Status.HEALTHY
    assert found.sentence == "rows of the batch tables: pin 100, geo 7; rows of the stream tables: pin 50"
    assert found.figures == {
        "pin_batch_rows": Figure(value=100, unit="rows"),
        "pin_batch_age": Figure(value=90_000, unit="s"),
        "geo_batch_rows": Figure(value=7, unit="rows"),
        "geo_batch_age": Figure(value=3600, unit="s"),
        "pin_stream_rows": Figure(value=50, unit="rows"),
        "pin_stream_age": Figure(value=1800, unit="s"),
        "pin_quarantine": Figure(value=3, unit="rows"),
        "pin_quarantine_growth": Figure(value=None, unit="rows"),
        "geo_quarantine": Figure(value=0, unit="rows"),
        "geo_quarantine_growth": Figure(value=None, unit="rows"),
        "ledger_unbalanced": Figure(value=0, unit="rows"),
    }
    assert found.memory == {"quarantined": {"pin": 3, "geo": 0}, "seen": ["batch", "stream"]}


@pytest.mark.parametrize(
    ("hours", "status"),
    [(26, Status.HEALTHY), (26.001, Status.DEGRADED), (200, Status.DEGRADED), (None, Status.HEALTHY)],
    ids=["at the limit", "just late", "late", "never written"],
)
def test_batch_tables_are_written_within_26_hours(hours: float | None, status: Status) -> None:
    found = look(batch={"pin": table(hours), "geo": table(1)})
    assert found.status is status
    if hours == 200:
        assert found.sentence == "no daily run has recorded a write for 26 h: pin 200 h ago"


def test_stream_tables_may_be_old() -> None:
    assert look(stream={"pin": table(1000)}).status is Status.HEALTHY


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [(2, 2, Status.HEALTHY), (2, 3, Status.DEGRADED), (2, 1, Status.HEALTHY), (None, 9, Status.HEALTHY)],
    ids=["same", "grown", "shrunk", "seen for the first time"],
)
def test_a_quarantine_that_grows_is_degraded(before: int | None, now: int, status: Status) -> None:
    memory = {"quarantined": {} if before is None else {"pin": before}, "seen": ["batch"]}
    found = look(memory, batch={"pin": table(quarantined=now)})
    assert found.status is status
    assert found.figures["pin_quarantine_growth"].value == (None if before is None else now - before)
    assert found.memory["quarantined"] == {"pin": now}
    if status is Status.DEGRADED:
        assert found.sentence == "the quarantine has grown: pin by 1 rows"


def test_growth_is_seen_although_a_check_between_could_not_look() -> None:
    between = judge(Reading(at=AT, given_up_after_s=9.0), MEMORY)
    assert between.status is Status.UNKNOWN
    assert between.sentence == "the warehouse did not answer within 9 s; it may be starting"
    found = look(between.memory, batch={"pin": table(quarantined=5)})
    assert found.sentence == "the quarantine has grown: pin by 3 rows"


def test_the_quarantine_is_seen_through_either_path() -> None:
    found = look(MEMORY, stream={"pin": table(quarantined=3)})
    assert "the quarantine has grown: pin by 1 rows" in found.sentence


def test_tables_that_were_there_are_missed() -> None:
    found = look(MEMORY, stream={"geo": table()})
    assert (found.status, found.sentence) == (Status.DEGRADED, "a batch table that was there is gone")
    assert found.memory == {"quarantined": {"pin": 2, "geo": 0}, "seen": ["batch", "stream"]}


@pytest.mark.parametrize(
    ("unbalanced", "sentence"),
    [
        (("pin, run a",), "counts in the ledger do not agree: pin, run a"),
        (("pin, run a", "geo, run a", "x"), "counts in the ledger do not agree: pin, run a and 2 more"),
    ],
    ids=["one", "three"],
)
def test_a_ledger_that_does_not_balance_is_down(unbalanced: tuple[str, ...], sentence: str) -> None:
    found = look(batch={"pin": table()}, unbalanced=unbalanced)
    assert (found.status, found.sentence) == (Status.DOWN, sentence)
    assert found.figures["ledger_unbalanced"] == Figure(value=len(unbalanced), unit="rows")


def test_all_faults_are_told_the_worst_first() -> None:
    found = look(MEMORY, batch={"pin": table(30, quarantined=3)}, unbalanced=("pin, run a",))
    assert found.status is Status.DOWN
    assert found.sentence.startswith("counts in the ledger")
    assert "pin 30 h ago" in found.sentence
    assert "pin by 1 rows" in found.sentence


@pytest.mark.parametrize(
    ("reading", "status", "sentence"),
    [
        (
            Reading(at=AT, unset="PINTEREST_DATABRICKS_WAREHOUSE_ID"),
            Status.UNKNOWN,
            "PINTEREST_DATABRICKS_WAREHOUSE_ID is not set",
        ),
        (
            Reading(at=AT, trouble="the workspace does not answer"),
            Status.DOWN,
            "the workspace does not answer",
        ),
    ],
    ids=["no warehouse", "unreachable"],
)
def test_what_cannot_be_asked_keeps_the_memory(reading: Reading, status: Status, sentence: str) -> None:
    found = judge(reading, MEMORY)
    assert (found.status, found.sentence, found.memory) == (status, sentence, MEMORY)
