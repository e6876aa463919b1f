"""Whether every acknowledged record of a burst has landed, seen from the landing and from the dead letters.

An object holds the records of its window, from its first offset up to the first offset of the next object
(the last one up to the sink's committed offset), less the records that went to the dead letters. So a window
whose lines and dead letters together make up its offsets has lost nothing, whoever sent them, and each of our
offsets in it has landed or is a dead letter. Records of other senders in the same topic do not disturb this.
Only where a window has too few lines, because of a loss or of null records of others, its lines are looked at
by key.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.offsets import OffsetRange
from pinterest_pipeline.errors import CountsWrong
from pinterest_pipeline.landing.objects import LandedObject


class Window(NamedTuple):
    """What one landed object covers.

    :param partition: partition number.
    :param first: first offset.
    :param end: first offset behind it.
    :param key: S3 key of the object.
    """

    partition: int
    first: int
    end: int
    key: str


class Account(NamedTuple):
    """What became of acknowledged records.

    :param landed: records in S3.
    :param dead_lettered: records in the dead-letter topic.
    :param missing: records of which nothing was found.
    """

    landed: int
    dead_lettered: int
    missing: int


def make_windows(partition: int, objects: Sequence[LandedObject], committed: int) -> list[Window]:
    """The windows of a partition's objects.

    :param partition: partition number.
    :param objects: objects in offset order.
    :param committed: the sink's committed offset.
    """
    ends = [item.first_offset for item in objects[1:]]
    if objects:
        ends.append(max(committed, objects[-1].first_offset))
    return [
        Window(partition, item.first_offset, end, item.key) for item, end in zip(objects, ends, strict=True)
    ]


def touched(windows: Iterable[Window], ranges: Collection[OffsetRange]) -> list[Window]:
    """The windows that hold at least one offset of ``ranges``."""
    return [
        window
        for window in windows
        if any(True for _ in offsets.overlap(ranges, window.partition, window.first, window.end))
    ]


def account(
    *,
    ranges: Collection[OffsetRange],
    windows: Iterable[tuple[Window, Sequence[bytes]]],
    dead: Collection[tuple[int, int]],
    sent_keys: Callable[[], Counter[int]],
    key_column: str,
) -> Account:
    """Find out what became of one topic's acknowledged records.

    :param ranges: offsets of the acknowledged records.
    :param windows: the windows that hold some of them, each with the lines of its object.
    :param dead: partition and offset of the topic's dead letters, each once.
    :param sent_keys: gives how often each key was sent; called only when a window has too few lines.
    :param key_column: the key's column in a line.
    """
    ours_dead = sum(
        1 for partition, offset in dead if any(offsets.overlap(ranges, partition, offset, offset + 1))
    )
    landed = 0
    for window, lines in windows:
        in_window = [offset for partition, offset in dead if _holds(window, partition, offset)]
        ours = list(offsets.overlap(ranges, window.partition, window.first, window.end))
        alive = offsets.count(ours) - sum(
            1 for offset in in_window if any(offsets.overlap(ours, window.partition, offset, offset + 1))
        )
        if len(lines) + len(in_window) >= window.end - window.first:
            landed += alive
        else:
            landed += min(alive, _lines_of_ours(lines, sent_keys(), key_column))
    return Account(landed, ours_dead, offsets.count(ranges) - landed - ours_dead)


def _holds(window: Window, partition: int, offset: int) -> bool:
    return partition == window.partition and window.first <= offset < window.end


def _lines_of_ours(lines: Sequence[bytes], sent: Counter[int], key_column: str) -> int:
    seen = Counter(key for line in lines if (key := _key(line, key_column)) is not None)
    return (seen & sent).total()


def _key(line: bytes, key_column: str) -> int | None:
    try:
        value: Any = json.loads(line)
    except ValueError:
        return None
    key = value.get(key_column) if isinstance(value, dict) else None
    return key if isinstance(key, int) else None


def check(rows: Iterable[dict[str, Any]]) -> None:
    """Check the ledger's rows of a burst.

    :param rows: rows with ``entity``, ``sent``, ``acknowledged``, ``landed`` and ``dead_lettered``.
    :raises CountsWrong: naming each entity whose counts are not equal.
    """
    problems = [
        f"{row['entity']}: sent {row['sent']}, acknowledged {row['acknowledged']}, "
        f"landed {row['landed']} + dead-lettered {row['dead_lettered']}"
        for row in rows
        if not row["sent"] == row["acknowledged"] == row["landed"] + row["dead_lettered"]
    ]
    if problems:
        raise CountsWrong(problems)
