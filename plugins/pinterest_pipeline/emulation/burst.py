"""A burst: many posts sent as fast as the API takes them, or at a given rate, resumable where it stopped.

Posts are packed into batches of lanes, and some batches make a leg. While one leg is in flight, the rows of
the next one are read. A leg is begun only when all but the last one are acknowledged and saved: what is in
flight, and so what a kill may send twice, is bounded.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from pinterest_pipeline.emulation.pace import Clock, Meter, Pacer
from pinterest_pipeline.emulation.packing import Batch, pack
from pinterest_pipeline.emulation.progress import Progress
from pinterest_pipeline.emulation.sender import Record, Row, Told

logger = logging.getLogger(__name__)

#: Posts of a leg: two batches of each lane, and at least these, since each leg costs a query and a save.
BATCHES_PER_LEG = 2
LEAST_LEG = 250
#: After a kill no more than the posts of these are sent again.
LEGS_IN_FLIGHT = 2
#: Seconds after which the progress is saved though no leg has ended.
SAVE_EVERY_S = 2.0

#: Channel and keys to rows.
Fetch = Callable[[str, Sequence[int]], Mapping[int, Row]]


class Sender(Protocol):
    """What sends the records of one lane of one channel."""

    def send(self, records: Sequence[Record], told: Told) -> None:
        """Send records until all are acknowledged."""


@dataclass
class _Leg:
    """Batches with their rows.

    :param batches: in the order in which their lanes send them.
    :param rows: channel and key to row.
    :param left: batches of all channels that are not acknowledged yet.
    """

    batches: list[Batch]
    rows: Mapping[str, Mapping[int, Row]]
    left: int


def send_burst(
    *,
    keys: Sequence[int],
    fetch: Fetch,
    senders: Mapping[str, Sequence[Sender]],
    progress: Progress,
    save: Callable[[], None],
    batch_size: int,
    rate: float = 0,
    stop: threading.Event | None = None,
    clock: Clock = time.monotonic,
) -> None:
    """Send the records of all posts that ``progress`` does not count yet.

    :param keys: the keys of all posts of the burst, in order.
    :param fetch: gives the rows of a channel by key; called by one thread at a time.
    :param senders: channel to the senders of its lanes, as many for each; each is used by one thread.
    :param progress: is brought forward in place.
    :param save: called by this thread when a leg is acknowledged, every :data:`SAVE_EVERY_S`, and at the
        end, also when the burst failed.
    :param batch_size: records of one request; with a rate at most a second's posts.
    :param rate: posts a second; 0 is without a limit.
    :param stop: is set when the burst ends, for senders that wait for a retry.
    :param clock: seconds that never go back.
    :raises Exception: what a sender, ``fetch`` or ``save`` raised first.
    """
    _Burst(keys, fetch, senders, progress, save, batch_size, rate, stop or threading.Event(), clock).run()


class _Burst:
    def __init__(
        self,
        keys: Sequence[int],
        fetch: Fetch,
        senders: Mapping[str, Sequence[Sender]],
        progress: Progress,
        save: Callable[[], None],
        batch_size: int,
        rate: float,
        stop: threading.Event,
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._fetch = fetch
        self._senders = senders
        self._progress = progress
        self._save = save
        self._stop = stop
        self._clock = clock
        self._saved = clock()
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        #: Set when a leg is acknowledged, rows are read, or an error ends the burst.
        self._news = threading.Event()
        lanes = len(next(iter(senders.values())))
        if rate:
            batch_size = min(batch_size, max(1, int(rate)))
        batches = pack(keys, progress.pending(len(keys)), lanes=lanes, batch_size=batch_size)
        self._legs = _legs(batches, max(LEAST_LEG, BATCHES_PER_LEG * lanes * batch_size))
        self._pacers = {channel: Pacer(rate, clock=clock, pause=stop.wait) for channel in senders}
        self._meter = Meter(len(keys), done=progress.acknowledged, records_per_post=len(senders), clock=clock)

    def run(self) -> None:
        try:
            with contextlib.ExitStack() as stack:
                fetcher = stack.enter_context(_one_thread("fetch"))
                workers = {
                    channel: [
                        stack.enter_context(_one_thread(f"{channel}-{lane}")) for lane in range(len(lanes))
                    ]
                    for channel, lanes in self._senders.items()
                }
                # Runs before the threads are joined, whatever happened.
                stack.callback(self._stop.set)
                self._send_legs(fetcher, workers)
        except BaseException:
            self._save_after_error()
            raise
        self._save()
        self._meter.report(self._progress.acknowledged, last=True)
        if self._progress.posts < len(self._keys):
            raise RuntimeError(f"only {self._progress.posts} of {len(self._keys)} posts were sent")

    def _send_legs(
        self, fetcher: ThreadPoolExecutor, workers: Mapping[str, Sequence[ThreadPoolExecutor]]
    ) -> None:
        flying: deque[_Leg] = deque()
        ready = self._fetch_next(fetcher)
        while ready or flying:
            # What happens from here on wakes the wait below.
            self._news.clear()
            if self._error:
                raise self._error
            if flying and flying[0].left == 0:
                flying.popleft()
                self._keep()
            elif ready and ready.done() and len(flying) < LEGS_IN_FLIGHT:
                flying.append(self._begin(ready.result(), workers))
                ready = self._fetch_next(fetcher)
            else:
                self._news.wait(SAVE_EVERY_S)
                if self._clock() - self._saved >= SAVE_EVERY_S:
                    self._keep()
            self._meter.report(self._progress.acknowledged)

    def _fetch_next(self, fetcher: ThreadPoolExecutor) -> Future[_Leg] | None:
        batches = next(self._legs, None)
        if not batches:
            return None
        future = fetcher.submit(self._fetch_leg, batches)
        future.add_done_callback(lambda _: self._news.set())
        return future

    def _fetch_leg(self, batches: list[Batch]) -> _Leg:
        keys = [self._keys[position] for batch in batches for position in batch.positions]
        rows = {channel: self._fetch(channel, keys) for channel in self._senders}
        return _Leg(batches, rows, left=len(batches) * len(rows))

    def _begin(self, leg: _Leg, workers: Mapping[str, Sequence[ThreadPoolExecutor]]) -> _Leg:
        for batch in leg.batches:
            for channel, lanes in workers.items():
                lanes[batch.lane].submit(self._send_of_leg, leg, channel, batch)
        return leg

    def _send_of_leg(self, leg: _Leg, channel: str, batch: Batch) -> None:
        """Send one batch of one channel; runs in its lane's thread."""
        try:
            self._send(channel, batch, leg.rows[channel])
        except BaseException as error:
            with self._lock:
                # The first error stops all lanes; those of the others only follow from it.
                self._error = self._error or error
            self._stop.set()
            self._news.set()
            return
        with self._lock:
            leg.left -= 1
        if leg.left == 0:
            self._news.set()

    def _send(self, channel: str, batch: Batch, rows: Mapping[int, Row]) -> None:
        positions = self._progress.missing(channel, batch.positions)
        if positions and not self._stop.is_set():
            self._pacers[channel].wait(len(positions))
        if not positions or self._stop.is_set():
            return
        self._senders[channel][batch.lane].send(
            [Record(self._keys[position], rows[self._keys[position]]) for position in positions],
            lambda places, written: self._progress.add(
                channel, [positions[place] for place in places], written
            ),
        )

    def _keep(self) -> None:
        self._save()
        self._saved = self._clock()

    def _save_after_error(self) -> None:
        try:
            self._save()
        except Exception:
            logger.exception("the progress could not be saved: records may be sent twice by the next try")


def _legs(batches: Iterable[Batch], posts: int) -> Iterator[list[Batch]]:
    leg: list[Batch] = []
    size = 0
    for batch in batches:
        leg.append(batch)
        size += len(batch.positions)
        if size >= posts:
            yield leg
            leg, size = [], 0
    if leg:
        yield leg


def _one_thread(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"burst-{name}")
