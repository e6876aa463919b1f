"""One row for each refused line, also when the sink writes its last object again and the line has moved."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from tests.unit.spark.landing_zone import place
from tests.unit.spark.pipelines import GEO, Pipeline

GOOD = place(1, "Aruba")
X, Y = "<x>", "<y>"

Objects = Mapping[int, Sequence[str]]
#: First offset, line and text.
Row = tuple[int, int, str]

# lines of the first object; all objects once it was written again; the rows then
REWRITTEN: dict[str, tuple[list[str], Objects, list[Row]]] = {
    "unchanged": ([GOOD, X, X], {0: [GOOD, X, X]}, [(0, 1, X), (0, 2, X)]),
    "unchanged, and the same text follows": (
        [GOOD, X, X],
        {0: [GOOD, X, X], 3: [X]},
        [(0, 1, X), (0, 2, X), (3, 0, X)],
    ),
    "longer by the same text": ([GOOD, X], {0: [GOOD, X, X, Y]}, [(0, 1, X), (0, 2, X), (0, 3, Y)]),
    "shorter": ([GOOD, X], {0: [GOOD], 1: [X]}, [(1, 0, X)]),
    "shorter, equal texts are moved": ([GOOD, X, X], {0: [GOOD], 1: [X, X]}, [(1, 0, X), (1, 1, X)]),
    "shorter, equal texts are parted": ([GOOD, X, X], {0: [GOOD, X], 2: [X]}, [(0, 1, X), (2, 0, X)]),
    "shorter, one of the same text is new": (
        [X, X],
        {0: [X], 1: [X, GOOD, X]},
        [(0, 0, X), (1, 0, X), (1, 2, X)],
    ),
    "shorter, moved to several objects": (
        [X, Y, X, GOOD],
        {0: [X], 1: [Y], 2: [X, GOOD]},
        [(0, 0, X), (1, 0, Y), (2, 0, X)],
    ),
    # Offsets 1 to 4 are dead letters.
    "shorter, with a gap before the cut": ([GOOD, X, Y], {0: [GOOD], 5: [X, Y]}, [(5, 0, X), (5, 1, Y)]),
    # A dead letter between them has landed after all.
    "longer in its midst": ([GOOD, X], {0: [GOOD, Y, X]}, [(0, 1, Y), (0, 2, X)]),
    "longer in its midst by the same text": (
        [X, GOOD, X],
        {0: [X, X, GOOD, X]},
        [(0, 0, X), (0, 1, X), (0, 3, X)],
    ),
    # Gone from S3: the row is all that is left of it.
    "shorter and nothing follows": ([GOOD, X], {0: [GOOD], 2: [Y]}, [(0, 1, X), (2, 0, Y)]),
    "another text in its place": ([GOOD, X], {0: [GOOD, Y]}, [(0, 1, X), (0, 1, Y)]),
    # The sink was sent back to 2 and left what it had written there: two lines in S3.
    "overlapped by the next object": (
        [GOOD, X, Y],
        {0: [GOOD, X, Y], 2: [Y]},
        [(0, 1, X), (0, 2, Y), (2, 0, Y)],
    ),
}


def rows(pipeline: Pipeline) -> list[tuple[int, Row, str]]:
    """Partition, place and text, and finder of each row."""
    found = pipeline.spark.table(pipeline.names.quarantine("geo")).collect()
    return sorted((r["partition"], (r["first_offset"], r["line"], r["raw"]), r["run_id"]) for r in found)


def put(pipeline: Pipeline, objects: Mapping[int, Objects]) -> dict[tuple[str, int], int]:
    """Write objects, by partition and first offset.

    :returns: partition to an offset behind all of them.
    """
    for partition, of in objects.items():
        for first, lines in of.items():
            pipeline.zone.put("geo", first, lines, partition=partition)
    return {("geo", partition): 1000 for partition in objects}


def test_a_row_for_each_line_however_the_tail_is_written_again(pipeline: Pipeline) -> None:
    zone, cases = pipeline.zone, list(enumerate(REWRITTEN.values()))
    pins = put(pipeline, {number: {0: lines} for number, (lines, _, _) in cases})
    pipeline.run(zone.manifest("first", pins=pins), "first")
    before = {(number, line) for number, line, _ in rows(pipeline)}
    put(pipeline, {number: objects for number, (_, objects, _) in cases})
    again = zone.manifest("second", pins=pins, marks=pipeline.marks())
    counts = pipeline.run(again, "second")["geo"]
    refused = [text for _, objects, _ in REWRITTEN.values() for of in objects.values() for text in of]
    assert counts["quarantined"] == len(refused) - refused.count(GOOD)

    after = rows(pipeline)
    names = dict(enumerate(REWRITTEN))
    wanted = {(name, row) for name, (_, _, expected) in REWRITTEN.items() for row in expected}
    assert {(names[number], row) for number, row, _ in after} == wanted
    assert len(after) == len(wanted)
    # Of each text as many rows as there were before still say that the first run has found it.
    old = sorted((number, text) for number, (_, _, text) in before)
    assert sorted((number, text) for number, (_, _, text), finder in after if finder == "first") == old

    pipeline.run(again, "second")
    pipeline.run(zone.manifest("all", pins=pins, full_refresh=True), "all")
    assert rows(pipeline) == after


def test_moved_lines_whose_object_waits_for_the_next_run_which_is_repeated(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [GOOD, X, X])
    pipeline.run(zone.manifest("first", pins={GEO: 3}), "first")
    zone.put("geo", 0, [GOOD, X])
    zone.put("geo", 2, [X, Y])
    pipeline.run(zone.manifest("second", pins={GEO: 2}, marks=pipeline.marks()), "second")
    third = zone.manifest("third", pins={GEO: 4}, marks=pipeline.marks())
    pipeline.run_until(third, "third", dies_at="ledger.record_counts")
    pipeline.run(third, "third")
    assert rows(pipeline) == [(0, (0, 1, X), "first"), (0, (2, 0, X), "first"), (0, (2, 1, Y), "third")]


def test_an_old_manifest_moves_no_row_back(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [X, GOOD, X])
    old = zone.manifest("first", pins={GEO: 3})
    pipeline.run(old, "first")
    zone.put("geo", 0, [X, GOOD])
    zone.put("geo", 2, [X])
    pipeline.run(zone.manifest("second", pins={GEO: 3}, marks=pipeline.marks()), "second")
    moved = rows(pipeline)
    assert moved == [(0, (0, 0, X), "first"), (0, (2, 0, X), "first")]
    pipeline.run(old, "first")
    assert rows(pipeline) == moved


def cut(lines: Sequence[tuple[int, str]], chance: random.Random) -> dict[int, list[str]]:
    """Lines with their offsets, in objects as a sink might cut them."""
    objects: dict[int, list[str]] = {}
    for number, (offset, text) in enumerate(lines):
        if number == 0 or chance.random() < 0.4:
            objects[offset] = []
        objects[max(objects)].append(text)
    return objects


def test_whatever_the_sink_makes_of_a_tail_each_refused_record_has_its_row(pipeline: Pipeline) -> None:
    """Three runs over many partitions; the second one may see only some of the objects written anew."""
    chance = random.Random(7)
    zone, partitions = pipeline.zone, range(60)
    pins: dict[int, dict[tuple[str, int], int]] = {1: {}, 2: {}, 3: {}}
    wanted: list[tuple[int, Row]] = []
    anew: dict[int, Objects] = {}
    for number in partitions:
        # A gap hides where a line was moved once its old object is not read any more: then there is none.
        waits = number % 3 == 0
        offsets = range(9) if waits else sorted(chance.sample(range(30), 9))
        lines = [(offset, chance.choice([GOOD, X, X, Y])) for offset in offsets]
        old = cut(lines[: chance.randint(1, 7)], chance)
        tail = max(old)
        anew[number] = cut([line for line in lines if line[0] >= tail], chance)
        put(pipeline, {number: old})
        pins[1]["geo", number] = pins[3]["geo", number] = 1000
        pins[2]["geo", number] = chance.choice([*list(anew[number])[1:], 1000]) if waits else 1000
        final = {**old, **anew[number]}
        wanted += [
            (number, (first, line, text))
            for first, of in final.items()
            for line, text in enumerate(of)
            if text != GOOD
        ]
    pipeline.run(zone.manifest("1", pins=pins[1]), "1")
    put(pipeline, anew)
    for run in (2, 3):
        pipeline.run(zone.manifest(str(run), pins=pins[run], marks=pipeline.marks()), str(run))
    assert [(number, row) for number, row, _ in rows(pipeline)] == sorted(wanted)
