"""Posts packed into batches so that records of one key keep their order, however many requests run.

Each key belongs to one lane, and the batches of a lane are sent one after another. No batch holds a key
twice: were the first of two refused inside a 200 and sent again alone, it would arrive behind the second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

#: Batches of a lane that may be open for posts. Only a lane with few keys needs more; it sends short batches.
OPEN_BATCHES = 3
#: A post waits in an open batch for at most this many rounds of batches, so that no post lags far behind.
OPEN_ROUNDS = 4


class Batch(NamedTuple):
    """The posts of one request to each topic.

    :param lane: which lane sends it.
    :param positions: positions of its posts in the burst, increasing; no two have the same key.
    """

    lane: int
    positions: tuple[int, ...]


def pack(keys: Sequence[int], positions: Iterable[int], *, lanes: int, batch_size: int) -> Iterator[Batch]:
    """Pack posts into batches.

    :param keys: the keys of all posts of the burst.
    :param positions: positions of the posts to send, increasing.
    :param lanes: number of lanes.
    :param batch_size: posts of a full batch.
    :returns: batches; those of one lane in the order in which they must be sent.
    """
    every = [_Lane(number, batch_size) for number in range(lanes)]
    round_size = lanes * batch_size
    for count, position in enumerate(positions):
        if count % round_size == 0:
            for lane in every:
                yield from lane.take_older_than(position - OPEN_ROUNDS * round_size)
        key = keys[position]
        yield from every[key % lanes].put(position, key)
    for lane in every:
        yield from lane.take_all()


@dataclass
class _Lane:
    """The open batches of a lane.

    :param number: its number.
    :param batch_size: posts of a full batch.
    """

    number: int
    batch_size: int
    _open: deque[list[int]] = field(default_factory=deque)
    #: Number of the first open batch, from the start of the burst.
    _first: int = 0
    #: Key to the number of the last batch that it is in.
    _last: dict[int, int] = field(default_factory=dict)

    def put(self, position: int, key: int) -> Iterator[Batch]:
        """Add a post to the first batch that has room and is behind its key's last one."""
        number = max(self._last.get(key, -1) + 1, self._first)
        while number - self._first < len(self._open) and self._is_full(number):
            number += 1
        if number - self._first == len(self._open):
            self._open.append([])
        self._open[number - self._first].append(position)
        self._last[key] = number
        while self._open and (self._is_full(self._first) or len(self._open) > OPEN_BATCHES):
            yield self._take()

    def take_older_than(self, position: int) -> Iterator[Batch]:
        """Take the batches that hold a post from before ``position``."""
        while self._open and self._open[0][0] < position:
            yield self._take()

    def take_all(self) -> Iterator[Batch]:
        """Take what is left."""
        while self._open:
            yield self._take()

    def _is_full(self, number: int) -> bool:
        return len(self._open[number - self._first]) >= self.batch_size

    def _take(self) -> Batch:
        self._first += 1
        return Batch(self.number, tuple(self._open.popleft()))
