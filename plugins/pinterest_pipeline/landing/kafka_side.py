"""Whether the lines in S3 are all that Kafka has: each offset below the pin has landed or is a dead letter.

An object holds the records from its first offset up to the first offset of the next object (the last one up
to the pin), less the dead letters among them. The first object is the one of the mark, which is read again;
without a mark the comparison begins at offset 0, since the sink reads a topic from its beginning. Dead
letters at the end of a partition lie above the pin; they are counted once a good record follows.

A window may have more than its records: a sink that was sent back to older offsets writes an object again,
longer, and what it covers then stands in two objects. That is no loss.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook

#: Seconds that the dead letters may take.
READING_S = 120


@dataclass(frozen=True, kw_only=True)
class KafkaSide:
    """What Kafka knows.

    :param dead: topic to partition and offset of each dead letter.
    :param known_from: topic to partition to the offset from which a record without a dead letter never was
        one; below it retention may have removed either.
    """

    dead: Mapping[str, set[tuple[int, int]]]
    known_from: Mapping[str, Mapping[int, int]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the comparison found, one line each.

    :param problems: lines for partitions in which records are missing, or which have too many lines.
    :param unchecked: lines for partitions of which retention has removed what is needed to tell.
    """

    problems: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


class _Window(NamedTuple):
    """Offsets of one object, ``end`` excluded; its lines and the dead letters among the offsets."""

    first: int
    end: int
    lines: int
    dead: int

    @property
    def missing(self) -> int:
        return self.end - self.first - self.lines - self.dead


def read_kafka_side(hook: DeadLetterHook, topics: list[str], dead_letter_topic: str) -> KafkaSide:
    """Read the dead letters and how far back they can be trusted.

    :param hook: a hook of the Kafka connection.
    :param topics: the data topics.
    :param dead_letter_topic: the topic of their dead letters.
    """
    found = hook.read_dead_letters(dead_letter_topic, time_limit=READING_S)
    return KafkaSide(dead=found.origins, known_from=hook.known_from(topics, dead_letter_topic, found))


def compare(entity: Mapping[str, Any], lines: Sequence[int], side: KafkaSide) -> Comparison:
    """Compare the lines of an entity's objects with the offsets that they cover.

    :param entity: one entity of a manifest.
    :param lines: lines of each object of the manifest, in its order.
    :param side: what Kafka knows.
    """
    topic = entity["topic"]
    result = Comparison()
    counts = iter(lines)
    for partition in entity["partitions"]:
        number, pin = partition["partition"], partition["pinned_offset"]
        dead = {offset for each, offset in side.dead.get(topic, ()) if each == number}
        of_objects = list(itertools.islice(counts, len(partition["objects"])))
        windows = list(_windows(partition, of_objects, dead))
        known_from = side.known_from.get(topic, {}).get(number, pin)
        short = [window for window in windows if window.missing > 0]
        _tell(result.problems, f"{topic}[{number}]", [w for w in short if w.first >= known_from])
        _tell(result.unchecked, f"{topic}[{number}]", [w for w in short if w.first < known_from])
        result.problems.extend(
            f"{topic}[{number}]: {count} lines in S3 from offset {item['first_offset']}, "
            f"Kafka has {pin - item['first_offset']} records up to the pinned offset {pin}"
            for item, count in zip(partition["objects"], of_objects, strict=True)
            if count > pin - item["first_offset"]
        )
    return result


def _windows(partition: Mapping[str, Any], lines: Sequence[int], dead: set[int]) -> Iterator[_Window]:
    start = partition["mark"]["first_offset"] if partition["mark"] else 0
    firsts = [item["first_offset"] for item in partition["objects"]]
    # In front of the first object there are no lines, only dead letters.
    edges = itertools.pairwise([start, *firsts, partition["pinned_offset"]])
    for (first, end), count in zip(edges, [0, *lines], strict=True):
        yield _Window(first, end, count, sum(first <= offset < end for offset in dead))


def _tell(texts: list[str], where: str, windows: list[_Window]) -> None:
    if not windows:
        return
    worst = windows[0]
    total = sum(window.missing for window in windows)
    texts.append(
        f"{where}: {total} records neither landed nor dead-lettered; at offsets {worst.first} to "
        f"{worst.end - 1} Kafka has {worst.end - worst.first} records, S3 {worst.lines} lines, "
        f"and {worst.dead} are dead letters"
        + (f"; {len(windows) - 1} more objects are too short" if len(windows) > 1 else "")
    )
