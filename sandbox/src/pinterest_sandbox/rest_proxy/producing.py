"""Send records to Kafka from within the event loop, and learn what became of each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pinterest_sandbox.rest_proxy.produce_request import Record


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


class Sender:
    """One Kafka producer, shared by all requests.

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
        """Send ``records`` and wait until each is acknowledged or refused.

        Kafka refuses whole batches as too large. Their records are sent again in halves, as the Java producer
        does it, until only those are refused that are too large by themselves.

        :param topic: of all of them.
        :returns: the outcomes, in the order of the records.
        """
        outcomes = await self._send_together(topic, records)
        refused = [index for index, outcome in enumerate(outcomes) if outcome.is_too_large]
        if refused and len(records) > 1:
            middle = (len(refused) + 1) // 2
            for half in (refused[:middle], refused[middle:]):
                again = await self.send(topic, [records[index] for index in half])
                for index, outcome in zip(half, again, strict=True):
                    outcomes[index] = outcome
        return outcomes

    async def _send_together(self, topic: str, records: Sequence[Record]) -> list[Outcome]:
        if not records:
            return []
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
