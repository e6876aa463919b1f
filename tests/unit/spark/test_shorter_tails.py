"""A tail object that became shorter: the ledger stays balanced and adds up to the lines that S3 has."""

from __future__ import annotations

from tests.unit.spark.landing_zone import place
from tests.unit.spark.pipelines import GEO, Pipeline, places


def landed(pipeline: Pipeline) -> list[int]:
    """``landed`` of the runs so far, in their order, after the checks of the ledger have found nothing."""
    pipeline.kept()
    rows = (
        pipeline.spark.table(pipeline.names.ledger).where("entity = 'geo'").orderBy("recorded_at").collect()
    )
    return [row["landed"] for row in rows]


def lines_in_s3(pipeline: Pipeline, *, below: int) -> int:
    """Lines of the objects below a pin; what follows the last line end is a line too."""
    objects = [path.read_bytes() for (_, _, first), path in pipeline.zone.objects.items() if first < below]
    return sum(text.count(b"\n") + bool(text) - text.endswith(b"\n") for text in objects)


def run(pipeline: Pipeline, run_id: str, *, pin: int) -> dict[str, int]:
    """Run as the DAG does, from the last mark up to a pin."""
    begun = pipeline.spark.catalog.tableExists(pipeline.names.positions)
    manifest = pipeline.zone.manifest(run_id, pins={GEO: pin}, marks=pipeline.marks() if begun else None)
    counts: dict[str, int] = pipeline.run(manifest, run_id)["geo"]
    assert sum(landed(pipeline)) == lines_in_s3(pipeline, below=pin)
    return counts


def test_a_shorter_tail_whose_successor_waits_for_the_next_run(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2, 3, 4))
    run(pipeline, "first", pin=4)
    zone.put("geo", 0, places(1, 2))
    zone.put("geo", 2, places(3, 4, 5))
    counts = run(pipeline, "second", pin=2)
    assert (counts["lines_read"], counts["reread"], counts["kept"], counts["merged"]) == (2, 4, 0, 2)
    assert pipeline.marks() == {GEO: (0, 2)}
    counts = run(pipeline, "third", pin=5)
    assert (counts["lines_read"], counts["reread"], counts["kept"], counts["merged"]) == (5, 2, 1, 4)
    assert landed(pipeline) == [4, -2, 3]
    assert set(pipeline.countries()) == {1, 2, 3, 4, 5}
    assert run(pipeline, "fourth", pin=5)["landed"] == 0


def test_an_emptied_tail_that_is_put_back_later(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, places(1))
    zone.put("geo", 1, places(2, 3, 4, 5))
    run(pipeline, "first", pin=5)
    zone.put("geo", 1, "")
    counts = run(pipeline, "second", pin=5)
    assert (counts["lines_read"], counts["reread"]) == (0, 4)
    assert pipeline.marks() == {GEO: (1, 0)}
    assert run(pipeline, "third", pin=5)["landed"] == 0
    zone.put("geo", 1, places(2, 3, 4, 5))
    zone.put("geo", 5, places(6))
    run(pipeline, "fourth", pin=6)
    assert landed(pipeline) == [5, -4, 0, 5]
    # What was read before is kept, whatever became of its object.
    assert set(pipeline.countries()) == {1, 2, 3, 4, 5, 6}


def test_a_tail_cut_in_a_line(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    whole = "".join(f"{line}\n" for line in places(1, 2, 3, 4))
    zone.put("geo", 0, whole)
    run(pipeline, "first", pin=4)
    zone.put("geo", 0, whole[: len(whole) * 3 // 8])
    counts = run(pipeline, "second", pin=4)
    assert (counts["lines_read"], counts["quarantined"], counts["merged"]) == (2, 1, 1)
    zone.put("geo", 0, whole)
    run(pipeline, "third", pin=4)
    assert landed(pipeline) == [4, -2, 2]


def test_a_full_refresh_counts_every_line_anew(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, places(1, 2, 3))
    run(pipeline, "first", pin=3)
    zone.put("geo", 0, [place(1, "Aruba")])
    zone.put("geo", 1, places(2, 3))
    pipeline.run(zone.manifest("again", pins={GEO: 3}, full_refresh=True), "again")
    assert landed(pipeline) == [3, 3]
