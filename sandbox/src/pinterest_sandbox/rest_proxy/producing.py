"""Send records to Kafka from within the event loop, and learn what became of each."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pinterest_sandbox.rest_proxy.errors import RestError
from pinterest_sandbox.rest_proxy.records import Record

#: librdkafka's own size of batches. Kafka's default limit for them is a little above it.
_BATCH_SIZE = 1_000_000


class Outcome(NamedTuple):
    """What became of one record.

    :param partition: where it is, ``None`` when it was refused.
    :param offset: its offset there, ``None`` when it was refused.
    :param error: why it was refused.
    """

    partition: int | None
    offset: int | None
    error: KafkaError | None

    @property
    def is_too_large(self) -> bool:
        """Whether it was refused for its size, or for that of the batch it was in."""
        return self.error is not None and self.error.code() == KafkaError.MSG_SIZE_TOO_LARGE


class _Batch:
    """Collects the outcomes of one request; the last one wakes the request up, once."""

    def __init__(self, size: int, loop: asyncio.AbstractEventLoop) -> None:
        self.outcomes: list[Outcome | None] = [None] * size
        self.done: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._open = size
        self._lock = threading.Lock()

    def settle(self, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        with self._lock:
            self._open -= 1
            finished = self._open == 0
        if finished:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Senders:
    """Kafka producers, shared by all requests.

    Kafka refuses whole batches as too large for a topic. The Java producer then sends their records again in
    smaller ones, in their place before later batches, so that the records of a partition keep their order.
    librdkafka would write the later ones meanwhile. So its batches are kept so small that the topic takes all
    of them: what is refused is a record that is too large by itself, alone. A size of batches is a producer's
    for all of its topics; hence one producer for each size.

    :param settings: of the Kafka client: ``bootstrap.servers`` and more. A ``batch.size`` among them holds
        for all topics.
    :param limit: tells how large a batch a topic takes; with ``True``, also when it was changed just now.
    :param timeout: seconds after which a record that was not acknowledged is given up.
    """

    def __init__(
        self, settings: Mapping[str, Any], limit: Callable[[str, bool], Awaitable[int]], *, timeout: float
    ) -> None:
        self._settings = settings
        self._limit = limit
        self._timeout = timeout
        self._senders: dict[int, Sender] = {}

    async def send(self, topic: str, records: Sequence[Record]) -> list[Outcome]:
        """Send ``records`` and wait until each is acknowledged or refused.

        Those of one partition are written in their order. Only when the topic's ``max.message.bytes`` was
        lowered a moment ago may some be refused for it and written after others, once.

        :param topic: of all of them.
        :returns: the outcomes, in the order of the records.
        :raises RestError: 50003 when Kafka does not answer.
        """
        size = await self._batch_size(topic)
        outcomes = await self._sender(size).send(topic, records)
        refused = [index for index, outcome in enumerate(outcomes) if outcome.is_too_large]
        if refused and (smaller := await self._lowered(topic, size)) < size:
            again = await self._sender(smaller).send(topic, [records[index] for index in refused])
            for index, outcome in zip(refused, again, strict=True):
                outcomes[index] = outcome
        return outcomes

    async def _lowered(self, topic: str, size: int) -> int:
        with suppress(RestError):
            return await self._batch_size(topic, anew=True)
        # What was taken is to be answered all the same.
        return size

    async def _batch_size(self, topic: str, *, anew: bool = False) -> int:
        fixed: int | None = self._settings.get("batch.size")
        if fixed is not None:
            return fixed
        limit = await self._limit(topic, anew)
        # Powers of two: topics of all kinds share a few producers.
        return _BATCH_SIZE if limit >= _BATCH_SIZE else 1 << max(limit, 1).bit_length() - 1

    def _sender(self, batch_size: int) -> Sender:
        if batch_size not in self._senders:
            settings = {**self._settings, "batch.size": batch_size}
            self._senders[batch_size] = Sender(settings, timeout=self._timeout)
        return self._senders[batch_size]

    def close(self, timeout: float) -> None:
        """Wait until what was sent is acknowledged, then end.

        :param timeout: seconds to wait at most.
        """
        deadline = time.monotonic() + timeout
        for sender in self._senders.values():
            sender.close(max(0.0, deadline - time.monotonic()))


class Sender:
    """One Kafka producer.

    :param settings: of the Kafka client: ``bootstrap.servers`` and more.
    :param timeout: seconds after which a record that was not acknowledged is given up.
    """

    def __init__(self, settings: Mapping[str, Any], *, timeout: float) -> None:
        self._producer = Producer(
            {
                **settings,
                "acks": "all",
                # What this producer sends again after a lost answer is neither doubled nor reordered.
                "enable.idempotence": True,
                # Requests bring batches of their own: there is no more to wait for.
                "linger.ms": 1,
                "message.timeout.ms": int(timeout * 1000),
                "message.max.bytes": 64 * 1024 * 1024,
                "queue.buffering.max.messages": 500_000,
            }
        )
        self._stop = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="kafka-acknowledgements", daemon=True)
        self._poller.start()

    async def send(self, topic: str, records: Sequence[Record]) -> list[Outcome]:
        """Send ``records`` and wait until each is acknowledged or refused; an outcome for each of them."""
        batch = _Batch(len(records), asyncio.get_running_loop())
        for index, record in enumerate(records):
            self._produce(topic, record, batch, index)
        await batch.done
        return [outcome for outcome in batch.outcomes if outcome is not None]

    def _produce(self, topic: str, record: Record, batch: _Batch, index: int) -> None:
        def acknowledged(error: KafkaError | None, message: Message) -> None:
            if error is None:
                batch.settle(index, Outcome(message.partition(), message.offset(), None))
            else:
                batch.settle(index, Outcome(None, None, error))

        options: dict[str, Any] = {} if record.partition is None else {"partition": record.partition}
        try:
            self._producer.produce(
                topic, value=record.value, key=record.key, on_delivery=acknowledged, **options
            )
        except KafkaException as refused:
            batch.settle(index, Outcome(None, None, refused.args[0]))
        except BufferError:
            batch.settle(index, Outcome(None, None, KafkaError(KafkaError._QUEUE_FULL)))

    def _poll(self) -> None:
        while not self._stop.is_set():
            self._producer.poll(0.1)

    def close(self, timeout: float) -> None:
        """Wait until what was sent is acknowledged, then end.

        :param timeout: seconds to wait at most.
        """
        self._producer.flush(timeout)
        self._stop.set()
        self._poller.join(timeout=1)
