"""Offsets of topics and of a consumer group, and what is left to read. No broker is called here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cloud_operators.exceptions import ResourceMissing

#: topic -> partition -> offset
type Offsets = dict[str, dict[int, int]]
#: The same with text keys, as JSON (XCom, trigger arguments) has them.
type JsonOffsets = dict[str, dict[str, int]]
#: topic -> (partition, offset) of records, each once
type Origins = dict[str, set[tuple[int, int]]]


@dataclass(frozen=True)
class Progress:
    """How far a consumer group has come.

    :param committed: next offset to read; ``None`` where the group has committed nothing
    :param beginning: oldest offset still there
    :param end: offset of the next record to be written
    """

    committed: Mapping[str, Mapping[int, int | None]]
    beginning: Offsets
    end: Offsets

    def left(self, target: Offsets) -> dict[str, int]:
        """Count the records that the group has yet to read, by topic.

        Records that retention has removed are not waited for: nobody can read them. So a group without
        commits is caught up where there is nothing to read, and only there.

        :param target: topic -> partition -> offset to reach, i.e. one past the last record that matters
        :raises ResourceMissing: when a partition of the target does not exist
        """
        unread = self.unread(target)
        return {topic: sum(map(len, unread[topic].values())) for topic in target}

    def unread(self, target: Offsets) -> dict[str, dict[int, range]]:
        """Give the offsets that the group has yet to read; an empty range where there is nothing.

        :param target: topic -> partition -> offset to reach
        :raises ResourceMissing: when a partition of the target does not exist
        """
        return {
            topic: {number: self._unread(topic, number, wanted) for number, wanted in partitions.items()}
            for topic, partitions in target.items()
        }

    def _unread(self, topic: str, partition: int, wanted: int) -> range:
        if partition not in self.end.get(topic, {}):
            raise ResourceMissing(f"partition {partition} of topic {topic!r}")
        position = max(self.committed[topic][partition] or 0, self.beginning[topic][partition])
        return range(position, wanted)

    def dead(self, target: Offsets, origins: Origins) -> Offsets:
        """Count the dead letters among the offsets that the group has yet to read.

        A sink commits up to the last record that it has written. So these are never committed until a good
        record follows.

        :param target: topic -> partition -> offset to reach
        :param origins: the dead letters
        :returns: topic -> partition -> count, only where there are some
        """
        counts: Offsets = {}
        for topic, partitions in self.unread(target).items():
            for number, offset in origins.get(topic, ()):
                if offset in partitions.get(number, range(0)):
                    counts.setdefault(topic, {}).setdefault(number, 0)
                    counts[topic][number] += 1
        return counts

    def moved(self, before: Progress, target: Offsets, dead: Offsets) -> bool:
        """Tell whether a partition that is still behind has moved since an earlier look.

        :param before: the earlier look
        :param target: topic -> partition -> offset to reach
        :param dead: known dead letters, as :meth:`dead` counts them
        """
        return any(
            self.committed[topic][number] != before.committed.get(topic, {}).get(number)
            for topic, partitions in self.unread(target).items()
            for number, unread in partitions.items()
            if len(unread) > dead.get(topic, {}).get(number, 0)
        )

    def beyond_end(self, target: Offsets) -> list[str]:
        """List the partitions whose target lies past their end: not written yet, or the topic was recreated.

        :param target: topic -> partition -> offset to reach
        """
        return [
            f"{topic}[{partition}] ends at {self.end[topic][partition]}, {wanted} is waited for"
            for topic, partitions in target.items()
            for partition, wanted in partitions.items()
            if wanted > self.end[topic][partition]
        ]


def to_json(offsets: Mapping[str, Mapping[int, int | None]]) -> JsonOffsets:
    """Write offsets with text keys; partitions without an offset are left out."""
    return {
        topic: {str(partition): offset for partition, offset in partitions.items() if offset is not None}
        for topic, partitions in offsets.items()
    }


def from_json(offsets: Mapping[str, Mapping[str, int]]) -> Offsets:
    """Read offsets with text keys.

    :raises ValueError: when a partition or an offset is no whole number from 0
    """
    return {
        topic: {_whole(partition): _whole(offset) for partition, offset in partitions.items()}
        for topic, partitions in offsets.items()
    }


def _whole(value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"offsets: {value!r} is no whole number from 0")
    return int(text)
