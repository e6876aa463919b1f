"""Every inserted row is counted in exactly one run, whichever run died or is run again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.unit.spark.pipelines import GEO, Pipeline, places
from tests.unit.spark.queries import SQL

if TYPE_CHECKING:
    pass


@pytest.mark.parametrize("dies_at", ["ledger.record_counts", "ledger.record_marks"])
def test_a_run_that_died_is_repeated_with_its_true_counts(pipeline: Pipeline, dies_at: str) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [*places(1, 2, 2), "refused"])
    manifest = zone.manifest("first", pins={GEO: 4})
    pipeline.run_until(manifest, "first", dies_at=dies_at)
    assert pipeline.marks() == {}
    counts = pipeline.run(manifest, "first")["geo"]
    assert (counts["kept"], counts["merged"], counts["quarantined"]) == (2, 1, 1)
    (row,) = pipeline.spark.table(pipeline.names.ledger).collect()
    assert (row["kept"], row["merged"], row["quarantined"]) == (2, 1, 1)
    assert pipeline.spark.table(pipeline.names.quarantine("geo")).count() == 1
    assert pipeline.marks() == {GEO: (0, 4)}


@pytest.mark.parametrize(
    ("dies_at", "kept"),
    [
        ("quarantine.merge_quarantine", {"second": 3}),
        ("ledger.record_counts", {"second": 3}),
        ("ledger.record_marks", {"first": 2, "second": 1}),
    ],
)
def test_another_run_counts_what_a_run_that_died_for_good_had_inserted(
    pipeline: Pipeline, dies_at: str, kept: dict[str, int]
) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [*places(1, 2, 2), "refused"])
    pipeline.run_until(zone.manifest("first", pins={GEO: 4}), "first", dies_at=dies_at)
    zone.put("geo", 4, places(2, 3))
    counts = pipeline.run(zone.manifest("second", pins={GEO: 6}), "second")["geo"]
    assert (counts["lines_read"], counts["quarantined"], counts["kept"]) == (6, 1, kept["second"])
    assert pipeline.kept() == kept
    zone.put("geo", 6, places(3, 4))
    pipeline.run(zone.manifest("third", pins={GEO: 8}, marks=pipeline.marks()), "third")
    assert pipeline.kept() == {**kept, "third": 1}


def test_small_files_are_compacted_and_the_counts_do_not_notice(pipeline: Pipeline) -> None:
    """Every run leaves files; a table of many small ones is slow to read for whoever reads all of it."""
    zone, session = pipeline.zone, pipeline.spark
    enough = "spark.databricks.delta.autoCompact.minNumFiles"
    session.conf.set(enough, 3)
    try:
        for run in range(4):
            zone.put("geo", 2 * run, places(run, run + 1))
            marks = pipeline.marks() if run else {}
            manifest = zone.manifest(f"run-{run}", pins={GEO: 2 * run + 2}, marks=marks)
            pipeline.run(manifest, f"run-{run}")
    finally:
        session.conf.unset(enough)
    table = pipeline.names.batch("geo")
    operations = [row["operation"] for row in session.sql(f"DESCRIBE HISTORY {table}").collect()]
    assert operations.count("MERGE") == 4
    assert "OPTIMIZE" in operations
    assert session.sql(f"DESCRIBE DETAIL {table}").collect()[0]["numFiles"] < 4
    assert pipeline.kept() == {"run-0": 2, **{f"run-{run}": 1 for run in range(1, 4)}}
    assert session.table(table).count() == 5


def test_an_old_run_keeps_its_counts_however_much_has_happened_since(pipeline: Pipeline) -> None:
    """More commits than are looked at by default, and a run in between that died."""
    from pinterest_spark import tables

    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2))
    first = zone.manifest("first", pins={GEO: 2})
    pipeline.run(first, "first")
    zone.put("geo", 2, places(3, 4, 5))
    second = zone.manifest("second", pins={GEO: 5}, marks=pipeline.marks())
    pipeline.run_until(second, "second", dies_at="ledger.record_counts")
    for number in range(tables._RECENT + 1):
        pipeline.spark.sql(f"ALTER TABLE {pipeline.names.batch('geo')} SET TBLPROPERTIES ('n' = '{number}')")
    counts = pipeline.run(first, "first")["geo"]
    assert (counts["kept"], counts["merged"]) == (2, 0)
    counts = pipeline.run(second, "second")["geo"]
    assert (counts["kept"], counts["merged"]) == (3, 2)
    pipeline.run(first, "first")
    assert pipeline.kept() == {"first": 2, "second": 3}


def test_an_old_run_takes_no_more_rows_than_records_it_has_read(pipeline: Pipeline) -> None:
    """The old run died before its MERGE, a longer one after it; then the old one is run again."""
    zone = pipeline.zone
    zone.put("geo", 0, [*places(1, 2), "refused"])
    old = zone.manifest("old", pins={GEO: 3})
    pipeline.run_until(old, "old", dies_at="tables.merge_records")
    zone.put("geo", 3, places(3, 4, 5))
    pipeline.run_until(zone.manifest("long", pins={GEO: 6}), "long", dies_at="ledger.record_counts")
    pipeline.run(old, "old")
    assert pipeline.kept() == {"old": 2}
    pipeline.run(zone.manifest("next", pins={GEO: 6}, marks=pipeline.marks()), "next")
    assert pipeline.kept() == {"old": 2, "next": 3}


def test_a_run_again_over_an_object_that_shrank_is_balanced(pipeline: Pipeline) -> None:
    """The sink rewrote the object: two of its lines are in the next one now."""
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2, 3, 4))
    manifest = zone.manifest("first", pins={GEO: 4})
    pipeline.run(manifest, "first")
    zone.put("geo", 0, places(1, 2))
    zone.put("geo", 2, places(3, 4, 5))
    pipeline.run(manifest, "first")
    assert pipeline.kept() == {"first": 2}
    pipeline.run(zone.manifest("second", pins={GEO: 5}), "second")
    assert pipeline.kept() == {"first": 2, "second": 3}


def test_a_table_made_anew_is_counted_from_its_beginning(pipeline: Pipeline) -> None:
    zone, table = pipeline.zone, pipeline.names.batch("geo")
    zone.put("geo", 0, places(1, 2))
    pipeline.run(zone.manifest("old", pins={GEO: 2}), "old")
    pipeline.spark.sql(f"UPDATE {table} SET country = 'Albania'")
    pipeline.run(zone.manifest("older", pins={GEO: 2}), "older")
    pipeline.spark.sql(f"DROP TABLE {table}")
    counts = pipeline.run(zone.manifest("anew", pins={GEO: 2}), "anew")["geo"]
    assert (counts["kept"], counts["merged"]) == (2, 0)
    zone.put("geo", 2, places(2, 7))
    counts = pipeline.run(zone.manifest("next", pins={GEO: 4}, marks=pipeline.marks()), "next")["geo"]
    assert (counts["kept"], counts["merged"]) == (1, 3)
    pipeline.spark.sql(f"DELETE FROM {pipeline.names.ledger} WHERE run_id LIKE 'old%'")
    assert pipeline.kept() == {"anew": 2, "next": 1}


def test_a_burst_in_the_ledger_is_no_run_of_the_batch(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, places(1))
    pipeline.run(zone.manifest("run", pins={GEO: 1}), "run")
    offsets = [{"partition": 0, "first_offset": 1, "last_offset": 2}]
    burst = {
        "entity": "geo",
        "offsets": offsets,
        "sent": 2,
        "acknowledged": 2,
        "landed": 2,
        "dead_lettered": 0,
    }
    values = {
        "ledger_table": pipeline.names.ledger,
        "run_id": "run",
        "stage": "burst",
        "rows": json.dumps([burst]),
    }
    text = (SQL / "tables" / "record_burst.sql").read_text(encoding="utf-8")
    for _ in range(2):
        pipeline.spark.sql(text, args=values)
    zone.put("geo", 1, places(2, 3))
    pipeline.run(zone.manifest("next", pins={GEO: 3}, marks=pipeline.marks()), "next")
    assert pipeline.kept() == {"run": 1, "next": 2}
    (row,) = pipeline.spark.table(pipeline.names.ledger).where("stage = 'burst'").collect()
    assert (row["sent"], row["kept"], row["table_version"], row["uncounted"]) == (2, None, None, None)
