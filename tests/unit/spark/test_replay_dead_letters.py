"""Dead letters come into the tables by their offset in the topic, as if the sink had landed them there."""

from __future__ import annotations

import json

import pytest

from tests.unit.spark.landing_zone import place
from tests.unit.spark.pipelines import GEO, Pipeline
from tests.unit.spark.replays import check, hidden, ledger, letter, older_code, quarantine, reasons, replay

# Offsets:   0        1         2        3         4        5
# Landed:    line 0   -         line 1   -         line 2   -
OBJECT = [place(5, "line 0"), place(6, "line 1"), place(6, "line 2")]
LETTERS = [
    letter(1, place(5, "letter 1"), before=(0, 1)),
    letter(3, place(6, "letter 3"), before=(0, 2)),
    letter(5, place(7, "letter 5"), before=(0, 3)),
]
WANTED = {5: "letter 1", 6: "line 2", 7: "letter 5"}


def read_landing(pipeline: Pipeline, run_id: str = "daily", *, full_refresh: bool = False) -> None:
    marks = {} if full_refresh else pipeline.marks()
    manifest = pipeline.zone.manifest(run_id, pins={GEO: 1000}, marks=marks, full_refresh=full_refresh)
    pipeline.run(manifest, run_id)


@pytest.mark.parametrize("first", ["landing", "letters"])
def test_the_offset_decides_whichever_is_read_first(pipeline: Pipeline, first: str) -> None:
    from pinterest_spark.tables import create_table

    create_table(pipeline.spark, "ingest_positions", pipeline.names.positions)
    pipeline.zone.put("geo", 0, OBJECT)
    if first == "landing":
        read_landing(pipeline)
    counts = replay(pipeline, "letters", letters=LETTERS)
    if first == "letters":
        read_landing(pipeline)
    assert (counts["read"], counts["dead_letters"], counts["quarantined"]) == (3, 3, 0)
    assert pipeline.countries() == WANTED
    check(pipeline)
    # Read again with whatever comes behind it, and as a whole.
    pipeline.zone.put("geo", 6, [place(7, "line 0 of the next")])
    read_landing(pipeline, "next")
    read_landing(pipeline, "all", full_refresh=True)
    assert pipeline.countries() == {**WANTED, 7: "line 0 of the next"}
    check(pipeline)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in their order", "the later one first"])
def test_letters_side_by_side_follow_each_other_in_whichever_runs(
    pipeline: Pipeline, order: tuple[int, int]
) -> None:
    letters = [letter(offset, place(5, f"letter {offset}"), before=(0, 3)) for offset in (900, 901)]
    for number in order:
        replay(pipeline, f"run-{number}", letters=[letters[number]])
    assert pipeline.countries() == {5: "letter 901"}
    rows = pipeline.spark.table(pipeline.names.batch("geo")).collect()
    assert [(row["_partition"] + 2**31, row["_first_offset"], row["_line"]) for row in rows] == [(901, 0, 3)]
    check(pipeline)


