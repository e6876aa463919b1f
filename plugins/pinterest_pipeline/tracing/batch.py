"""One post's way on the batch path, put together from what was read: no service is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pinterest_pipeline.landing.manifest import Mark
from pinterest_pipeline.landing.objects import object_key
from pinterest_pipeline.tracing import states
from pinterest_pipeline.tracing.contents import Content
from pinterest_pipeline.tracing.places import is_read, object_of, offset_of
from pinterest_pipeline.tracing.refusals import Refusal

#: A replayed dead letter has it and its distance from the object's first offset as its partition; see
#: ``pinterest_spark.positions``.
_LEAST = -(2**31)


class Place(NamedTuple):
    """Where a line has landed; ``line`` counts from 0. Of a replayed dead letter the partition is below 0."""

    partition: int
    first_offset: int
    line: int

    @property
    def is_dead_letter(self) -> bool:
        """Whether it is that of a dead letter, which is in no object."""
        return self.partition < 0

    @property
    def dead_letter(self) -> int | None:
        """The offset of the dead letter that it is of."""
        if not self.is_dead_letter or self.first_offset < 0:
            return None
        return self.partition - _LEAST + self.first_offset


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record in Kafka.

    :param at: its timestamp, ISO 8601 in UTC.
    """

    partition: int
    offset: int
    at: str
    content: Content


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a landed object."""

    place: Place
    content: Content


@dataclass(frozen=True, kw_only=True)
class Refused(Refusal):
    """A row of the quarantine table.

    :param place: of the line.
    :param dead_letter: of a dead letter that a replay has refused its offset; ``place`` is not its own then.
    """

    place: Place
    dead_letter: int | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was read of one entity.

    :param ind: key of the post.
    :param topic: the entity's topic.
    :param row: position of the row in the batch table; of a topic that was deleted since, its first offset
        is negative.
    :param marks: partition to where the daily runs have ended.
    :param committed: partition to the sink's committed offset.
    :param records: records in Kafka that were sent under the key or have it.
    :param dead: partition to offsets of dead letters.
    :param objects: partition to the first offsets of objects that were listed.
    :param read: objects that were read, by partition and first offset.
    :param lines: lines of them that are records of the key, or of ``records``.
    :param refused: rows of the quarantine.
    """

    ind: int
    topic: str
    row: Place | None = None
    marks: Mapping[int, Mark] = field(default_factory=dict)
    committed: Mapping[int, int | None] = field(default_factory=dict)
    records: Sequence[Record] = ()
    dead: Mapping[int, set[int]] = field(default_factory=dict)
    objects: Mapping[int, Sequence[int]] = field(default_factory=dict)
    read: frozenset[tuple[int, int]] = frozenset()
    lines: Sequence[Line] = ()
    refused: Sequence[Refused] = ()


@dataclass
class _Occurrence:
    record: Record | None = None
    line: Line | None = None
    place: Place | None = None
    refused: Refused | None = None
    offset: int | None = None
    in_table: bool = False

    @property
    def content(self) -> Content | None:
        told = self.line or self.record
        return told.content if told else None

    def order(self) -> tuple[int, int]:
        """As positions compare: by the offset, or the least that it can be; negative of a deleted topic."""
        known, offset = self.place or self.record, self.offset
        if offset is None and self.place:
            offset = self.place.first_offset + (self.place.line if self.place.first_offset >= 0 else 0)
        return offset or 0, known.partition if known else 0


def assemble(found: Found) -> dict[str, Any]:
    """Put an entity's way together.

    :returns: ``occurrences`` with ``state``, ``kafka``, ``landed`` and ``quarantine``, the oldest first;
        ``left_out``: how many older ones are not told; ``end``: where the way ends.
    """
    every = sorted([*_landed(found), *_not_landed(found)], key=_Occurrence.order)
    told = [_tell(each, found) for each in every]
    return states.tell_way(told, in_table=found.row is not None)


def find_record(line: Line, found: Found) -> Record | None:
    """The record of Kafka that a line was made of.

    Its offset follows from the dead letters; where some of them are not known any more, it is the first one
    behind that has the same content.

    :param line: a line of a landed object.
    """
    place, dead = line.place, found.dead.get(line.place.partition, ())
    exact = offset_of(place.first_offset, place.line, dead)
    following = [
        record
        for record in found.records
        if record.partition == place.partition
        and record.offset >= exact
        and record.offset not in dead
        and _are_same(record.content, line.content)
    ]
    behind = [first for first in found.objects.get(place.partition, ()) if first > place.first_offset]
    within = [
        record
        for record in following
        if record.offset == exact or record.offset < min(behind, default=1 << 63)
    ]
    return min(within, key=lambda record: record.offset, default=None)


