from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.offsets import OffsetRange, add_offsets, overlap

POSITIONS = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=80)


def positions(ranges: list[OffsetRange]) -> list[tuple[int, int]]:
    return [(piece.partition, offset) for piece in ranges for offset in range(piece.first, piece.last + 1)]


@given(POSITIONS, POSITIONS)
def test_ranges_hold_exactly_the_offsets_that_were_added(
    first: set[tuple[int, int]], second: set[tuple[int, int]]
) -> None:
    ranges = add_offsets(add_offsets([], first), second)
    assert positions(ranges) == sorted(first | second)
    assert offsets.count(ranges) == len(first | second)
    # Neighbours are joined: no shorter list holds the same offsets.
    assert all(
        left.partition != right.partition or left.last + 1 < right.first
        for left, right in itertools.pairwise(ranges)
    )


@given(POSITIONS, st.integers(0, 2), st.integers(0, 60), st.integers(0, 60))
def test_overlap_is_what_lies_in_the_window(
    held: set[tuple[int, int]], partition: int, first: int, end: int
) -> None:
    found = positions(list(overlap(add_offsets([], held), partition, first, end)))
    assert found == sorted((p, offset) for p, offset in held if p == partition and first <= offset < end)


def test_next_offsets_are_behind_the_last_of_each_partition() -> None:
    ranges = [OffsetRange(0, 5, 9), OffsetRange(0, 20, 20), OffsetRange(2, 0, 3)]
    assert offsets.next_offsets(ranges) == {"0": 21, "2": 4}


def test_json_goes_there_and_back() -> None:
    ranges = [OffsetRange(0, 5, 9), OffsetRange(1, 0, 0)]
    assert offsets.to_json(ranges) == [
        {"partition": 0, "first_offset": 5, "last_offset": 9},
        {"partition": 1, "first_offset": 0, "last_offset": 0},
    ]
    assert offsets.from_json(offsets.to_json(ranges)) == ranges
