"""Offsets of acknowledged records, kept as ranges: a burst of a million posts is a few of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypedDict


class OffsetRange(NamedTuple):
    """Consecutive offsets of one partition.

    :param partition: partition number.
    :param first: first offset.
    :param last: last offset, included.
    """

    partition: int
    first: int
    last: int

    @property
    def size(self) -> int:
        """The number of offsets."""
        return self.last - self.first + 1


class OffsetRangeJson(TypedDict):
    """An offset range in the ledger's form."""

    partition: int
    first_offset: int
    last_offset: int


def add_offsets(ranges: Iterable[OffsetRange], offsets: Iterable[tuple[int, int]]) -> list[OffsetRange]:
    """Add offsets to ranges.

    :param ranges: disjoint ranges.
    :param offsets: pairs of partition and offset, in any order.
    :returns: disjoint ranges, sorted, neighbours joined.
    """
    pieces = [*ranges, *_runs(sorted(offsets))]
    joined: list[OffsetRange] = []
    for piece in sorted(pieces):
        last = joined[-1] if joined else None
        if last and last.partition == piece.partition and piece.first <= last.last + 1:
            joined[-1] = OffsetRange(last.partition, last.first, max(last.last, piece.last))
        else:
            joined.append(piece)
    return joined


def _runs(offsets: Sequence[tuple[int, int]]) -> Iterator[OffsetRange]:
    """Ranges of sorted offsets: a request's offsets are one or a few, and joining them is all the work."""
    begin = 0
    for end in range(1, len(offsets) + 1):
        partition, last = offsets[end - 1]
        if end == len(offsets) or offsets[end] != (partition, last + 1):
            yield OffsetRange(partition, offsets[begin][1], last)
            begin = end


def overlap(ranges: Iterable[OffsetRange], partition: int, first: int, end: int) -> Iterator[OffsetRange]:
    """The parts of ``ranges`` that lie in one window.

    :param ranges: any ranges.
    :param partition: the window's partition.
    :param first: first offset of the window.
    :param end: first offset behind the window.
    """
    for piece in ranges:
        low, high = max(piece.first, first), min(piece.last, end - 1)
        if piece.partition == partition and low <= high:
            yield OffsetRange(partition, low, high)


def next_offsets(ranges: Sequence[OffsetRange]) -> dict[str, int]:
    """Partition, as text, to the offset behind the last one of ``ranges``."""
    ends: dict[str, int] = {}
    for piece in ranges:
        ends[str(piece.partition)] = max(ends.get(str(piece.partition), 0), piece.last + 1)
    return ends


def count(ranges: Iterable[OffsetRange]) -> int:
    """The number of offsets in ``ranges``."""
    return sum(piece.size for piece in ranges)


def to_json(ranges: Iterable[OffsetRange]) -> list[OffsetRangeJson]:
    """Ranges in the ledger's form."""
    return [
        {"partition": piece.partition, "first_offset": piece.first, "last_offset": piece.last}
        for piece in ranges
    ]


def from_json(documents: Iterable[OffsetRangeJson]) -> list[OffsetRange]:
    """Ranges from the ledger's form."""
    return [OffsetRange(item["partition"], item["first_offset"], item["last_offset"]) for item in documents]
