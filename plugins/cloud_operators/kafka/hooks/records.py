"""Records of topics, read within limits; nothing joins a group or is committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airflow.providers.apache.kafka.hooks.base import KafkaBaseHook
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook

#: Named in the client's configuration, which must have one; nothing joins it and nothing is committed.
GROUP_ID = "dead-letter-reader"
#: A read of many returns when it is full or its time is over.
_BATCH = 1000
_BATCH_S = 0.5


class RecordsHook(KafkaOffsetsHook):
    """Read ranges of offsets.

    .. seealso::
    https://docs.confluent.io/platform/current/clients/confluent-kafka-python/html/index.html#consumer

    :param kafka_conn_id: the Kafka connection; its extra is the client's configuration
    :param request_timeout: seconds that one request may take, connecting included
    """

    def read_records(
        self,
        topic: str,
        ranges: Mapping[int, tuple[int, int]],
        take: Callable[[Any], bool | None],
        *,
        time_limit: float = 60,
    ) -> dict[int, int]:
        """Hand each record of some ranges to a function, in the order of offsets within a partition.

        :param topic: the topic
        :param ranges: partition -> first offset, and the offset behind the last
        :param take: is given each message; one for which it returns ``True`` is the last
        :param time_limit: seconds of reading after which it ends where it stands
        :returns: partition -> where it stands: the end of its range unless the time was over before
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        firsts = {number: first for number, (first, _) in ranges.items()}
        ends = {number: end for number, (_, end) in ranges.items()}
        reading = _Reading(topic, firsts, ends, time_limit)
        if reading.open:
            consumer: Consumer = _ConsumerHook(self.kafka_config_id).get_conn
            try:
                for message in reading.messages(consumer):
                    if take(message):
                        break
            except KafkaException as error:
                raise self.translated(f"topic {topic!r}", error) from error
            finally:
                consumer.close()
        return reading.next_offsets


def is_complete(next_offsets: Mapping[int, int], ranges: Mapping[int, tuple[int, int]]) -> bool:
    """Whether a reading has come to the end of all of its ranges.

    :param next_offsets: what :meth:`RecordsHook.read_records` returned
    :param ranges: what it was given
    """
    return all(next_offsets[number] >= end for number, (_, end) in ranges.items())


class _ConsumerHook(KafkaBaseHook):
    """The provider's way from a connection to a client, MSK IAM tokens included, for a consumer."""

    def __init__(self, kafka_conn_id: str) -> None:
        super().__init__(kafka_conn_id)  # type: ignore[no-untyped-call]

    def _get_client(self, config: dict[str, Any]) -> Consumer:
        fixed = {
            "group.id": GROUP_ID,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            # Where retention removes what was about to be read.
            "auto.offset.reset": "earliest",
        }
        return Consumer({**config, **fixed})


class _Reading:
    """One pass over a topic; ``open`` are the partitions whose end is still ahead."""

    def __init__(self, topic: str, firsts: Mapping[int, int], ends: Mapping[int, int], limit: float) -> None:
        self.topic = topic
        self.ends = ends
        self.limit = limit
        self.next_offsets = dict(firsts)
        self.open = {number for number, end in ends.items() if firsts[number] < end}

    def messages(self, consumer: Consumer) -> Iterator[Any]:
        consumer.assign([TopicPartition(self.topic, each, self.next_offsets[each]) for each in self.open])
        deadline = time.monotonic() + self.limit
        while self.open and (remaining := deadline - time.monotonic()) > 0:
            left = sum(self.ends[number] - self.next_offsets[number] for number in self.open)
            for message in consumer.consume(min(_BATCH, left), timeout=min(_BATCH_S, remaining)):
                if self._takes(message):
                    yield message

    def _takes(self, message: Any) -> bool:
        """Note how far the reading has come; whether the message is one of those wanted."""
        error = message.error()
        if error and error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        number, offset = message.partition(), message.offset()
        if number not in self.open:
            return False
        # The last offsets may hold no message, so that only the end of the partition is told.
        self.next_offsets[number] = self.ends[number] if error else min(offset + 1, self.ends[number])
        if self.next_offsets[number] >= self.ends[number]:
            self.open.discard(number)
        return not error and offset < self.ends[number]
