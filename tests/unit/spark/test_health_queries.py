"""What the health checks are told of ledger and tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.spark.landing_zone import place
from tests.unit.spark.pipelines import Pipeline, places
from tests.unit.spark.queries import ENTITIES, SQL, frame
from tests.unit.spark.streams import Arrived, StreamRun

NOTHING = {"table_rows": 0, "quarantine_rows": 0, "written_at": None}


def parameters(pipeline: Pipeline) -> dict[str, str]:
    names = pipeline.names
    kinds = {"batch": names.batch, "stream": names.stream, "quarantine": names.quarantine}
    tables = {f"{entity}_{kind}_table": name(entity) for kind, name in kinds.items() for entity in ENTITIES}
    return tables | {"ledger_table": names.ledger}


def ask(pipeline: Pipeline, query: str) -> dict[str, dict[str, Any]]:
    """Entity to what ``health/<query>.sql`` says of it."""
    found = [row.asDict() for row in frame(pipeline.spark, f"health/{query}", parameters(pipeline)).collect()]
    assert [row["entity"] for row in found] == sorted(row["entity"] for row in found)
    return {row.pop("entity"): row for row in found}


def note(
    pipeline: Pipeline, stage: str, entity: str, recorded_at: str = "2026-05-01 00:00:00Z", **counts: int
) -> None:
    """Write a row into the ledger."""
    columns = ["run_id", "stage", "entity", "recorded_at", *counts]
    values = ["'r'", f"'{stage}'", f"'{entity}'", f"TIMESTAMP '{recorded_at}'", *map(str, counts.values())]
    pipeline.spark.sql(
        f"INSERT INTO {pipeline.names.ledger} ({', '.join(columns)}) VALUES ({', '.join(values)})"
    )


@pytest.fixture
def written(pipeline: Pipeline) -> Pipeline:
    """A pipeline of which both paths have read geo, and of which all tables are there."""
    zone = pipeline.zone
    zone.put("geo", 0, [*places(1, 2, 2), "refused"])
    pins = {("geo", 0): 4, ("pin", 0): 0, ("user", 0): 0}
    pipeline.run(zone.manifest("first", pins=pins), "first")
    for entity in ("pin", "user"):
        StreamRun(pipeline, "stream", entity=entity)
    records = [Arrived(place(key, "Aruba"), key) for key in (1, 2, 3, 3)]
    StreamRun(pipeline, "stream").take(0, *records, Arrived("refused", 9))
    return pipeline


def test_rows_and_last_writes_of_both_paths(written: Pipeline) -> None:
    written.spark.sql(f"DELETE FROM {written.names.ledger}")
    for stage, entity, moment in (
        ("batch", "geo", "2026-05-01 01:02:03.9Z"),
        ("batch", "geo", "2026-04-01 01:02:03Z"),
        ("batch", "pin", "2026-03-01 00:00:00Z"),
        ("stream", "geo", "2026-05-02 00:00:00Z"),
        ("burst", "user", "2026-06-01 00:00:00Z"),
        ("stream_burst", "user", "2026-06-01 00:00:00Z"),
    ):
        note(written, stage, entity, moment)

    def seconds(*moment: int) -> int:
        return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]

    # Of the two lines that were refused one came through each path; they lie in the same table.
    assert ask(written, "batch_tables") == {
        "geo": {"table_rows": 2, "quarantine_rows": 2, "written_at": seconds(2026, 5, 1, 1, 2, 3)},
        "pin": {**NOTHING, "written_at": seconds(2026, 3, 1)},
        "user": NOTHING,
    }
    assert ask(written, "stream_tables") == {
        "geo": {"table_rows": 3, "quarantine_rows": 2, "written_at": seconds(2026, 5, 2)},
        "pin": NOTHING,
        "user": NOTHING,
    }


def test_a_run_that_finds_nothing_new_is_a_write(written: Pipeline) -> None:
    """Otherwise the tables of a pipeline where nobody posts would be called old."""
    before = ask(written, "batch_tables")
    written.spark.sql(
        f"UPDATE {written.names.ledger} SET recorded_at = recorded_at - INTERVAL 1 DAY WHERE stage = 'batch'"
    )
    pins = {("geo", 0): 4, ("pin", 0): 0, ("user", 0): 0}
    written.run(written.zone.manifest("second", pins=pins, marks=written.marks()), "second")
    after = ask(written, "batch_tables")
    for entity in ENTITIES:
        assert after[entity]["written_at"] >= before[entity]["written_at"]
    assert after["geo"]["table_rows"] == 2


@pytest.mark.parametrize("query", ["batch_tables", "stream_tables"])
def test_a_table_that_is_missing_is_an_error_that_says_so(pipeline: Pipeline, query: str) -> None:
    StreamRun(pipeline, "only geo's")
    with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
        ask(pipeline, query)


def test_the_backlog_is_what_bursts_have_sent_and_runs_have_not_handled(written: Pipeline) -> None:
    note(written, "stream_burst", "geo", acknowledged=9)
    note(written, "stream_burst", "geo", acknowledged=4)
    note(written, "stream_loss", "geo", acknowledged=2)
    note(written, "burst", "geo", acknowledged=60)
    note(written, "stream_burst", "pin", acknowledged=70)
    note(written, "stream_burst", "user", acknowledged=3)
    note(written, "stream", "user", lines_read=8)
    # The stream's run has read 5 records of geo; of user more was read than bursts have sent.
    assert ask(written, "stream_backlog") == {
        "geo": {"unread": 9 + 4 - 5 - 2, "handled": 5 + 2},
        "pin": {"unread": 70, "handled": 0},
        "user": {"unread": 0, "handled": 8},
    }
    others = frame(written.spark, "tables/read_unread_stream_records", parameters(written)).collect()
    assert {row["entity"]: row["unread"] for row in others} == {"geo": 6, "pin": 70}


def test_every_run_that_reads_makes_handled_grow(written: Pipeline) -> None:
    note(written, "stream_burst", "geo", acknowledged=100)
    before = ask(written, "stream_backlog")["geo"]
    StreamRun(written, "next").take(1, Arrived(place(1, "Aruba"), 10), Arrived("refused", 11))
    after = ask(written, "stream_backlog")["geo"]
    assert (before["handled"], before["unread"]) == (5, 95)
    assert (after["handled"], after["unread"]) == (7, 93)


def test_without_any_burst_there_is_no_backlog(pipeline: Pipeline) -> None:
    StreamRun(pipeline, "first")
    assert ask(pipeline, "stream_backlog") == {}


@pytest.mark.parametrize("file", sorted(path.stem for path in (SQL / "health").glob("*.sql")))
def test_every_statement_is_parsed(pipeline: Pipeline, file: str) -> None:
    text = (SQL / "health" / f"{file}.sql").read_text(encoding="utf-8")
    parser = pipeline.spark._jsparkSession.sessionState().sqlParser()  # type: ignore[attr-defined]
    parser.parsePlan(text)
