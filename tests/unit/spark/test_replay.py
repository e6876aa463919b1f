"""Refused lines and records of a stream through mended code: what passes leaves quarantine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.spark.landing_zone import place
from tests.unit.spark.lines import line
from tests.unit.spark.notebooks import run_notebook
from tests.unit.spark.pipelines import GEO, Pipeline
from tests.unit.spark.replays import check, hidden, ledger, older_code, quarantine, reasons, replay
from tests.unit.spark.streams import Arrived, StreamRun, countries

NOTEBOOK = Path(__file__).resolve().parents[3] / "include" / "spark" / "notebooks" / "replay.py"


def run_older(pipeline: Pipeline, run_id: str = "daily") -> None:
    """A daily run of older code over all objects of geo."""
    with older_code():
        manifest = pipeline.zone.manifest(
            run_id, pins={GEO: 1000}, marks=pipeline.marks() if run_id != "daily" else {}
        )
        pipeline.run(manifest, run_id)


def outdated(pipeline: Pipeline, raw: str, reason: str) -> None:
    """Let a row say a reason that the present code does not give."""
    table = pipeline.names.quarantine("geo")
    pipeline.spark.sql(f"UPDATE {table} SET reason = '{reason}' WHERE raw = '{raw}'")


def test_what_passes_leaves_and_the_rest_stays_with_its_new_reason(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [place(1, "Aruba"), hidden(2), hidden(3, age="x"), "<x>", '{"country": "A"}'])
    run_older(pipeline)
    outdated(pipeline, "<x>", "not_an_object")
    before = {row["raw"]: row.asDict() for row in quarantine(pipeline)}

    counts = replay(pipeline, "mended")

    wanted = {"read": 4, "dead_letters": 0, "kept": 2, "merged": 0, "quarantined": 2}
    assert {name: counts[name] for name in wanted} == wanted
    assert counts["reasons"] == {"key_missing": 1, "not_json": 1}
    assert (counts["set_apart"], counts["batch"]) == (0, wanted)
    assert pipeline.countries() == {1: "Aruba", 2: "Hidden", 3: "Hidden"}
    after = {row["raw"]: row.asDict() for row in quarantine(pipeline)}
    assert after == {
        "<x>": {**before["<x>"], "reason": "not_json"},
        '{"country": "A"}': before['{"country": "A"}'],
    }
    assert ledger(pipeline) == {"mended": (4, 0, 2, 0, 2)}
    rows = pipeline.spark.table(pipeline.names.batch("geo")).where("ind = 2").collect()
    assert [(row["_partition"], row["_first_offset"], row["_line"]) for row in rows] == [(0, 0, 1)]
    check(pipeline)


def test_a_second_run_changes_nothing_and_the_same_run_again_not_even_the_ledger(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [hidden(2), "<x>"])
    run_older(pipeline)
    first = replay(pipeline, "first")
    before = pipeline.everything()
    assert replay(pipeline, "first") == first
    assert pipeline.everything() == before
    assert replay(pipeline, "second")["read"] == 1
    changed = {name for name, rows in pipeline.everything().items() if rows != before[name]}
    assert changed == {f"{pipeline.zone.user_id}_ledger"}
    assert ledger(pipeline) == {"first": (2, 0, 1, 0, 1), "second": (1, 0, 0, 0, 1)}
    version = pipeline.spark.sql(f"DESCRIBE HISTORY {pipeline.names.quarantine('geo')} LIMIT 1").collect()
    assert version[0]["userMetadata"] == "first"
    check(pipeline)


def test_a_record_comes_in_by_its_original_position(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [place(1, "before"), hidden(1), hidden(2), place(2, "behind")])
    zone.put("geo", 4, [hidden(3, latitude=1), hidden(3, latitude=2)])
    run_older(pipeline)
    counts = replay(pipeline, "mended")
    assert (counts["kept"], counts["merged"]) == (1, 3)
    assert pipeline.countries() == {1: "Hidden", 2: "behind", 3: "Hidden"}
    assert quarantine(pipeline) == []
    rows = pipeline.spark.table(pipeline.names.batch("geo")).where("ind = 3").collect()
    assert [row["coordinates"] for row in rows] == [[2.0, 2.5]]
    # What comes later wins, and what is read again with code that takes it changes nothing.
    zone.put("geo", 6, [place(1, "late")])
    pipeline.run(zone.manifest("next", pins={GEO: 7}, marks=pipeline.marks()), "next")
    assert pipeline.countries() == {1: "late", 2: "behind", 3: "Hidden"}
    assert quarantine(pipeline) == []
    check(pipeline)


def test_the_runs_behind_a_replay_count_their_own_rows_alone(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [place(1, "Aruba"), hidden(2), hidden(3)])
    run_older(pipeline)
    replay(pipeline, "mended")
    zone.put("geo", 3, [place(4, "Aruba")])
    pipeline.run(zone.manifest("next", pins={GEO: 4}, marks=pipeline.marks()), "next")
    assert pipeline.kept() == {"daily": 1, "next": 1}
    assert ledger(pipeline) == {"mended": (2, 0, 2, 0, 0)}


def test_rows_of_a_daily_run_that_died_are_counted_once(pipeline: Pipeline) -> None:
    """A replay takes no more of them than it has records; the rest waits for the next daily run."""
    zone = pipeline.zone
    zone.put("geo", 0, [place(1, "Aruba"), hidden(2)])
    run_older(pipeline)
    zone.put("geo", 2, [place(key, "Aruba") for key in (3, 4, 5)])
    pipeline.run_until(
        zone.manifest("died", pins={GEO: 5}, marks=pipeline.marks()), "died", dies_at="ledger.record_counts"
    )
    assert replay(pipeline, "mended")["kept"] == 1
    check(pipeline)
    pipeline.run(zone.manifest("next", pins={GEO: 5}, marks=pipeline.marks()), "next")
    assert pipeline.kept() == {"daily": 1, "next": 3}
    check(pipeline)


def test_a_daily_run_of_the_same_id_keeps_its_own_count(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [place(1, "Aruba"), hidden(2), hidden(3)])
    run_older(pipeline)
    manifest = zone.manifest("same", pins={GEO: 3}, marks=pipeline.marks())
    replay(pipeline, "same")
    counts = pipeline.run(manifest, "same")["geo"]
    assert (counts["kept"], counts["merged"]) == (0, 3)
    check(pipeline)


def test_a_refused_record_of_a_stream_comes_into_the_stream_table(pipeline: Pipeline) -> None:
    with older_code():
        run = StreamRun(pipeline, "ingest")
        run.take(
            0,
            Arrived(place(1, "before"), 1, second=1),
            Arrived(hidden(1), 2, second=2),
            Arrived(hidden(2), 3, second=1),
            Arrived(place(2, "behind"), 4, second=2),
            Arrived(hidden(3), 5),
            Arrived("<x>", 6),
        )
    counts = replay(pipeline, "mended")
    wanted = {"read": 4, "dead_letters": 0, "kept": 1, "merged": 2, "quarantined": 1}
    assert counts["stream"] == wanted
    assert counts["batch"]["read"] == 0
    assert countries(pipeline) == {1: "Hidden", 2: "behind", 3: "Hidden"}
    assert reasons(pipeline) == {"<x>": "not_json"}
    assert ledger(pipeline, "stream_replay") == {"mended": (4, 0, 1, 2, 1)}
    assert ledger(pipeline) == {}
    check(pipeline)
    StreamRun(pipeline, "next").take(1, Arrived(place(4, "Aruba"), 7, second=3), Arrived("<y>", 8, second=3))
    rows = pipeline.spark.table(pipeline.names.ledger).where("stage = 'stream'").orderBy("batch_id").collect()
    assert [(row["run_id"], row["kept"]) for row in rows] == [("ingest", 2), ("next", 1)]
    check(pipeline)


def test_lines_and_records_of_a_stream_side_by_side(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [hidden(1), "<a>"])
    run_older(pipeline)
    with older_code():
        StreamRun(pipeline, "ingest").take(0, Arrived(hidden(1), 1), Arrived(hidden(2), 2), Arrived("<b>", 3))
    counts = replay(pipeline, "mended")
    assert [counts[part]["kept"] for part in ("batch", "stream")] == [1, 2]
    assert (counts["read"], counts["kept"], counts["quarantined"]) == (5, 3, 2)
    assert counts["reasons"] == {"not_json": 2}
    assert reasons(pipeline) == {"<a>": "not_json", "<b>": "not_json"}
    assert (pipeline.countries(), countries(pipeline)) == ({1: "Hidden"}, {1: "Hidden", 2: "Hidden"})
    check(pipeline)


def test_a_dry_run_foretells_the_counts_and_changes_nothing(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [place(1, "Aruba"), hidden(1), hidden(2), hidden(2), "<x>"])
    run_older(pipeline)
    with older_code():
        StreamRun(pipeline, "ingest").take(0, Arrived(hidden(7), 1), Arrived("<y>", 2))
    outdated(pipeline, "<x>", "not_an_object")
    before = pipeline.everything()
    foretold = replay(pipeline, "trial", dry_run=True)
    assert pipeline.everything() == before
    assert (foretold["kept"], foretold["merged"], foretold["quarantined"]) == (2, 2, 2)
    assert replay(pipeline, "mended") == foretold


def test_a_dry_run_makes_no_table(pipeline: Pipeline) -> None:
    counts = replay(pipeline, "trial", dry_run=True, entities=("pin", "geo", "user"))
    assert counts["read"] == 0
    assert pipeline.everything() == {}


def test_only_what_is_asked_for_is_replayed(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [hidden(1)])
    pipeline.zone.put("pin", 0, [line("pin", 1, title="Hidden")])
    with older_code():
        pipeline.run(pipeline.zone.manifest("daily", pins={GEO: 1, ("pin", 0): 1}), "daily")
    assert replay(pipeline, "letters", source="dead_letters")["read"] == 0
    assert replay(pipeline, "pins", entities=("pin",))["kept"] == 1
    assert (len(quarantine(pipeline)), len(quarantine(pipeline, "pin"))) == (1, 0)
    assert replay(pipeline, "all", entities=("geo", "pin", "user"))["kept"] == 1
    check(pipeline)


def test_rows_of_a_topic_that_was_deleted_are_left_alone(pipeline: Pipeline) -> None:
    """Their positions say nothing about those of the topic that followed."""
    pipeline.zone.put("geo", 0, [hidden(1)])
    run_older(pipeline)
    pipeline.spark.sql(f"UPDATE {pipeline.names.quarantine('geo')} SET topic = concat(topic, '@then')")
    before = pipeline.everything()
    counts = replay(pipeline, "mended")
    assert (counts["read"], counts["set_apart"]) == (0, 1)
    assert pipeline.everything() == before


def test_a_line_that_a_full_refresh_has_brought_in_leaves_too(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [hidden(1)])
    run_older(pipeline)
    pipeline.run(pipeline.zone.manifest("all", pins={GEO: 1}, full_refresh=True), "all")
    assert len(quarantine(pipeline)) == 1
    assert (replay(pipeline, "mended")["merged"], quarantine(pipeline)) == (1, [])
    check(pipeline)


def test_what_is_no_source_or_entity_is_refused(pipeline: Pipeline) -> None:
    with pytest.raises(ValueError, match="unknown source 'kafka'"):
        replay(pipeline, "run", source="kafka")
    with pytest.raises(ValueError, match="unknown entity 'board'"):
        replay(pipeline, "run", entities=("board",))


def test_the_notebook_replays_and_exits_with_the_counts(pipeline: Pipeline) -> None:
    pipeline.zone.put("geo", 0, [hidden(1), "<x>"])
    run_older(pipeline)
    parameters = {
        "user_id": pipeline.zone.user_id,
        "catalog": "spark_catalog",
        "schema": "default",
        "run_id": "mended",
        "entity": "",
        "source": "both",
        "dead_letters": "",
    }
    tried = json.loads(run_notebook(NOTEBOOK, pipeline.spark, parameters))
    done = json.loads(run_notebook(NOTEBOOK, pipeline.spark, {**parameters, "dry_run": "false"}))
    assert (tried["dry_run"], done["dry_run"], done["run_id"]) == (True, False, "mended")
    assert done["entities"] == tried["entities"]
    assert {entity: found["kept"] for entity, found in done["entities"].items()} == {
        "pin": 0,
        "geo": 1,
        "user": 0,
    }
    assert reasons(pipeline) == {"<x>": "not_json"}
    check(pipeline)
