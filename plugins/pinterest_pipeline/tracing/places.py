"""Between Kafka's offsets and the lines of landed objects: dead letters alone leave gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pinterest_pipeline.landing.manifest import Mark


def offset_of(first_offset: int, line: int, dead: Iterable[int]) -> int:
    """The offset of a line.

    :param first_offset: of its object.
    :param line: its number, from 0.
    :param dead: offsets of the partition's dead letters.
    """
    offset = first_offset + line
    for each in sorted(dead):
        if first_offset <= each <= offset:
            offset += 1
    return offset


def line_of(offset: int, first_offset: int, dead: Iterable[int]) -> int:
    """The line of a record that is no dead letter, from 0.

    :param offset: of the record.
    :param first_offset: of its object.
    :param dead: offsets of the partition's dead letters.
    """
    return offset - first_offset - sum(first_offset <= each < offset for each in dead)


def object_of(offset: int, first_offsets: Iterable[int]) -> int | None:
    """The first offset of the object that holds an offset, unless all objects begin behind it.

    :param offset: of the record.
    :param first_offsets: of the partition's objects.
    """
    return max((first for first in first_offsets if first <= offset), default=None)


def is_read(partition: int, first_offset: int, line: int, marks: Mapping[int, Mark]) -> bool:
    """Whether a daily run has come to its end behind a line.

    :param marks: partition to where the daily runs have ended.
    """
    mark = marks.get(partition)
    if mark is None:
        return False
    return (first_offset, line) < (mark["first_offset"], mark["lines"])
