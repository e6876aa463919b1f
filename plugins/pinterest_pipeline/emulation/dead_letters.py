"""Dead letters: where the records came from that the sink could not write."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from airflow.providers.apache.kafka.hooks.base import KafkaBaseHook

from pinterest_pipeline.errors import PipelineError

logger = logging.getLogger(__name__)

TIMEOUT_S = 10.0
#: Seconds without a message after which the topic is said not to answer.
SILENCE_S = 30.0

#: Topic to partition and offset of each record, every record once.
Origins = dict[str, set[tuple[int, int]]]


class DeadLetterHook(KafkaBaseHook):
    """Reads a dead-letter topic as it is now, without a consumer group's offsets.

    :param kafka_conn_id: the Kafka connection.
    """

    def __init__(self, kafka_conn_id: str) -> None:
        super().__init__(kafka_conn_id)  # type: ignore[no-untyped-call]

    def _get_client(self, config: dict[str, Any]) -> Any:
        from confluent_kafka import Consumer

        # A group id must be given, but offsets are neither fetched nor committed.
        fixed = {
            "group.id": "pinterest-dead-letters",
            "enable.auto.commit": False,
            "enable.partition.eof": False,
        }
        return Consumer({**config, **fixed})

    def read_origins(self, topic: str, *, since_ms: int = 0) -> Origins:
        """Read the origins of all dead letters.

        :param topic: the dead-letter topic.
        :param since_ms: Unix time in milliseconds before which dead letters are left out.
        :raises PipelineError: when the topic is unknown or the broker stops answering.
        """
        from confluent_kafka import KafkaException

        consumer = self.get_conn
        try:
            return self._read(consumer, topic, since_ms)
        except KafkaException as error:
            raise PipelineError(f"dead-letter topic {topic} can't be read: {error.args[0]}") from error
        finally:
            consumer.close()

    def _read(self, consumer: Any, topic: str, since_ms: int) -> Origins:
        from confluent_kafka import TopicPartition

        described = consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic]
        if described.error:
            raise PipelineError(f"dead-letter topic {topic} can't be read: {described.error}")
        wanted = [TopicPartition(topic, number, since_ms) for number in described.partitions]
        starts = consumer.offsets_for_times(wanted, timeout=TIMEOUT_S)
        ends = {}
        assignment = []
        for start in starts:
            low, high = consumer.get_watermark_offsets(start, timeout=TIMEOUT_S)
            first = max(start.offset, low) if start.offset >= 0 else high
            if first < high:
                ends[start.partition] = high
                assignment.append(TopicPartition(topic, start.partition, first))
        consumer.assign(assignment)
        return collect_origins(self._messages(consumer, topic, ends))

    def _messages(self, consumer: Any, topic: str, ends: dict[int, int]) -> Iterable[Any]:
        open_partitions = set(ends)
        while open_partitions:
            messages = consumer.consume(num_messages=500, timeout=SILENCE_S)
            if not messages:
                raise PipelineError(
                    f"dead-letter topic {topic}: no message for {SILENCE_S:.0f} s before its end"
                )
            for message in messages:
                if message.error():
                    raise PipelineError(f"dead-letter topic {topic}: {message.error()}")
                if message.offset() < ends[message.partition()]:
                    yield message
            for place in consumer.position([_place(topic, number) for number in open_partitions]):
                if place.offset >= ends[place.partition]:
                    open_partitions.discard(place.partition)


def collect_origins(messages: Iterable[Any]) -> Origins:
    """The origins that Kafka Connect's context headers name. Messages without them are no dead letters of the
    sink.

    :param messages: Kafka messages.
    """
    origins: Origins = defaultdict(set)
    strangers = 0
    for message in messages:
        headers = {name: value or b"" for name, value in message.headers() or []}
        try:
            topic = headers["__connect.errors.topic"].decode()
            place = int(headers["__connect.errors.partition"]), int(headers["__connect.errors.offset"])
        except (KeyError, ValueError):
            strangers += 1
            continue
        origins[topic].add(place)
    if strangers:
        logger.warning("%d messages of the dead-letter topic do not say where they came from", strangers)
    return dict(origins)


def _place(topic: str, partition: int) -> Any:
    from confluent_kafka import TopicPartition

    return TopicPartition(topic, partition)
