"""Kafka's metadata, read without blocking the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    ListOffsetsResultInfo,
    OffsetSpec,
    PartitionMetadata,
    TopicMetadata,
)

from pinterest_sandbox.rest_proxy.errors import (
    KAFKA_BAD_REQUEST,
    RestError,
    kafka_error,
    partition_not_found,
    retriable,
    topic_not_found,
)
from pinterest_sandbox.rest_proxy.json_body import is_topic_name
from pinterest_sandbox.rest_proxy.patience import time_left

#: A topic that was made a moment ago is not known to the broker at once: seconds between asking again.
_UNKNOWN_TOPIC_PAUSES = (0.05, 0.1, 0.2, 0.0)
_UNKNOWN_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC)
#: Questions to Kafka at once. Each holds a thread until Kafka answers or its time is over: with fewer threads
#: than clients, a client would wait for the end of another one's question first.
_THREADS = 200


class Cluster:
    """Topics and partitions of one Kafka cluster.

    :param settings: of the Kafka client: ``bootstrap.servers`` and more.
    :param timeout: seconds that one question may take, unless the request that asks has less time left.
    :param keep: seconds for which the partitions and the limit of a topic are remembered.
    """

    def __init__(self, settings: Mapping[str, Any], *, timeout: float, keep: float = 1.0) -> None:
        self._admin = AdminClient(dict(settings))
        self._timeout = timeout
        self._keep = keep
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="metadata")
        self._known: dict[str, tuple[float, int]] = {}
        self._limits: dict[str, tuple[float, int]] = {}

    async def topics(self) -> list[str]:
        """The names of all topics, sorted.

        :raises RestError: 50003 when Kafka does not answer.
        """
        metadata = await self._metadata()
        return sorted(metadata.topics)

    async def topic(self, name: str) -> TopicMetadata:
        """One topic's partitions, leaders and replicas.

        :raises RestError: 40401 for an unknown topic, 40002 for what can't be one, 50003 when Kafka does not
            answer.
        """
        if not is_topic_name(name):
            raise invalid_topic()
        for pause in _UNKNOWN_TOPIC_PAUSES:
            topic: TopicMetadata = (await self._metadata(name)).topics[name]
            if topic.error is None or not is_unknown_topic(topic.error):
                break
            await asyncio.sleep(pause)
        if topic.error is not None:
            self._known.pop(name, None)
            raise translate(topic.error)
        self._known[name] = (time.monotonic(), len(topic.partitions))
        return topic

    async def partition(self, name: str, number: int) -> PartitionMetadata:
        """One partition's leader and replicas.

        :raises RestError: 40402 for an unknown partition, and as :meth:`topic`.
        """
        found: PartitionMetadata | None = (await self.topic(name)).partitions.get(number)
        if found is None:
            raise partition_not_found()
        return found

    async def offsets(self, name: str, number: int) -> tuple[int, int]:
        """The first offset of a partition, and the one that the next record will have.

        :raises RestError: as :meth:`partition`.
        """
        await self.partition(name, number)
        timeout = time_left(self._timeout)

        def ask(place: OffsetSpec) -> int:
            asked = TopicPartition(name, number)
            futures: dict[TopicPartition, Future[ListOffsetsResultInfo]] = self._admin.list_offsets(
                {asked: place}, request_timeout=timeout
            )
            return futures[asked].result().offset

        specs = (OffsetSpec.earliest(), OffsetSpec.latest())  # type: ignore[no-untyped-call]
        first, end = await asyncio.gather(*(self._call(partial(ask, spec)) for spec in specs))
        return first, end

    async def brokers(self) -> list[int]:
        """The numbers of all brokers, sorted.

        :raises RestError: 50003 when Kafka does not answer.
        """
        return sorted((await self._metadata()).brokers)

    async def partition_count(self, name: str) -> int:
        """How many partitions a topic has, asked anew after a moment.

        :raises RestError: 40401 for an unknown topic, 50003 when Kafka does not answer.
        """
        asked, count = self._known.get(name, (0.0, 0))
        if count and time.monotonic() - asked < self._keep:
            return count
        return len((await self.topic(name)).partitions)

    async def max_message_bytes(self, name: str, anew: bool = False) -> int:
        """How large a batch of records may be for a topic, asked anew after a moment.

        :param anew: ask in any case.
        :raises RestError: 40401 for an unknown topic, 50003 when Kafka does not answer.
        """
        asked, limit = self._limits.get(name, (0.0, 0))
        if anew or not asked or time.monotonic() - asked >= self._keep:
            asked, limit = time.monotonic(), int((await self.configs(name))["max.message.bytes"])
            self._limits[name] = (asked, limit)
        return limit

    async def configs(self, name: str) -> dict[str, str]:
        """One topic's configuration.

        :raises RestError: 50003 when Kafka does not answer.
        """
        resource = ConfigResource(ConfigResource.Type.TOPIC, name)
        timeout = time_left(self._timeout)

        def ask() -> dict[str, str]:
            futures: dict[ConfigResource, Future[Any]] = self._admin.describe_configs(
                [resource], request_timeout=timeout
            )
            entries = futures[resource].result()
            return {entry.name: entry.value for entry in entries.values()}

        return await self._call(ask)

    async def _metadata(self, topic: str | None = None) -> ClusterMetadata:
        timeout = time_left(self._timeout)

        def ask() -> ClusterMetadata:
            return self._admin.list_topics(topic=topic, timeout=timeout)

        return await self._call(ask)

    async def _call[T](self, ask: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        except KafkaException as error:
            raise translate(error.args[0]) from error

    def close(self) -> None:
        """Ask no more; questions that are under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def translate(error: KafkaError) -> RestError:
    """The REST error for an error of Kafka."""
    if is_unknown_topic(error):
        return topic_not_found()
    if error.code() == KafkaError.TOPIC_EXCEPTION:
        return invalid_topic()
    if is_retriable(error):
        return retriable(error.str())
    return kafka_error(error.str())


def invalid_topic() -> RestError:
    """Kafka can't have a topic of that name."""
    return RestError(400, KAFKA_BAD_REQUEST, "Invalid topic name.")


_CLIENT_SIDE_RETRIABLE = (
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
    KafkaError._MSG_TIMED_OUT,
    KafkaError._TIMED_OUT_QUEUE,
    KafkaError._QUEUE_FULL,
    KafkaError._RESOLVE,
    KafkaError._RETRY,
    KafkaError._WAIT_COORD,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.BROKER_NOT_AVAILABLE,
    KafkaError.NETWORK_EXCEPTION,
    KafkaError.NOT_ENOUGH_REPLICAS,
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
)


def is_unknown_topic(error: KafkaError) -> bool:
    """Whether the topic does not exist."""
    return error.code() in _UNKNOWN_TOPIC


def is_retriable(error: KafkaError) -> bool:
    """Whether sending again may help."""
    return error.retriable() or error.code() in _CLIENT_SIDE_RETRIABLE
