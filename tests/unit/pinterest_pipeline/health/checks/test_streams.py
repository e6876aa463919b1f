from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline.health.checks.streams import Backlog, Reading, Stream, judge
from pinterest_pipeline.health.findings import Figure, Finding, Status

AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ACTIVE = Stream(status="ACTIVE", shards=4, retention_h=24)
STREAMS: dict[str, Stream | None] = {"s-pin": ACTIVE, "s-geo": ACTIVE, "s-user": ACTIVE}


def look(
    minutes: float, memory: Mapping[str, Any], *, streams: Any = None, **backlog: tuple[int, int]
) -> Finding:
    """A check so many minutes after the first; entity to what is unread and handled."""
    reading = Reading(
        at=AT + timedelta(minutes=minutes),
        streams=STREAMS | (streams or {}),
        backlog={
            entity: Backlog(unread=unread, handled=handled) for entity, (unread, handled) in backlog.items()
        },
    )
    return judge(reading, memory)


def unknown(memory: Mapping[str, Any], minutes: float = 0) -> Finding:
    at = AT + timedelta(minutes=minutes)
    return judge(Reading(at=at, streams=STREAMS, unasked="the warehouse did not answer within 7 s"), memory)


def test_active_streams_that_are_read_are_healthy() -> None:
    found = look(0, {}, pin=(0, 500))
    assert found.status is Status.HEALTHY
    assert found.sentence == "all 3 streams are ACTIVE; no record of a burst waits for the ingest"
    assert found.figures["s-geo_shards"] == Figure(value=4, unit="shards")
    assert found.figures["s-geo_retention"] == Figure(value=24, unit="h")
    assert found.figures["pin_unread"] == Figure(value=0, unit="records")
    assert found.memory == {"backlog": {}, "refused": {}}


@pytest.mark.parametrize(
    ("stream", "status", "sentence"),
    [
        (None, Status.DOWN, "stream s-geo does not exist: run pinterest_provision_stream"),
        ("UPDATING", Status.DEGRADED, "stream s-geo is UPDATING"),
        ("CREATING", Status.DOWN, "stream s-geo is CREATING"),
        ("DELETING", Status.DOWN, "stream s-geo is DELETING"),
    ],
)
def test_states_of_a_stream(stream: str | None, status: Status, sentence: str) -> None:
    changed = None if stream is None else Stream(status=stream, shards=1, retention_h=24)
    found = look(0, {}, streams={"s-geo": changed})
    assert (found.status, found.sentence) == (status, sentence)


def test_the_worst_stream_counts_and_all_are_told() -> None:
    updating = Stream(status="UPDATING", shards=4, retention_h=24)
    found = look(0, {}, streams={"s-pin": updating, "s-user": None})
    assert found.status is Status.DOWN
    assert "s-user does not exist" in found.sentence
    assert "s-pin is UPDATING" in found.sentence


@pytest.mark.parametrize(
    ("minutes", "status"), [(5, Status.HEALTHY), (44.99, Status.HEALTHY), (45, Status.DEGRADED)]
)
def test_a_backlog_that_nobody_reads_is_degraded_after_45_minutes(minutes: float, status: Status) -> None:
    first = look(0, {}, pin=(70, 500), geo=(0, 500))
    assert first.status is Status.HEALTHY
    assert first.sentence.endswith("records that wait for the ingest: 70 of pin")
    found = look(minutes, first.memory, pin=(70, 500), geo=(0, 500))
    assert found.status is status
    if status is Status.DEGRADED:
        assert found.sentence == "70 records of pin wait for the ingest, which has read none for 45 min"


def test_a_backlog_that_grows_while_nobody_reads_is_degraded() -> None:
    memory: Mapping[str, Any] = {}
    for minutes in range(0, 45, 5):
        found = look(minutes, memory, pin=(100 + minutes, 500))
        assert found.status is Status.HEALTHY
        memory = found.memory
    assert look(45, memory, pin=(1000, 500)).status is Status.DEGRADED


@pytest.mark.parametrize("added", [0, 10, 400], ids=["read down", "slowly", "grows all the time"])
def test_a_run_every_15_minutes_is_never_degraded(added: int) -> None:
    """Bursts add records at each check; a run reads 300 of those that are there every 15 minutes."""
    memory: Mapping[str, Any] = {}
    unread, handled = 20_000, 0
    for minutes in range(0, 600, 5):
        unread += added
        if minutes % 15 == 10:
            unread, handled = unread - 300, handled + 300
        found = look(minutes, memory, pin=(unread, handled))
        assert found.status is Status.HEALTHY
        memory = found.memory


def test_each_entity_has_its_own_time() -> None:
    first = look(0, {}, pin=(70, 500))
    second = look(30, first.memory, pin=(70, 500), geo=(5, 0))
    third = look(46, second.memory, pin=(70, 500), geo=(5, 0))
    assert third.status is Status.DEGRADED
    assert "geo" not in third.sentence
    fourth = look(75, third.memory, pin=(0, 570), geo=(5, 0))
    assert fourth.sentence == "5 records of geo wait for the ingest, which has read none for 45 min"


