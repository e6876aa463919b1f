"""What the ledger says of the stream, beside the tables and the bursts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.spark.landing_zone import place
from tests.unit.spark.pipelines import Pipeline
from tests.unit.spark.queries import ENTITIES, frame
from tests.unit.spark.streams import Arrived, StreamRun

BEGUN = "2026-05-01T12:00:00+00:00"


class Books:
    """The ledger of a pipeline, with rows of bursts."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._tables = {f"{entity}_stream_table": pipeline.names.stream(entity) for entity in ENTITIES}
        for entity in ENTITIES:
            StreamRun(pipeline, "first", entity=entity)

    def note(self, stage: str, entity: str, acknowledged: int, recorded_at: str, run_id: str = "b") -> None:
        self._pipeline.spark.sql(
            f"INSERT INTO {self._pipeline.names.ledger} (run_id, stage, entity, acknowledged, recorded_at) "
            f"VALUES ('{run_id}', '{stage}', '{entity}', {acknowledged}, TIMESTAMP '{recorded_at}')"
        )

    def write_off(self, run_id: str, **records: int) -> None:
        rows = [{"entity": entity, "acknowledged": number} for entity, number in records.items()]
        parameters = {
            "ledger_table": self._pipeline.names.ledger,
            "run_id": run_id,
            "rows": json.dumps(rows),
        }
        frame(self._pipeline.spark, "tables/record_stream_loss", parameters).collect()

    def balance(self, run_id: str = "run") -> dict[str, dict[str, Any]]:
        parameters = {
            **self._tables,
            "ledger_table": self._pipeline.names.ledger,
            "begun": BEGUN,
            "run_id": run_id,
        }
        rows = frame(self._pipeline.spark, "tables/read_stream_balance", parameters).collect()
        return {row["entity"]: row.asDict() for row in rows}

    def unread(self) -> dict[str, int]:
        parameters = {"ledger_table": self._pipeline.names.ledger}
        rows = frame(self._pipeline.spark, "tables/read_unread_stream_records", parameters).collect()
        return {row["entity"]: row["unread"] for row in rows}


@pytest.fixture
def books(pipeline: Pipeline) -> Books:
    return Books(pipeline)


def test_what_was_read_is_beside_what_bursts_had_put_there_before(pipeline: Pipeline, books: Books) -> None:
    StreamRun(pipeline, "first").take(0, *(Arrived(place(key, "Aruba"), key) for key in (1, 2, 2)))
    books.note("stream_burst", "geo", 3, "2026-05-01 11:59:59Z")
    books.note("stream_burst", "geo", 4, "2026-04-01 00:00:00Z")
    # Confirmed when the run had begun: what of it is read is a matter of the next one.
    books.note("stream_burst", "geo", 50, "2026-05-01 12:00:00Z")
    books.note("burst", "geo", 60, "2026-04-01 00:00:00Z")
    books.note("stream_burst", "pin", 70, "2026-06-01 00:00:00Z")
    books.write_off("before", geo=1, user=2)
    books.write_off("run", geo=4)
    counted = {"table_rows": 2, "lines_read": 3, "kept": 2, "merged": 1, "quarantined": 0}
    counted |= {"replayed": 0, "uncounted": 0}
    nothing = dict.fromkeys(counted, 0)
    assert books.balance() == {
        "geo": {"entity": "geo", **counted, "acknowledged": 7, "written_off": 1},
        "pin": {"entity": "pin", **nothing, "acknowledged": 0, "written_off": 0},
        "user": {"entity": "user", **nothing, "acknowledged": 0, "written_off": 2},
    }
    assert books.balance("another")["geo"]["written_off"] == 5


def test_a_loss_that_is_written_off_again_is_one_row(pipeline: Pipeline, books: Books) -> None:
    books.write_off("run", geo=4, pin=1)
    books.write_off("run", geo=4)
    books.write_off("run", pin=2)
    rows = pipeline.spark.table(pipeline.names.ledger).collect()
    assert sorted((row["stage"], row["entity"], row["acknowledged"]) for row in rows) == [
        ("stream_loss", "geo", 4),
        ("stream_loss", "pin", 2),
    ]
    assert all(row["recorded_at"] for row in rows)


def test_a_table_that_was_dropped_is_made_anew_as_documented(pipeline: Pipeline, books: Books) -> None:
    """As docs/data.md says: the table, the checkpoint (another query then), and the ledger's rows."""
    spark, names = pipeline.spark, pipeline.names
    refused = Arrived("refused", 3)
    records = [Arrived(place(1, "a"), 1), Arrived(place(2, "b"), 2), refused, Arrived(place(1, "c"), 4)]
    first = StreamRun(pipeline, "first")
    first.take(0, *records[:2])
    first.take(1, *records[2:])
    spark.sql(f"DROP TABLE {names.stream('geo')}")
    late = Arrived(place(9, "late"), 5)
    StreamRun(pipeline, "between").take(2, late)
    counted = books.balance()["geo"]
    assert (counted["table_rows"], counted["kept"], counted["uncounted"]) == (1, 3, 0)

    spark.sql(f"DROP TABLE IF EXISTS {names.stream('geo')}")
    stages = "('stream', 'stream_replay')"
    spark.sql(f"DELETE FROM {names.ledger} WHERE stage IN {stages} AND entity = 'geo'")
    StreamRun(pipeline, "after", checkpoint="another query").take(0, *records, late)

    counted = books.balance()["geo"]
    counts = ("table_rows", "lines_read", "kept", "merged", "quarantined", "uncounted")
    assert [counted[name] for name in counts] == [3, 5, 3, 1, 1, 0]
    assert spark.table(names.quarantine("geo")).count() == 1


def test_what_no_run_has_read_is_counted_from_the_ledger_alone(pipeline: Pipeline) -> None:
    books = Books(pipeline)
    StreamRun(pipeline, "first").take(0, *(Arrived(place(key, "Aruba"), key) for key in (1, 2, 2)))
    books.note("stream_burst", "geo", 9, "2026-05-01 11:59:59Z")
    books.note("stream_burst", "geo", 4, "2026-06-01 00:00:00Z", run_id="c")
    books.note("burst", "geo", 60, "2026-04-01 00:00:00Z")
    books.write_off("before", geo=2, user=2)
    books.note("stream_burst", "user", 2, "2026-05-01 11:59:59Z")
    books.note("stream_burst", "pin", 70, "2026-06-01 00:00:00Z")
    assert books.unread() == {"geo": 9 + 4 - 3 - 2, "pin": 70}
