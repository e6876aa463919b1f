"""One consumer instance: a Kafka consumer and the backlog between it and its client.

Every method may block, and only one may run at a time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, TopicPartition

from pinterest_sandbox.rest_proxy.cluster import is_retriable, is_unknown_topic, translate
from pinterest_sandbox.rest_proxy.consumer_backlog import Backlog
from pinterest_sandbox.rest_proxy.consumer_records import Readable
from pinterest_sandbox.rest_proxy.consumer_requests import (
    InstanceOptions,
    Partition,
    PartitionOffset,
    PartitionTime,
    Subscription,
)
from pinterest_sandbox.rest_proxy.errors import RestError, illegal_state, retriable

_EXCLUSIVE = "Subscription to topics, partitions and pattern are mutually exclusive"
#: Kafka's own topics, which its consumers leave out of patterns.
_INTERNAL_TOPICS = ("__consumer_offsets", "__transaction_state")
#: Seconds after which the topics of a pattern are looked up again.
_PATTERN_REFRESH = 5.0
#: Seconds that Kafka has in any case to say that it is there.
_LEAST_CHECK = 2.0
#: Messages fetched from librdkafka in one call.
_FETCHED_AT_ONCE = 2000
#: What librdkafka reports in passing; a read goes on.
_PASSING = (KafkaError._PARTITION_EOF, KafkaError._MAX_POLL_EXCEEDED)


class Instance:
    """A Kafka consumer in a group.

    :param settings: of the Kafka client: ``bootstrap.servers`` and more.
    :param group: consumer group.
    :param options: its own.
    :param timeout: seconds that one question to Kafka may take.
    """

    def __init__(
        self, settings: Mapping[str, Any], group: str, options: InstanceOptions, *, timeout: float
    ) -> None:
        self.options = options
        self._timeout = timeout
        self._consumer = Consumer(
            {
                **settings,
                # An instance reports in its answers; each would write a line for every attempt to connect.
                "log_level": 2,
                "group.id": group,
                "auto.offset.reset": options.auto_offset_reset,
                "enable.auto.commit": options.auto_commit,
                # Committed is what clients got, not what was fetched for them.
                "enable.auto.offset.store": False,
                # When the proxy was killed, the group goes on after six seconds, not after 45.
                "session.timeout.ms": 6000,
                "heartbeat.interval.ms": 1000,
                "socket.timeout.ms": int(timeout * 1000),
                "queued.max.messages.kbytes": 16384,
                "fetch.queue.backoff.ms": 100,
            }
        )
        self._subscription: Subscription | None = None
        self._matched: tuple[str, ...] = ()
        self._matched_at = 0.0
        self._assigned = False
        self._trouble: RestError | None = None
        self.backlog = Backlog()

    # Subscriptions and assignments

    def subscribe(self, subscription: Subscription) -> None:
        """Read topics, or those that match a pattern, together with the group.

        :raises RestError: 40903 after the other kind of subscription, or after assignments.
        """
        before = self._subscription
        if self._assigned or (before and (before.pattern is None) != (subscription.pattern is None)):
            raise illegal_state(_EXCLUSIVE)
        topics = subscription.topics
        if topics is None:
            topics = self._matching(subscription.pattern)
        elif not topics:
            self.unsubscribe()
            return
        self._subscription = subscription
        self._subscribe(topics)

    def _subscribe(self, topics: tuple[str, ...]) -> None:
        if topics == self._matched:
            return
        self._matched = topics
        if topics:
            self._consumer.subscribe(list(topics), on_revoke=self._revoked, on_lost=self._revoked)
        else:
            self._leave()

    def _matching(self, pattern: re.Pattern[str] | None) -> tuple[str, ...]:
        self._matched_at = time.monotonic()
        names = self._consumer.list_topics(timeout=self._timeout).topics
        return tuple(
            name
            for name in sorted(names)
            if name not in _INTERNAL_TOPICS and pattern is not None and pattern.fullmatch(name)
        )

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Another member of the group may read them now: it begins with what is not committed."""
        self.backlog.forget(Partition(revoked.topic, revoked.partition) for revoked in partitions)

    def unsubscribe(self) -> None:
        """End the subscription, or the assignments."""
        self._subscription, self._matched, self._assigned = None, (), False
        self._leave()
        self.backlog.clear()
        self._trouble = None

    def _leave(self) -> None:
        self._consumer.unsubscribe()
        self._consumer.unassign()
        # The group's answer takes back what is assigned: not after something new was.
        deadline = time.monotonic() + self._timeout
        while self._consumer.assignment() and time.monotonic() < deadline:
            self._consumer.consume(1, timeout=0.02)

    @property
    def topics(self) -> tuple[str, ...]:
        """Those that it is subscribed to, by name or by pattern."""
        return self._matched

    def assign(self, partitions: Sequence[Partition]) -> None:
        """Read just these partitions, whatever the group does.

        :raises RestError: 40903 when there is a subscription.
        """
        if self._subscription:
            raise illegal_state(_EXCLUSIVE)
        if not partitions:
            self.unsubscribe()
            return
        # Those that were read before go on where they are, behind what was fetched and not yet delivered.
        fetched = self.backlog.fetched()
        self._consumer.assign(
            [TopicPartition(*found, fetched.get(found, OFFSET_INVALID)) for found in partitions]
        )
        self.backlog.keep(partitions)
        self._assigned = True

    @property
    def assignment(self) -> list[Partition]:
        """The partitions that it reads; with a subscription, known after a read or two."""
        return sorted(Partition(found.topic, found.partition) for found in self._consumer.assignment())

    # Records

    def take(self, room: int, wait: float, *, first: bool) -> tuple[list[Readable], bool]:
        """The next records that are there.

        :param room: bytes of keys and values to take at most.
        :param wait: seconds to wait for the first one.
        :param first: take one even if it is larger than that: it would never be read otherwise.
        :returns: the records, and whether there are more that do not fit.
        :raises RestError: 40801 when the next one is not in the instance's format; 40903 without a
            subscription or assignments; Kafka's errors.
        """
        if not self.backlog:
            self._fetch(wait)
        taken, full = self.backlog.take(self.options.embedded, room, first=first)
        if not taken and self._trouble:
            trouble, self._trouble = self._trouble, None
            raise trouble
        return taken, full

    def _fetch(self, wait: float) -> None:
        if not self._subscription and not self._assigned:
            raise illegal_state("Consumer is not subscribed to any topics or assigned any partitions")
        pattern = self._subscription.pattern if self._subscription else None
        if pattern and time.monotonic() - self._matched_at > _PATTERN_REFRESH:
            self._subscribe(self._matching(pattern))
        for message in self._consumer.consume(_FETCHED_AT_ONCE, timeout=wait):
            error = message.error()
            if error is None:
                self.backlog.add(message)
            elif not (error.code() in _PASSING or is_unknown_topic(error) or is_retriable(error)):
                self._trouble = translate(error)

    def check_kafka(self, waited: float) -> None:
        """Ask whether Kafka is there: that nothing came need not mean that there is nothing.

        :param waited: seconds for which nothing has come; so much less it has to answer.
        :raises KafkaException: when it does not answer.
        """
        self._consumer.list_topics(timeout=max(_LEAST_CHECK, self._timeout - waited))

    def delivered(self, records: Sequence[Readable], epoch: int) -> None:
        """Note what the client got.

        :param epoch: the backlog's when they were taken.
        """
        self._store(self.backlog.delivered(records, epoch))

    def _store(self, ends: Mapping[Partition, int]) -> None:
        """Leave it to librdkafka to commit them in time, if it shall."""
        if not self.options.auto_commit or not ends:
            return
        try:
            self._consumer.store_offsets(
                offsets=[TopicPartition(*partition, offset) for partition, offset in ends.items()]
            )
        except KafkaException as error:
            # The partition has gone to another member, which reads from what is committed.
            if error.args[0].code() not in (KafkaError._STATE, KafkaError._UNKNOWN_PARTITION):
                raise

    # Offsets

    def commit(self, offsets: Sequence[PartitionOffset] | None) -> None:
        """Commit given records, or all that the client got.

        :param offsets: of the last records that are done; the group goes on after them.
        :raises RestError: an error of Kafka for one of the partitions.
        """
        if offsets is None:
            mine = set(self.assignment)
            wanted = [
                TopicPartition(*partition, offset)
                for partition, offset in self.backlog.positions().items()
                if partition in mine
            ]
        else:
            wanted = [
                TopicPartition(*partition, offset + 1, metadata)
                if metadata
                else TopicPartition(*partition, offset + 1)
                for partition, offset, metadata in offsets
            ]
        if not wanted:
            return
        for done in self._consumer.commit(offsets=wanted, asynchronous=False) or []:
            if done.error is not None:
                raise translate(done.error)

    def committed(self, partitions: Sequence[Partition]) -> list[PartitionOffset]:
        """What the group has committed; partitions without a commit are left out.

        :raises RestError: an error of Kafka for one of the partitions.
        """
        if not partitions:
            return []
        asked = [TopicPartition(*partition) for partition in partitions]
        found = []
        for answered in self._consumer.committed(asked, timeout=self._timeout):
            if answered.error is not None and not is_unknown_topic(answered.error):
                raise translate(answered.error)
            if answered.offset >= 0:
                place = Partition(answered.topic, answered.partition)
                found.append(PartitionOffset(place, answered.offset, answered.metadata or ""))
        return found

    # Positions

    def seek(self, offsets: Iterable[tuple[Partition, int]]) -> None:
        """Go on reading at other offsets.

        :raises RestError: 40903 for a partition that is not read.
        """
        places = dict(offsets)
        self._check_assigned(places)
        for partition, offset in places.items():
            self._seek(TopicPartition(*partition, offset))
            # Not before: what was fetched does not come again.
            self.backlog.move({partition: offset})
        self._store(places)

    def seek_to_times(self, times: Sequence[PartitionTime]) -> None:
        """Go on reading with the first records at or after a moment, or at the end.

        :raises RestError: 40903 for a partition that is not read.
        """
        self._check_assigned([moment.partition for moment in times])
        asked = [TopicPartition(*moment.partition, moment.timestamp) for moment in times]
        found = self._consumer.offsets_for_times(asked, timeout=self._timeout) if asked else []
        places: dict[Partition, int] = {}
        for answered in found:
            if answered.error is not None:
                raise translate(answered.error)
            place = Partition(answered.topic, answered.partition)
            places[place] = answered.offset if answered.offset >= 0 else self._bounds(place)[1]
        self.seek(places.items())

    def seek_to_bounds(self, partitions: Sequence[Partition], *, end: bool) -> None:
        """Go to the beginning or the end.

        :param partitions: none stands for all that are read.
        :raises RestError: 40903 for a partition that is not read.
        """
        self._check_assigned(partitions)
        places = partitions or self.assignment
        self.seek([(partition, self._bounds(partition)[end]) for partition in places])

    def _bounds(self, partition: Partition) -> tuple[int, int]:
        bounds = self._consumer.get_watermark_offsets(TopicPartition(*partition), timeout=self._timeout)
        if bounds is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return bounds

    def _check_assigned(self, partitions: Iterable[Partition]) -> None:
        mine = set(self.assignment)
        for partition in partitions:
            if partition not in mine:
                raise illegal_state(f"No current assignment for partition {partition.topic}-{partition[1]}")

    def _seek(self, place: TopicPartition) -> None:
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                self._consumer.seek(place)
                return
            except KafkaException as error:
                # A partition that was assigned a moment ago still looks up where it begins.
                if error.args[0].code() != KafkaError._STATE:
                    raise
                if time.monotonic() > deadline:
                    raise retriable("Kafka does not answer.") from error
            time.sleep(0.02)

    def close(self) -> None:
        """Leave the group; with ``auto.commit.enable``, commit what the client got."""
        self._consumer.close()
