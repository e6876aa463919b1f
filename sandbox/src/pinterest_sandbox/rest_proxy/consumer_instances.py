"""The consumer instances that are open; idle ones are closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from confluent_kafka import KafkaException

from pinterest_sandbox.rest_proxy.consumer_handle import Handle
from pinterest_sandbox.rest_proxy.consumer_instance import Instance
from pinterest_sandbox.rest_proxy.consumer_requests import InstanceOptions
from pinterest_sandbox.rest_proxy.errors import (
    instance_exists,
    instance_not_found,
    invalid_consumer_config,
    too_many_instances,
)

#: Confluent's ``consumer.instance.timeout.ms``, in seconds.
INSTANCE_TIMEOUT = 300.0
#: Each has a few threads of librdkafka and what it has fetched ahead.
MAX_INSTANCES = 100
#: Confluent's ``consumer.threads``.
_THREADS = 50
#: Seconds more than a question to Kafka may take, until its caller gives up.
_GRACE = 0.5

log = logging.getLogger(__name__)


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
