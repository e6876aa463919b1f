"""Records of topics, read within limits; nothing joins a group or is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException

from cloud_operators.kafka.hooks.dead_letters import _ConsumerHook, _Reading
from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook


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
        take: Callable[[Any], object],
        *,
        time_limit: float = 60,
    ) -> dict[int, int]:
        """Hand each record of some ranges to a function, in the order of offsets within a partition.

        :param topic: the topic
        :param ranges: partition -> first offset, and the offset behind the last
        :param take: is given each message
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
                    take(message)
            except KafkaException as error:
                raise self.translated(f"topic {topic!r}", error) from error
            finally:
                consumer.close()
        return reading.next_offsets
