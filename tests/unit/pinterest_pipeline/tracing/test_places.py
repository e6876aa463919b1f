"""Between offsets and lines."""

from __future__ import annotations

import random

import pytest

from pinterest_pipeline.landing.manifest import Mark
from pinterest_pipeline.tracing.places import is_read, line_of, object_of, offset_of
from pinterest_pipeline.tracing.runs import begin_below, run_of


@pytest.mark.parametrize("seed", range(20))
def test_lines_are_the_records_that_are_no_dead_letters(seed: int) -> None:
    """As the sink writes them: one after the other, each to the object of its offset."""
    chance = random.Random(seed)
    dead = {offset for offset in range(60) if chance.random() < 0.3}
    firsts = sorted(set(range(60)) - dead)[:: chance.randint(3, 9)]
    lines: dict[int, list[int]] = {first: [] for first in firsts}
    for offset in range(firsts[0], 60):
        if offset not in dead:
            lines[max(first for first in firsts if first <= offset)].append(offset)
    for first, offsets in lines.items():
        for line, offset in enumerate(offsets):
            assert offset_of(first, line, dead) == offset
            assert line_of(offset, first, dead) == line
            assert object_of(offset, firsts) == first


def test_in_front_of_all_objects_there_is_none() -> None:
    assert object_of(4, [5, 9]) is None
    assert object_of(5, [9, 5]) == 5


@pytest.mark.parametrize(
    ("first_offset", "line", "read"),
    [
        pytest.param(5, 99, True, id="an-earlier-object"),
        pytest.param(10, 3, True, id="last-line-that-was-read"),
        pytest.param(10, 4, False, id="the-object-has-grown"),
        pytest.param(15, 0, False, id="a-later-object"),
    ],
)
def test_what_the_daily_runs_have_read(first_offset: int, line: int, read: bool) -> None:
    marks = {0: Mark(first_offset=10, lines=4)}
    assert is_read(0, first_offset, line, marks) is read
    assert not is_read(1, first_offset, line, marks)


def run(run_id: str, partition: int, first: int, last: int) -> dict[str, object]:
    return {"run_id": run_id, "partition_number": partition, "first_offset": first, "last_offset": last}


RUNS = [run("a", 0, 0, 9), run("a", 1, 0, 3), run("b", 0, 7, 20), run("c", 0, 15, 30)]


@pytest.mark.parametrize(
    ("partition", "offset", "found"),
    [(0, 0, "a"), (0, 9, "a"), (0, 10, "b"), (0, 20, "b"), (0, 21, "c"), (0, 31, None), (1, 4, None)],
)
def test_the_first_run_whose_range_holds_an_offset_has_read_it(
    partition: int, offset: int, found: str | None
) -> None:
    assert run_of(RUNS, partition, offset) == found


@pytest.mark.parametrize(("partition", "offset", "begin"), [(0, 6, 0), (0, 7, 7), (0, 99, 15), (2, 5, None)])
def test_a_range_begins_with_an_object(partition: int, offset: int, begin: int | None) -> None:
    assert begin_below(RUNS, partition, offset) == begin
