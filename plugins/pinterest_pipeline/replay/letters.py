"""Which dead letters of a topic are replayed now, and before which landed line each of them stood.

A dead letter is in no object. But objects are named by the offset of their first record, and the dead letters
among the offsets behind it have no line there: so its offset says where its line would be. That holds once
the sink has landed everything in front of it; a letter that is ahead of the sink waits for the next run, and
so do those behind it, since a run notes only how far it has come.

A letter whose offset its topic has not come to is of an older topic of the same name. Where it stood can't be
known any more, so it is set apart: it stays in the dead-letter topic, and those behind it go on.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloud_operators.kafka.hooks.dead_letters import DeadLetter


@dataclass(frozen=True, kw_only=True)
class Partition:
    """One partition of a topic as the sink has left it.

    :param landed_to: the offset from which on the sink has committed nothing.
    :param end: the offset of the next record.
    :param dead: offsets of all of its dead letters, in order.
    :param objects: first offsets of its landed objects, in order.
    """

    landed_to: int
    end: int
    dead: Sequence[int]
    objects: Sequence[int]

    def is_ready(self, offset: int) -> bool:
        """Whether everything in front of a record has landed or is a dead letter itself.

        :param offset: of the record.
        """
        return offset - self.landed_to - self._dead_between(self.landed_to, offset) <= 0

    def stands_before(self, offset: int) -> tuple[int, int]:
        """The line before which a dead letter stood, though that line may not be there yet.

        :param offset: of a letter that is ready.
        :returns: first offset of its object, and number of the line; the letter's own offset when no object
            begins in front of it.
        """
        number = bisect_right(self.objects, offset)
        if not number:
            return offset, 0
        first = self.objects[number - 1]
        return first, offset - first - self._dead_between(first, offset)

    def _dead_between(self, first: int, end: int) -> int:
        return max(0, bisect_left(self.dead, end) - bisect_left(self.dead, first))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The dead letters of one entity.

    :param lines: the lines of the run's file, without their ends.
    :param waiting: letters that are left for the next run.
    :param of_older_topics: of letters of an older topic of this name, which no run replays, partition and
        offset in the dead-letter topic.
    :param progress: partition of the dead-letter topic to where the next run reads on.
    """

    lines: list[str] = field(default_factory=list)
    waiting: int = 0
    of_older_topics: list[tuple[int, int]] = field(default_factory=list)
    progress: dict[int, int] = field(default_factory=dict)


def choose(
    entity: str,
    letters: Iterable[DeadLetter],
    *,
    partitions: Mapping[int, Partition],
    start: Mapping[int, int],
    read_to: Mapping[int, int],
) -> Choice:
    """Choose the letters of an entity that are replayed now.

    :param entity: the entity.
    :param letters: of its topic, in the order of the dead-letter topic's partitions.
    :param partitions: of its topic, as they were after the letters were read.
    :param start: partition of the dead-letter topic to where this entity's letters were replayed to.
    :param read_to: partition of the dead-letter topic to where the reading has come.
    """
    lines: dict[tuple[int, int], str] = {}
    waiting: set[tuple[int, int]] = set()
    apart: dict[tuple[int, int], tuple[int, int]] = {}
    held: dict[int, int] = {}
    for letter in letters:
        number, place = letter.place
        origin = letter.partition, letter.offset
        if place < start.get(number, 0) or origin in lines:
            continue
        partition = partitions.get(letter.partition)
        if partition is None or letter.offset >= partition.end:
            apart.setdefault(origin, letter.place)
        elif number in held or not partition.is_ready(letter.offset):
            held.setdefault(number, place)
            waiting.add(origin)
        else:
            lines[origin] = _line(entity, letter, partition.stands_before(letter.offset))
    return Choice(
        lines=list(lines.values()),
        waiting=len(waiting - lines.keys()),
        of_older_topics=list(apart.values()),
        progress={number: held.get(number, end) for number, end in read_to.items()},
    )


def _line(entity: str, letter: DeadLetter, before: tuple[int, int]) -> str:
    first_offset, line = before
    return json.dumps(
        {
            "entity": entity,
            "partition": letter.partition,
            "offset": letter.offset,
            "first_offset": first_offset,
            "line": line,
            **_text(letter.value),
        }
    )


def _text(value: bytes | None) -> dict[str, Any]:
    try:
        return {"raw": value if value is None else value.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value or b"").decode()}