def test_a_letter_that_is_refused_has_a_row_and_leaves_it_when_the_code_is_mended(pipeline: Pipeline) -> None:
    topic = f"{pipeline.zone.user_id}.geo"
    letters = [
        letter(1, hidden(5), before=(0, 1), partition=2),
        letter(3, "not JSON", before=(0, 2)),
        letter(4, b'\xff{"ind": 1}', before=(0, 2)),
        letter(5, None, before=(0, 2)),
        letter(6, "not JSON", before=(0, 2)),
    ]
    with older_code():
        counts = replay(pipeline, "first", letters=letters)
    assert (counts["kept"], counts["reasons"]) == (0, {"not_json": 5})
    places = {
        (row["topic"], row["partition"], row["sequence_number"]): (
            row["first_offset"],
            row["line"],
            row["raw"],
        )
        for row in quarantine(pipeline)
    }
    assert places == {
        (topic, 2, "1"): (0, 1, hidden(5)),
        (topic, 0, "3"): (0, 2, "not JSON"),
        (topic, 0, "4"): (0, 2, '\N{REPLACEMENT CHARACTER}{"ind": 1}'),
        (topic, 0, "5"): (0, 2, None),
        (topic, 0, "6"): (0, 2, "not JSON"),
    }
    assert {row["run_id"] for row in quarantine(pipeline)} == {"first"}
    check(pipeline)
    # A line of object 0 which is later than the letter in partition 2, but earlier than those in partition 0.
    pipeline.zone.put("geo", 0, [place(4, "line 0"), place(5, "line 1")])
    counts = replay(pipeline, "mended")
    assert (counts["read"], counts["dead_letters"], counts["kept"], counts["quarantined"]) == (5, 0, 1, 4)
    assert len(quarantine(pipeline)) == 4
    rows = pipeline.spark.table(pipeline.names.batch("geo")).collect()
    assert [(row["ind"], row["_partition"] + 2**31, row["_first_offset"], row["_line"]) for row in rows] == [
        (5, 1, 0, 1)
    ]
    check(pipeline)


def test_letters_that_are_fetched_again_are_counted_again_and_never_doubled(pipeline: Pipeline) -> None:
    """As by the run behind one that died before it could note how far it had come."""
    letters = [letter(1, place(5, "letter"), before=(0, 1)), letter(3, "<x>", before=(0, 2))]
    replay(pipeline, "first", letters=letters)
    before = {name: rows for name, rows in pipeline.everything().items() if not name.endswith("ledger")}
    replay(pipeline, "second", letters=letters)
    # The objects are cut otherwise by now: the letter is still the same one.
    moved = [{**each, "first_offset": 1, "line": 0} for each in letters]
    replay(pipeline, "third", letters=moved[1:])
    after = {name: rows for name, rows in pipeline.everything().items() if not name.endswith("ledger")}
    assert after == before
    assert ledger(pipeline) == {
        "first": (2, 2, 1, 0, 1),
        "second": (2, 2, 0, 1, 1),
        "third": (1, 1, 0, 0, 1),
    }
    check(pipeline)


def test_a_line_takes_no_letter_s_row_over(pipeline: Pipeline) -> None:
    """Not even when it has its text and lies where it stood."""
    replay(pipeline, "letters", letters=[letter(1, "<x>", before=(0, 1)), letter(5, "<x>", before=(0, 4))])
    from pinterest_spark.tables import create_table

    create_table(pipeline.spark, "ingest_positions", pipeline.names.positions)
    pipeline.zone.put("geo", 0, [place(1, "Aruba"), "<x>", "<x>"])
    read_landing(pipeline)
    read_landing(pipeline, "again", full_refresh=True)
    rows = quarantine(pipeline)
    found = sorted((row["line"], row["sequence_number"] or "", row["run_id"]) for row in rows)
    assert found == [(1, "", "daily"), (1, "1", "letters"), (2, "", "daily"), (4, "5", "letters")]
    assert replay(pipeline, "replay")["quarantined"] == 4
    assert len(quarantine(pipeline)) == 4
    check(pipeline)


def test_letters_of_all_entities_in_one_file(pipeline: Pipeline) -> None:
    pin = json.dumps({"index": 3, "title": "A title"})
    letters = [letter(0, place(5, "letter"), before=(0, 0)), letter(0, pin, before=(0, 0), entity="pin")]
    assert replay(pipeline, "dry", letters=letters, dry_run=True)["kept"] == 1
    assert pipeline.everything() == {}
    assert replay(pipeline, "pin", letters=letters, entities=("pin",))["kept"] == 1
    assert replay(pipeline, "geo", letters=letters, source="quarantine")["read"] == 0
    assert replay(pipeline, "all", letters=letters, entities=("geo", "pin", "user"))["kept"] == 1
    assert pipeline.countries() == {5: "letter"}
    assert reasons(pipeline) == {}
    check(pipeline)
