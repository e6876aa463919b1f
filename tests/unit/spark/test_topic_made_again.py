"""A topic that was made again: its records begin at offset 0, and come into the tables that stayed."""

from __future__ import annotations

from tests.unit.spark.landing_zone import place
from tests.unit.spark.lines import line
from tests.unit.spark.pipelines import GEO, Pipeline, places
from tests.unit.spark.queries import SQL


def retire(pipeline: Pipeline, entity: str, begun_at: str = "2026-03-01T12:00:00+00:00") -> None:
    """What a teardown does to the tables, twice: a task may be cleared."""
    for _ in range(2):
        for name, parameters in (
            (
                "forget_positions",
                {
                    "positions_table": pipeline.names.positions,
                    "topic": f"{pipeline.zone.user_id}.{entity}",
                },
            ),
            ("retire_rows", {"batch_table": pipeline.names.batch(entity)}),
            (
                "retire_quarantine",
                {
                    "quarantine_table": pipeline.names.quarantine(entity),
                    "topic": f"{pipeline.zone.user_id}.{entity}",
                    "begun_at": begun_at,
                },
            ),
        ):
            text = (SQL / "tables" / f"{name}.sql").read_text(encoding="utf-8")
            pipeline.spark.sql(text, args=parameters)


def first_offsets(pipeline: Pipeline) -> dict[int, int]:
    rows = pipeline.spark.table(pipeline.names.batch("geo")).collect()
    return {row["ind"]: row["_first_offset"] for row in rows}


def test_records_of_the_new_topic_count_as_later_than_all_rows_of_the_old_one(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2))
    zone.put("geo", 2, places(3))
    zone.put("pin", 0, [line("pin", 1)])
    pipeline.run(zone.manifest("old", pins={GEO: 3, ("pin", 0): 1}), "old")
    retire(pipeline, "geo")
    assert pipeline.marks() == {("pin", 0): (0, 1)}
    assert first_offsets(pipeline) == {1: -1, 2: -1, 3: -3}
    # The old objects are moved away; the new sink writes from offset 0.
    zone.objects.pop((*GEO, 2)).unlink()
    zone.put("geo", 0, [place(3, "Angola"), place(4, "Angola")])
    counts = pipeline.run(zone.manifest("new", pins={GEO: 2}, marks=pipeline.marks()), "new")["geo"]
    assert (counts["kept"], counts["merged"], counts["reread"]) == (1, 1, 0)
    assert pipeline.countries() == {1: "Aruba", 2: "Aruba", 3: "Angola", 4: "Angola"}
    assert pipeline.kept() == {"old": 3, "new": 1}
    assert pipeline.marks()[GEO] == (0, 2)


def test_rows_stay_retired_when_the_topic_is_taken_down_once_more(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2))
    pipeline.run(zone.manifest("old", pins={GEO: 2}), "old")
    retire(pipeline, "geo")
    zone.put("geo", 0, [place(2, "Angola")])
    pipeline.run(zone.manifest("new", pins={GEO: 1}, marks=pipeline.marks()), "new")
    assert first_offsets(pipeline) == {1: -1, 2: 0}
    retire(pipeline, "geo")
    assert first_offsets(pipeline) == {1: -1, 2: -1}
    assert pipeline.countries() == {1: "Aruba", 2: "Angola"}


def test_a_refused_line_of_the_new_topic_has_a_row_of_its_own(pipeline: Pipeline) -> None:
    """The same text in the same place, as a topic that begins again may well have it."""
    zone = pipeline.zone
    topic = f"{zone.user_id}.geo"
    zone.put("geo", 0, [*places(1), "{}"])
    pipeline.run(zone.manifest("old", pins={GEO: 2}), "old")
    retire(pipeline, "geo")
    zone.put("geo", 0, [*places(2), "{}"])
    counts = pipeline.run(zone.manifest("new", pins={GEO: 2}, marks=pipeline.marks()), "new")["geo"]
    assert counts["quarantined"] == 1
    rows = pipeline.spark.table(pipeline.names.quarantine("geo")).collect()
    assert sorted((row["topic"], row["run_id"]) for row in rows) == [
        (topic, "new"),
        (f"{topic}@2026-03-01T12:00:00+00:00", "old"),
    ]