def _are_same(one: Content, other: Content) -> bool:
    # A number that Connect has changed makes another content of the same key.
    return one.same == other.same or (one.key is not None and one.key == other.key)


def _landed(found: Found) -> list[_Occurrence]:
    refused = {each.place: each for each in found.refused if each.dead_letter is None}
    occurrences = []
    for line in found.lines:
        place, record = line.place, find_record(line, found)
        occurrences.append(
            _Occurrence(
                record=record,
                line=line,
                place=place,
                refused=refused.pop(place, None),
                offset=record.offset
                if record
                else offset_of(place.first_offset, place.line, found.dead.get(place.partition, ())),
            )
        )
    occurrences += [_Occurrence(place=place, refused=each) for place, each in refused.items()]
    row = found.row
    if row and not row.is_dead_letter and row not in {each.place for each in occurrences}:
        occurrences.append(_Occurrence(place=row))
    for each in occurrences:
        each.in_table = each.place == row
    return occurrences


def _not_landed(found: Found) -> list[_Occurrence]:
    landed = {
        (record.partition, record.offset)
        for line in found.lines
        if (record := find_record(line, found)) is not None
    }
    occurrences = [
        _Occurrence(record=record, offset=record.offset)
        for record in found.records
        if (record.partition, record.offset) not in landed
    ]
    return [*occurrences, *_dead_letters(found, occurrences)]


def _dead_letters(found: Found, occurrences: list[_Occurrence]) -> list[_Occurrence]:
    """Say of dead letters what a replay has made of them; gives those that Kafka does not have any more."""
    refused = {
        (each.place.partition, each.dead_letter): each
        for each in found.refused
        if each.dead_letter is not None
    }
    in_table = found.row.dead_letter if found.row else None
    for each in occurrences:
        record = each.record
        if record and record.offset in found.dead.get(record.partition, ()):
            each.refused = refused.pop((record.partition, record.offset), None)
            each.in_table = record.offset == in_table
    gone = [_Occurrence(refused=each, offset=each.dead_letter) for each in refused.values()]
    if found.row and found.row.is_dead_letter and not any(each.in_table for each in occurrences):
        gone.append(_Occurrence(offset=in_table, in_table=True))
    return gone


def _tell(each: _Occurrence, found: Found) -> dict[str, Any]:
    return {
        "state": _state(each, found),
        "kafka": _tell_kafka(each, found),
        "landed": _tell_landed(each, found),
        "quarantine": each.refused.told() if each.refused else None,
        "in_table": each.in_table,
    }


def _state(each: _Occurrence, found: Found) -> str:
    if each.in_table:
        return states.IN_TABLE
    if each.refused:
        return states.refused(each.refused.reason)
    if each.place is None:
        return _state_in_kafka(each, found)
    if not is_read(*each.place, found.marks):
        return states.LANDED
    if each.content and each.content.key not in (None, found.ind):
        return states.OTHER_KEY
    return states.SUPERSEDED if found.row else states.NEITHER


def _state_in_kafka(each: _Occurrence, found: Found) -> str:
    record = each.record
    assert record is not None
    if record.offset in found.dead.get(record.partition, ()):
        return states.DEAD_LETTER
    committed = found.committed.get(record.partition)
    if committed is None or record.offset >= committed:
        return states.IN_KAFKA
    first = object_of(record.offset, found.objects.get(record.partition, ()))
    return states.NO_LINE if (record.partition, first) in found.read else states.NOT_LOOKED_FOR


def _tell_kafka(each: _Occurrence, found: Found) -> dict[str, Any] | None:
    record, place = each.record, each.place
    if record:
        return {
            "topic": found.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": record.at,
            **record.content.told(),
        }
    if each.offset is None:
        return None
    if place is None and each.refused:
        place = each.refused.place
    # Worked out; whether Kafka still has the record was not seen.
    partition = place.partition if place else None
    return {"topic": found.topic, "partition": partition, "offset": each.offset, "timestamp": None}


def _tell_landed(each: _Occurrence, found: Found) -> dict[str, Any] | None:
    place = each.place
    if place is None:
        return None
    retired = place.first_offset < 0
    first = -1 - place.first_offset if retired else place.first_offset
    content = each.line.content if each.line else None
    return {
        "object": object_key(found.topic, place.partition, first),
        # Its topic was deleted, and the object was moved below retired/.
        "retired": retired,
        "line": place.line,
        **(content.told() if content else {}),
    }
