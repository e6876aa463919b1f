"""Where topics begin and end, and how far a consumer group has come."""

from __future__ import annotations

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, TopicPartition

from cloud_operators.exceptions import ResourceMissing
from cloud_operators.kafka.client import EARLIEST, LATEST, OffsetSpec, since
from cloud_operators.kafka.hooks.admin import KafkaAdminHook
from cloud_operators.kafka.offsets import Offsets, Progress


class KafkaOffsetsHook(KafkaAdminHook):
    """Read offsets with the admin client; nothing joins the group or is committed.

    .. seealso::
    https://docs.confluent.io/platform/current/clients/confluent-kafka-python/html/index.html#adminclient

    :param kafka_conn_id: the Kafka connection; its extra is the client's configuration
    :param request_timeout: seconds that one request may take, connecting included
    """

    def partitions(self, topics: list[str]) -> dict[str, list[int]]:
        """List the partitions of topics.

        :param topics: topics
        :raises ResourceMissing: that names those that do not exist
        """
        described = self.describe_topics(topics)
        missing = sorted(name for name, topic in described.items() if topic is None)
        if missing:
            raise ResourceMissing(
                f"topic {', '.join(repr(name) for name in missing)} on Kafka at {self.bootstrap_servers}"
            )
        return {
            name: sorted(partition.id for partition in topic.partitions)
            for name, topic in described.items()
            if topic is not None
        }

    def end_offsets(self, topics: list[str]) -> Offsets:
        """Read the offset that the next record of each partition will get.

        :param topics: topics
        :returns: topic -> partition -> offset
        :raises ResourceMissing: when a topic does not exist
        :raises ServiceUnreachable: when no broker answers
        """
        return self._listed(self.partitions(topics), LATEST)

    def beginning_offsets(self, topics: list[str]) -> Offsets:
        """Read the offset of the oldest record of each partition; its end offset when it has none.

        :param topics: topics
        :returns: topic -> partition -> offset
        :raises ResourceMissing: when a topic does not exist
        :raises ServiceUnreachable: when no broker answers
        """
        return self._listed(self.partitions(topics), EARLIEST)

    def offsets_at(self, topics: list[str], time_ms: int) -> Offsets:
        """Read the offset of the first record of each partition that is not older than a time.

        :param topics: topics
        :param time_ms: Unix time in milliseconds, compared with the records' timestamps
        :returns: topic -> partition -> offset; the end where all records are older
        :raises ResourceMissing: when a topic does not exist
        :raises ServiceUnreachable: when no broker answers
        """
        partitions = self.partitions(topics)
        # The ends first: a record written in between is then above them, not missed.
        ends = self._listed(partitions, LATEST)
        found = self._listed(partitions, since(time_ms))
        return {
            topic: {
                number: offset if offset >= 0 else ends[topic][number] for number, offset in offsets.items()
            }
            for topic, offsets in found.items()
        }

    def committed_offsets(self, group_id: str, topics: list[str]) -> dict[str, dict[int, int | None]]:
        """Read what a consumer group has committed.

        :param group_id: the group; one that does not exist has committed nothing
        :param topics: topics
        :returns: topic -> partition -> next offset to read, ``None`` where nothing was committed
        :raises ResourceMissing: when a topic does not exist
        :raises ServiceUnreachable: when no broker answers
        """
        return self._committed(group_id, self.partitions(topics))

    def progress(self, group_id: str, topics: list[str]) -> Progress:
        """Read all of the above at once.

        The commits are read before the ends, so that a group cannot seem to be ahead.

        :param group_id: the consumer group
        :param topics: topics
        :raises ResourceMissing: when a topic does not exist
        :raises ServiceUnreachable: when no broker answers
        """
        partitions = self.partitions(topics)
        return Progress(
            committed=self._committed(group_id, partitions),
            beginning=self._listed(partitions, EARLIEST),
            end=self._listed(partitions, LATEST),
        )

    def _committed(self, group_id: str, partitions: dict[str, list[int]]) -> dict[str, dict[int, int | None]]:
        asked = [TopicPartition(topic, each) for topic, numbers in partitions.items() for each in numbers]
        request = ConsumerGroupTopicPartitions(group_id, asked)
        futures = self.call(
            "list group offsets",
            lambda: self.client.list_consumer_group_offsets([request], request_timeout=self.request_timeout),
        )
        answer = self.result(
            f"offsets of group {group_id!r}", futures[group_id], absent=KafkaError.GROUP_ID_NOT_FOUND
        )
        committed: dict[str, dict[int, int | None]] = {
            topic: dict.fromkeys(numbers) for topic, numbers in partitions.items()
        }
        for found in answer.topic_partitions if answer else []:
            if found.offset >= 0:  # OFFSET_INVALID where nothing was committed
                committed[found.topic][found.partition] = found.offset
        return committed

    def _listed(self, partitions: dict[str, list[int]], spec: OffsetSpec) -> Offsets:
        asked = {
            TopicPartition(topic, each): spec for topic, numbers in partitions.items() for each in numbers
        }
        futures = self.call(
            "list offsets", lambda: self.client.list_offsets(asked, request_timeout=self.request_timeout)
        )
        offsets: Offsets = {topic: {} for topic in partitions}
        for partition, future in futures.items():
            listed = self.result(f"offsets of topic {partition.topic!r}", future)
            offsets[partition.topic][partition.partition] = int(listed.offset)
        return offsets