def test_a_backlog_that_is_read_and_comes_again_begins_anew() -> None:
    """Between two checks that are hours apart all was read, and as much was sent again."""
    first = look(0, {}, pin=(70, 500))
    found = look(300, first.memory, pin=(70, 570))
    assert found.status is Status.HEALTHY
    assert found.memory["backlog"]["pin"]["since"] == (AT + timedelta(minutes=300)).isoformat()


def test_a_check_that_was_late_counts_from_the_one_before() -> None:
    assert look(600, look(0, {}, pin=(70, 500)).memory, pin=(70, 500)).status is Status.DEGRADED


def test_a_backlog_that_stands_since_a_time_ahead_counts_from_now() -> None:
    """A clock that had jumped ahead was set back."""
    ahead = look(12 * 60, {}, pin=(70, 500))
    memory = look(0, ahead.memory, pin=(70, 500)).memory
    assert memory["backlog"]["pin"]["since"] == AT.isoformat()
    assert look(45, memory, pin=(70, 500)).status is Status.DEGRADED


def test_rows_of_the_ledger_that_were_deleted_begin_anew() -> None:
    found = look(60, look(0, {}, pin=(70, 500)).memory, pin=(570, 0))
    assert found.status is Status.HEALTHY


def test_without_a_warehouse_the_streams_alone_are_judged() -> None:
    found = judge(Reading(at=AT, streams=STREAMS, unasked="PINTEREST_DATABRICKS_WAREHOUSE_ID is not set"), {})
    assert found.status is Status.HEALTHY
    assert found.sentence.endswith(
        "the backlog of the ingest is not known: PINTEREST_DATABRICKS_WAREHOUSE_ID is not set"
    )


def test_a_backlog_that_is_not_known_any_more_is_not_called_read() -> None:
    degraded = look(50, look(0, {}, pin=(70, 500)).memory, pin=(70, 500))
    found = unknown(degraded.memory, 55)
    assert found.status is Status.UNKNOWN
    assert found.memory == degraded.memory
    assert look(60, found.memory, pin=(70, 500)).status is Status.DEGRADED
    assert unknown(look(60, found.memory, pin=(0, 570)).memory, 65).status is Status.HEALTHY


def refused(minutes: dict[str, int] | None, memory: Mapping[str, Any]) -> Finding:
    """A check when CloudWatch says so of s-geo; of the others it says nothing was refused."""
    found = None if minutes is None else {"s-geo": minutes, "s-pin": {"2026-05-01T11:58:00+00:00": 0}}
    why = "" if minutes is not None else "AccessDenied"
    return judge(Reading(at=AT, streams=STREAMS, refused=found, unmeasured=why, backlog={}), memory)


def test_records_that_were_throttled_are_told_once() -> None:
    first = refused({"2026-05-01T11:59:00+00:00": 30, "2026-05-01T11:58:00+00:00": 1200}, {})
    assert first.status is Status.DEGRADED
    assert first.sentence == "stream s-geo has throttled 1,230 records since the last check"
    assert first.figures["s-geo_throttled"] == Figure(value=1230, unit="records")
    assert first.figures["s-pin_throttled"] == Figure(value=0, unit="records")
    assert first.news

    again = refused({"2026-05-01T11:59:00+00:00": 30, "2026-05-01T11:58:00+00:00": 1200}, first.memory)
    assert (again.status, again.news) == (Status.HEALTHY, False)
    assert again.figures["s-geo_throttled"] == Figure(value=0, unit="records")


def test_a_minute_that_has_grown_counts_by_what_is_new() -> None:
    first = refused({"2026-05-01T11:59:00+00:00": 30}, {})
    grown = refused({"2026-05-01T11:59:00+00:00": 50, "2026-05-01T12:00:00+00:00": 4}, first.memory)
    assert grown.sentence == "stream s-geo has throttled 24 records since the last check"


def test_what_could_not_be_measured_is_counted_later() -> None:
    first = refused({"2026-05-01T11:59:00+00:00": 30}, {})
    unmeasured = refused(None, first.memory)
    assert unmeasured.status is Status.UNKNOWN
    assert unmeasured.sentence == "what the streams throttle is not known: AccessDenied"
    assert unmeasured.figures["s-geo_throttled"] == Figure(value=None, unit="records")
    later = refused({"2026-05-01T11:59:00+00:00": 30, "2026-05-01T12:01:00+00:00": 5}, unmeasured.memory)
    assert later.sentence == "stream s-geo has throttled 5 records since the last check"


@pytest.mark.parametrize("known", ["text", {"s-geo": 3}, {"s-geo": {"2026-05-01T11:59:00+00:00": "many"}}])
def test_a_malformed_memory_of_what_was_throttled_is_none(known: Any) -> None:
    found = refused({"2026-05-01T11:59:00+00:00": 30}, {"refused": known})
    assert found.figures["s-geo_throttled"] == Figure(value=30, unit="records")


def test_unreachable_is_down_and_keeps_the_memory() -> None:
    memory = look(0, {}, pin=(70, 500)).memory
    found = judge(Reading(at=AT, trouble="Kinesis does not answer"), memory)
    assert (found.status, found.sentence, found.memory) == (Status.DOWN, "Kinesis does not answer", memory)
