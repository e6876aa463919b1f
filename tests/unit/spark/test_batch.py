"""Whole runs over files: counts, positions, and what a repeated or late run changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.spark.landing_zone import place
from tests.unit.spark.lines import line
from tests.unit.spark.pipelines import GEO, Pipeline, places

if TYPE_CHECKING:
    pass


def test_first_run_of_all_entities(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put(
        "pin",
        0,
        [line("pin", 1, title="a", follower_count="2M"), line("pin", 2, title="b", follower_count="x")],
    )
    zone.put("geo", 0, [place(1, "Aruba"), place(2, "Albania")], partition=0)
    zone.put("geo", 0, [place(3, "Angola"), "half of a line"], partition=1)
    zone.put("user", 0, "")
    pins = {("pin", 0): 2, ("geo", 0): 2, ("geo", 1): 2, ("user", 0): 1}
    counts = pipeline.run(zone.manifest("first", pins=pins), "first")
    assert counts == {
        "pin": {
            "lines_read": 2,
            "reread": 0,
            "landed": 2,
            "kept": 2,
            "merged": 0,
            "quarantined": 0,
            "unreadable": {"follower_count": 1},
        },
        "geo": {
            "lines_read": 4,
            "reread": 0,
            "landed": 4,
            "kept": 3,
            "merged": 0,
            "quarantined": 1,
            "unreadable": {},
        },
        "user": {
            "lines_read": 0,
            "reread": 0,
            "landed": 0,
            "kept": 0,
            "merged": 0,
            "quarantined": 0,
            "unreadable": {},
        },
    }
    assert pipeline.countries() == {1: "Aruba", 2: "Albania", 3: "Angola"}
    (refused,) = pipeline.spark.table(pipeline.names.quarantine("geo")).collect()
    assert refused.asDict() | {"quarantined_at": None} == {
        "topic": f"{zone.user_id}.geo",
        "partition": 1,
        "first_offset": 0,
        "line": 1,
        "reason": "not_json",
        "raw": "half of a line",
        "run_id": "first",
        "quarantined_at": None,
        # Where it would stand in a stream.
        **dict.fromkeys(("stream", "shard", "sequence_number", "arrived_at")),
    }
    assert pipeline.marks() == {
        ("pin", 0): (0, 2),
        ("geo", 0): (0, 2),
        ("geo", 1): (0, 2),
        ("user", 0): (0, 0),
    }
    ledger = {row["entity"]: row for row in pipeline.spark.table(pipeline.names.ledger).collect()}
    assert [tuple(o) for o in ledger["geo"]["offsets"]] == [(0, 0, 1), (1, 0, 1)]
    assert (ledger["geo"]["stage"], ledger["geo"]["sent"], ledger["geo"]["landed"]) == ("batch", None, 4)
    assert ledger["pin"]["unreadable"] == {"follower_count": 1}


def test_next_run_reads_a_grown_tail_and_its_overlapping_successor(pipeline: Pipeline) -> None:
    """The tail was processed with three lines; it grew to five, and an older successor overlaps it."""
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2, 3))
    pipeline.run(zone.manifest("first", pins={GEO: 3}), "first")
    zone.put("geo", 0, places(1, 2, 3, 4, 5))
    zone.put("geo", 3, places(4, 5, 6))
    counts = pipeline.run(zone.manifest("second", pins={GEO: 6}, marks=pipeline.marks()), "second")["geo"]
    assert (counts["lines_read"], counts["reread"], counts["landed"]) == (8, 3, 5)
    assert (counts["kept"], counts["merged"]) == (3, 5)
    assert set(pipeline.countries()) == {1, 2, 3, 4, 5, 6}
    assert pipeline.marks() == {GEO: (3, 3)}


def test_next_run_reads_a_shrunk_tail_and_what_follows(pipeline: Pipeline) -> None:
    """The tail was processed with four lines; now it has two, and the others are in its successor."""
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2, 3, 4))
    pipeline.run(zone.manifest("first", pins={GEO: 4}), "first")
    zone.put("geo", 0, places(1, 2))
    zone.put("geo", 2, places(3, 4, 5))
    counts = pipeline.run(zone.manifest("second", pins={GEO: 5}, marks=pipeline.marks()), "second")["geo"]
    # Over both runs 4 + 1 lines landed: one for each offset.
    assert (counts["lines_read"], counts["reread"], counts["landed"]) == (5, 4, 1)
    assert (counts["kept"], counts["merged"]) == (1, 4)
    assert set(pipeline.countries()) == {1, 2, 3, 4, 5}


def test_of_one_key_the_last_position_wins(pipeline: Pipeline) -> None:
    """By first offset, then line, then partition; whatever the order of reading."""
    zone = pipeline.zone
    zone.put(
        "geo", 0, [place(1, "first"), place(1, "second"), place(2, "p0"), place(3, "early"), place(3, "p0")]
    )
    zone.put("geo", 5, [place(1, "third"), place(4, "x")])
    zone.put("geo", 0, [place(9, "y"), place(8, "z"), place(2, "p1"), place(3, "p1")], partition=1)
    pins = {GEO: 7, ("geo", 1): 4}
    counts = pipeline.run(zone.manifest("first", pins=pins), "first")["geo"]
    assert (counts["lines_read"], counts["kept"], counts["merged"]) == (11, 6, 5)
    assert pipeline.countries() == {1: "third", 2: "p1", 3: "p0", 4: "x", 8: "z", 9: "y"}
    zone.put("geo", 7, [place(1, "fourth")])
    counts = pipeline.run(zone.manifest("second", pins={GEO: 8}, marks=pipeline.marks()), "second")["geo"]
    assert (counts["lines_read"], counts["reread"], counts["kept"], counts["merged"]) == (3, 2, 0, 3)
    assert pipeline.countries()[1] == "fourth"


def test_old_manifests_run_again_change_nothing(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [place(1, "old"), "refused"])
    old = zone.manifest("first", pins={GEO: 2})
    first = pipeline.run(old, "first")
    zone.put("geo", 2, [place(1, "new"), place(2, "Aruba")])
    pipeline.run(zone.manifest("second", pins={GEO: 4}, marks=pipeline.marks()), "second")
    before = pipeline.everything()
    assert pipeline.run(old, "first") == first
    assert pipeline.everything() == before
    again = pipeline.run(old, "later")["geo"]
    assert (again["lines_read"], again["kept"], again["merged"], again["quarantined"]) == (2, 0, 1, 1)
    after = pipeline.everything()
    ledger = f"{zone.user_id}_ledger"
    assert {name: rows for name, rows in after.items() if name != ledger} == {
        name: rows for name, rows in before.items() if name != ledger
    }
    assert len(after[ledger]) == len(before[ledger]) + 1


def test_a_place_that_is_not_on_earth_is_kept_without_coordinates(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [place(1, "Aruba", latitude=100), place(2, "Aruba", longitude="-181")])
    counts = pipeline.run(zone.manifest("run", pins={GEO: 2}), "run")["geo"]
    assert (counts["kept"], counts["unreadable"]) == (2, {"latitude": 1, "longitude": 1})
    rows = pipeline.spark.table(pipeline.names.batch("geo")).collect()
    assert [(row["country"], row["coordinates"]) for row in rows] == [("Aruba", None)] * 2


def test_full_refresh_cleans_again_what_is_there(pipeline: Pipeline) -> None:
    """A row that an older release cleaned otherwise is put right, though its position is the same."""
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2))
    pipeline.run(zone.manifest("first", pins={GEO: 2}), "first")
    pipeline.spark.sql(f"UPDATE {pipeline.names.batch('geo')} SET country = 'wrong' WHERE ind = 2")
    counts = pipeline.run(zone.manifest("again", pins={GEO: 2}, full_refresh=True), "again")["geo"]
    assert (counts["kept"], counts["merged"]) == (0, 2)
    assert pipeline.countries() == {1: "Aruba", 2: "Aruba"}


def test_a_run_with_nothing_new_writes_zero_counts(pipeline: Pipeline) -> None:
    counts = pipeline.run(pipeline.zone.manifest("empty", pins={GEO: 0}), "empty")["geo"]
    assert (counts["lines_read"], counts["kept"], counts["unreadable"]) == (0, 0, {})
    (row,) = pipeline.spark.table(pipeline.names.ledger).collect()
    assert (row["lines_read"], row["kept"], row["offsets"]) == (0, 0, [])
    assert pipeline.marks() == {}
