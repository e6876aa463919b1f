"""A replay may die at any point: the same run again, or another one, loses nothing and doubles nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.spark.landing_zone import place
from tests.unit.spark.pipelines import GEO, Pipeline
from tests.unit.spark.replays import check, dies, hidden, ledger, letter, older_code, reasons, replay
from tests.unit.spark.streams import Arrived, StreamRun, countries

#: Where the driver dies: after the MERGE into the table, and after the counts.
POINTS = ["replay_ledger.record", "replay.settle_rows"]
LETTERS = [letter(3, place(4, "Angola"), before=(0, 3)), letter(4, "<z>", before=(0, 3))]
READ = (5, 2, 3, 0, 2)


@pytest.fixture
def refused(pipeline: Pipeline) -> None:
    """Of geo's landing two records and a line without any; of its stream one record."""
    pipeline.zone.put("geo", 0, [hidden(1), hidden(2), "<x>"])
    with older_code():
        pipeline.run(pipeline.zone.manifest("daily", pins={GEO: 3}), "daily")
        StreamRun(pipeline, "ingest").take(0, Arrived(hidden(7), 1))


def is_done(pipeline: Pipeline) -> None:
    assert pipeline.countries() == {1: "Hidden", 2: "Hidden", 4: "Angola"}
    assert countries(pipeline) == {7: "Hidden"}
    assert reasons(pipeline) == {"<x>": "not_json", "<z>": "not_json"}
    check(pipeline)


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("at", POINTS)
def test_the_same_run_again_ends_as_if_it_had_not_died(pipeline: Pipeline, at: str) -> None:
    dies(pipeline, "run", at=at, letters=LETTERS)
    counts = replay(pipeline, "run", letters=LETTERS)
    is_done(pipeline)
    assert ledger(pipeline) == {"run": READ}
    assert ledger(pipeline, "stream_replay") == {"run": (1, 0, 1, 0, 0)}
    wanted = {"read": 6, "dead_letters": 2, "kept": 4, "merged": 0, "quarantined": 2}
    assert {name: counts[name] for name in wanted} == wanted
    assert counts["reasons"] == {"not_json": 2}


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("at", POINTS)
def test_another_run_does_what_a_run_that_died_for_good_has_left(pipeline: Pipeline, at: str) -> None:
    """Each key is kept in one run; what both have read is merged in the second one."""
    dies(pipeline, "died", at=at, letters=LETTERS)
    replay(pipeline, "next", letters=LETTERS)
    is_done(pipeline)
    was_counted = at == "replay.settle_rows"
    again = (5, 2, 0, 3, 2) if was_counted else READ
    assert ledger(pipeline) == ({"died": READ} if was_counted else {}) | {"next": again}
    assert ledger(pipeline, "stream_replay") == {"next": (1, 0, 1, 0, 0)}


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("at", POINTS)
def test_a_daily_run_and_an_ingest_behind_a_replay_that_died(pipeline: Pipeline, at: str) -> None:
    """They count what it has inserted, as far as they have records, and the replay is repeated after them."""
    dies(pipeline, "run", at=at, letters=LETTERS)
    pipeline.zone.put("geo", 5, [place(8, "Aruba")])
    marks = pipeline.marks()
    pipeline.run(pipeline.zone.manifest("next", pins={GEO: 6}, marks=marks), "next")
    StreamRun(pipeline, "later").take(1, Arrived(place(8, "Aruba"), 2))
    check(pipeline)
    replay(pipeline, "run", letters=LETTERS)
    assert pipeline.countries() == {1: "Hidden", 2: "Hidden", 4: "Angola", 8: "Aruba"}
    assert countries(pipeline) == {7: "Hidden", 8: "Aruba"}
    assert reasons(pipeline) == {"<x>": "not_json", "<z>": "not_json"}
    check(pipeline)


@pytest.mark.usefixtures("refused")
def test_a_row_that_comes_while_a_run_is_dead_waits_for_the_next_one(pipeline: Pipeline) -> None:
    """Its run has counted already: the row would leave without a count, or without being merged."""
    dies(pipeline, "run", at="replay.settle_rows")
    pipeline.zone.put("geo", 3, [hidden(1), hidden(9)])
    with older_code():
        pipeline.run(pipeline.zone.manifest("late", pins={GEO: 5}, marks=pipeline.marks()), "late")
    replay(pipeline, "run")
    assert ledger(pipeline) == {"run": (3, 0, 2, 0, 1)}
    assert reasons(pipeline) == {"<x>": "not_json", hidden(1): "not_json", hidden(9): "not_json"}
    found: dict[str, Any] = replay(pipeline, "next")
    assert found["batch"] == {"read": 3, "dead_letters": 0, "kept": 1, "merged": 1, "quarantined": 1}
    assert pipeline.countries() == {1: "Hidden", 2: "Hidden", 9: "Hidden"}
    assert reasons(pipeline) == {"<x>": "not_json"}
    check(pipeline)


@pytest.mark.usefixtures("refused")
def test_a_row_whose_record_is_not_in_the_table_stays(pipeline: Pipeline) -> None:
    """The table was dropped between two tries: what the first has merged is gone."""
    dies(pipeline, "run", at="replay.settle_rows", source="quarantine")
    pipeline.spark.sql(f"DROP TABLE {pipeline.names.batch('geo')}")
    replay(pipeline, "run", source="quarantine")
    raws = {row["raw"] for row in pipeline.spark.table(pipeline.names.quarantine("geo")).collect()}
    assert {hidden(1), hidden(2)} <= raws
