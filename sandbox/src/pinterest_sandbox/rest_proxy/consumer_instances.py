"""The consumer instances that are open, each with its lock; idle ones are closed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from confluent_kafka import KafkaException

from pinterest_sandbox.rest_proxy.cluster import translate
from pinterest_sandbox.rest_proxy.consumer_instance import Instance
from pinterest_sandbox.rest_proxy.consumer_records import Readable, size_of
from pinterest_sandbox.rest_proxy.consumer_requests import InstanceOptions
from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import (
    RestError,
    format_mismatch,
    instance_exists,
    instance_not_found,
    invalid_consumer_config,
    retriable,
    too_many_instances,
)

#: Confluent's ``consumer.instance.timeout.ms``, in seconds.
INSTANCE_TIMEOUT = 300.0
#: Each has a few threads of librdkafka and what it has fetched ahead.
MAX_INSTANCES = 100
#: Confluent's ``consumer.threads``.
_THREADS = 50
#: Confluent's ``consumer.request.max.bytes``.
MAX_BYTES = 64 * 1024 * 1024
#: Seconds for which one step of a read holds the instance.
_STEP = 0.1
#: Seconds more than a question to Kafka may take, until its caller gives up.
_GRACE = 0.5

#: Records taken in one step of a read, and the instance's epoch.
type _Step = tuple[list[Readable], int]

log = logging.getLogger(__name__)


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

    async def _run[T](self, work: Callable[[], T]) -> T:
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
            return await asyncio.wait_for(asyncio.shield(running), self._limit)
        except TimeoutError:
            raise retriable("Kafka does not answer.") from None
        except KafkaException as error:
            raise translate(error.args[0]) from error

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
                if connected():
                    for records, epoch in steps:
                        await self._run(partial(self.instance.delivered, records, epoch))
                    return [record for records, _ in steps for record in records]
                for records, epoch in reversed(steps):
                    await self._run(partial(self.instance.backlog.put_back, records, epoch))
                return []

    async def _gather(self, end: float, max_bytes: int) -> list[_Step]:
        steps: list[_Step] = []
        size = 0
        min_bytes = self.instance.options.min_bytes
        while True:
            wait = min(_STEP, max(0.0, end - time.monotonic()))
            try:
                records, full, epoch = await self._run(partial(self._step, max_bytes - size, wait, not steps))
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
            await self._run(self.instance.check_kafka)
        return steps

    def _step(self, room: int, wait: float, first: bool) -> tuple[list[Readable], bool, int]:
        return *self.instance.take(room, wait, first=first), self.instance.backlog.epoch

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
        finally:
            self._closed = True

    def _close(self) -> None:
        self._closed = True
        self.instance.close()


class Instances:
    """The open consumer instances of all groups.

    :param settings: of the Kafka clients: ``bootstrap.servers`` and more.
    :param timeout: seconds that one question to Kafka may take.
    :param instance_timeout: seconds after which an instance that nobody uses is closed.
    :param limit: how many may be open at once.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        timeout: float,
        instance_timeout: float = INSTANCE_TIMEOUT,
        limit: int = MAX_INSTANCES,
    ) -> None:
        self._settings = settings
        self._timeout = timeout
        self._instance_timeout = instance_timeout
        self._limit = limit
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="consumer")
        self._open: dict[tuple[str, str], Handle] = {}
        self._reaper = asyncio.create_task(self._close_idle())

    def create(self, group: str, options: InstanceOptions) -> None:
        """Open an instance; Kafka is not asked yet.

        :raises RestError: 40902 when the group has one of that name, 50301 when too many are open, 42204 when
            Kafka's client does not take the configuration.
        """
        if (group, options.name) in self._open:
            raise instance_exists()
        if len(self._open) >= self._limit:
            raise too_many_instances(self._limit)
        try:
            instance = Instance(self._settings, group, options, timeout=self._timeout)
        except KafkaException as error:
            raise invalid_consumer_config(error.args[0].str()) from error
        self._open[group, options.name] = Handle(instance, self._threads, limit=self._timeout + _GRACE)

    def get(self, group: str, name: str) -> Handle:
        """An open instance.

        :raises RestError: 40403 when there is none of that name in the group.
        """
        try:
            return self._open[group, name]
        except KeyError:
            raise instance_not_found() from None

    async def delete(self, group: str, name: str) -> None:
        """Close an instance.

        :raises RestError: 40403 when there is none of that name in the group.
        """
        handle = self.get(group, name)
        del self._open[group, name]
        await handle.close()

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._instance_timeout / 4))
            idle = [key for key, handle in self._open.items() if handle.idle() > self._instance_timeout]
            for group, name in idle:
                log.info("Consumer instance %s of group %s was idle: closed", name, group)
            await asyncio.gather(*(self._open.pop(key).close() for key in idle))

    async def close(self) -> None:
        """Close all of them, beside each other, and open no more."""
        self._limit = 0
        self._reaper.cancel()
        handles = list(self._open.values())
        self._open.clear()
        await asyncio.gather(*(handle.close() for handle in handles))
        self._threads.shutdown(wait=False, cancel_futures=True)
