"""Send records to Kafka from within the event loop, and learn what became of each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pinterest_sandbox.rest_proxy.produce_request import Record


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record.

    :param partition: where it is, ``None`` when it was refused.
    :param offset: its offset there, ``None`` when it was refused.
    :param error: why it was refused.
    """

    partition: int | None
    offset: int | None
    error: KafkaError | None


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

        :param topic: of all of them.
        :returns: the outcomes, in the order of the records.
        """
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
