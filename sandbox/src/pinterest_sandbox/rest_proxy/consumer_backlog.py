"""What a consumer instance has fetched and not yet delivered, and how far its client has got."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import Message

from pinterest_sandbox.rest_proxy.consumer_records import Readable, partition_of, readable, size_of
from pinterest_sandbox.rest_proxy.consumer_requests import Partition
from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import RestError


class Backlog:
    """Messages in the order of their delivery, and positions: the offset after the last one delivered.

    Its epoch changes with the place from which a partition is read: what was taken of that partition before
    no longer counts.
    """

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._positions: dict[Partition, int] = {}
        self._fetched: dict[Partition, int] = {}
        self._moved: dict[Partition, int] = {}
        self.epoch = 0

    def __bool__(self) -> bool:
        return bool(self._messages)

    def add(self, message: Message) -> None:
        """Keep a message for the next read."""
        self._messages.append(message)
        self._fetched[partition_of(message)] = _after(message)

    def take(self, embedded: Embedded, room: int, *, first: bool) -> tuple[list[Readable], bool]:
        """The next records.

        :param embedded: format to write them in.
        :param room: bytes of keys and values to take at most.
        :param first: take one even if it is larger than that: it would never be read otherwise.
        :returns: the records, and whether there are more, which do not fit.
        :raises RestError: 40801 when the very next one is not in that format.
        """
        taken: list[Readable] = []
        while self._messages:
            size = size_of(self._messages[0])
            if size > room and not (first and not taken):
                return taken, True
            try:
                taken.append(readable(self._messages[0], embedded))
            except RestError:
                if taken:
                    return taken, True
                raise
            self._messages.popleft()
            room -= size
        return taken, False

    def put_back(self, records: Sequence[Readable], epoch: int) -> None:
        """Take back what was not delivered.

        :param epoch: when they were taken.
        """
        kept = [record.message for record in records if self._counts(record.message, epoch)]
        self._messages.extendleft(reversed(kept))

    def delivered(self, records: Sequence[Readable], epoch: int) -> dict[Partition, int]:
        """Note what the client got.

        :param epoch: when they were taken.
        :returns: the positions that are new.
        """
        got = [record.message for record in records if self._counts(record.message, epoch)]
        ends = {partition_of(message): _after(message) for message in got}
        self._positions.update(ends)
        return ends

    def _counts(self, message: Message, epoch: int) -> bool:
        return self._moved.get(partition_of(message), 0) <= epoch

    def positions(self) -> dict[Partition, int]:
        """Where the client is, in partitions that it got something of or was put to."""
        return dict(self._positions)

    def fetched(self) -> dict[Partition, int]:
        """Where fetching goes on: after the last message that came, or where the partition was put to."""
        return dict(self._fetched)

    def move(self, places: Mapping[Partition, int]) -> None:
        """Go on at other offsets."""
        self.forget(places)
        self._positions.update(places)
        self._fetched.update(places)

    def keep(self, partitions: Iterable[Partition]) -> None:
        """Drop all that is known of other partitions."""
        self.forget(self._fetched.keys() - set(partitions))

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Drop all that is known of these partitions."""
        dropped = set(partitions)
        self._messages = deque(kept for kept in self._messages if partition_of(kept) not in dropped)
        self.epoch += 1
        for partition in dropped:
            self._positions.pop(partition, None)
            self._fetched.pop(partition, None)
            self._moved[partition] = self.epoch

    def clear(self) -> None:
        """Drop everything."""
        self.keep(())


def _after(message: Message) -> int:
    return (message.offset() or 0) + 1
