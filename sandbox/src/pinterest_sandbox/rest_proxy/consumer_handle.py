"""An open consumer instance and its lock: requests use it in turn."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from confluent_kafka import KafkaException

from pinterest_sandbox.rest_proxy.cluster import translate
from pinterest_sandbox.rest_proxy.consumer_instance import Instance
from pinterest_sandbox.rest_proxy.consumer_records import Readable, size_of
from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import RestError, format_mismatch, instance_not_found, retriable

#: Confluent's ``consumer.request.max.bytes``.
MAX_BYTES = 64 * 1024 * 1024
#: Seconds for which one step of a read holds the instance.
_STEP = 0.1

log = logging.getLogger(__name__)


#: Records taken in one step of a read, and the backlog's epoch then.
type _Step = tuple[list[Readable], int]


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        raise translate(error.args[0]) from error


class Handle:
    """An instance, used by one request at a time.

    :param threads: to run it in.
    :param limit: seconds that a request waits for the instance, and then for its answer.
    """

    def __init__(self, instance: Instance, threads: ThreadPoolExecutor, *, limit: float) -> None:
        self.instance = instance
        self._threads = threads
        self._limit = limit
        self._lock = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._closed = False
        self._busy = 0
        self._used = time.monotonic()

    def idle(self) -> float:
        """Seconds since it was last used."""
        return 0.0 if self._busy else time.monotonic() - self._used

    async def call[T](self, work: Callable[[], T]) -> T:
        """Run ``work`` on the instance, when it is free.

        :raises RestError: 40403 when it is closed; 50003 when Kafka does not answer; what ``work`` raises.
        """
        self._check_open()
        with self._in_use():
            return await self._run(work)

    async def _run[T](self, work: Callable[[], T], *, patient: bool = False) -> T:
        """Run ``work`` under the lock.

        :param patient: wait for its end, however late.
        """
        try:
            await asyncio.wait_for(self._lock.acquire(), self._limit)
        except TimeoutError:
            raise retriable("The consumer instance is busy.") from None
        try:
            self._check_open()
            running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        except BaseException:
            self._lock.release()
            raise
        # It ends when it ends, also when nobody waits for it any longer.
        running.add_done_callback(self._free)
        try:
            with _translated():
                return await asyncio.wait_for(asyncio.shield(running), None if patient else self._limit)
        except TimeoutError:
            raise retriable("Kafka does not answer.") from None

    def _free(self, running: asyncio.Future[Any]) -> None:
        self._lock.release()
        if not running.cancelled():
            running.exception()

    async def read(
        self,
        embedded: Embedded,
        *,
        timeout: float | None,
        max_bytes: int | None,
        connected: Callable[[], bool],
    ) -> list[Readable]:
        """The next records. One request reads at a time; others may commit or seek between its steps.

        :param embedded: the format that they are asked for in.
        :param timeout: seconds to read; the instance's own are the upper limit.
        :param max_bytes: of keys and values; a larger record comes alone.
        :param connected: whether the client is still there; otherwise the next read gets the records.
        :raises RestError: 40601 for another format than the instance's; 40801 for a record that is not in it;
            Kafka's errors.
        """
        options = self.instance.options
        self._check_open()
        if embedded is not options.embedded:
            raise format_mismatch()
        allowed = options.request_timeout
        end = time.monotonic() + (allowed if timeout is None else min(timeout, allowed))
        limit = MAX_BYTES if max_bytes is None else min(max_bytes, MAX_BYTES)
        with self._in_use():
            async with self._reading:
                steps = await self._gather(end, limit)
                return await self._settle(steps, connected)

    async def _gather(self, end: float, max_bytes: int) -> list[_Step]:
        steps: list[_Step] = []
        began, size = time.monotonic(), 0
        min_bytes = self.instance.options.min_bytes
        while True:
            wait = min(_STEP, max(0.0, end - time.monotonic()))
            try:
                # What a step takes would be lost if nobody waited for it.
                work = partial(self._step, max_bytes - size, wait, not steps)
                records, full, epoch = await self._run(work, patient=True)
            except RestError:
                if steps:
                    # The next read meets it again.
                    return steps
                raise
            if records:
                steps.append((records, epoch))
                size += sum(size_of(record.message) for record in records)
            enough = min_bytes is not None and size > min_bytes
            if full or enough or time.monotonic() >= end:
                break
        if not steps:
            await self._run(partial(self.instance.check_kafka, time.monotonic() - began))
        return steps

    def _step(self, room: int, wait: float, first: bool) -> tuple[list[Readable], bool, int]:
        return *self.instance.take(room, wait, first=first), self.instance.backlog.epoch

    async def _settle(self, steps: list[_Step], connected: Callable[[], bool]) -> list[Readable]:
        """Count records as delivered, or put them back."""
        # However long it takes to come by the lock: records that are neither would be lost.
        async with self._lock:
            self._check_open()
            if not connected():
                for records, epoch in reversed(steps):
                    self.instance.backlog.put_back(records, epoch)
                return []
            with _translated():
                for records, epoch in steps:
                    self.instance.delivered(records, epoch)
            return [record for records, _ in steps for record in records]

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._used = time.monotonic()

    def _check_open(self) -> None:
        if self._closed:
            raise instance_not_found()

    async def close(self) -> None:
        """Close the instance; a read that is under way ends at its next step.

        It may take longer when Kafka does not answer; then it goes on in the background.
        """
        if self._closed:
            return
        try:
            await self._run(self._close)
        except RestError as error:
            log.warning("Consumer instance %s was not closed in order: %s", self.instance.options.name, error)
        except Exception:
            # Those that are closed along with it must not stay open for that.
            log.exception("Consumer instance %s was not closed in order", self.instance.options.name)
        finally:
            self._closed = True

    def _close(self) -> None:
        self._closed = True
        self.instance.close()
