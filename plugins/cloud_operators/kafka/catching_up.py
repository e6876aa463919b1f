"""One wait for a consumer group, used alike by the sensor on a worker and by the trigger."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook
from cloud_operators.kafka.offsets import Offsets, Origins, Progress, from_json, to_json

log = logging.getLogger(__name__)

#: Seconds of reading dead letters at one look; the next look reads on.
READING_S = 30


class CatchingUp:
    """Follow a group on its way to a target.

    :param group_id: the consumer group
    :param topics: topics to follow
    :param offsets: topic -> partition -> offset to reach; ``None`` takes the ends found at the first look
    :param dead_letter_topic: where the sink puts records that it cannot write; they are not waited for
    :param kafka_conn_id: the Kafka connection
    :param request_timeout: seconds that one request to the brokers may take
    """

    def __init__(
        self,
        *,
        group_id: str,
        topics: list[str],
        offsets: Mapping[str, Mapping[str, int]] | None,
        dead_letter_topic: str | None = None,
        kafka_conn_id: str,
        request_timeout: float,
    ) -> None:
        self.group_id = group_id
        self.topics = topics
        self.dead_letter_topic = dead_letter_topic
        self.kafka_conn_id = kafka_conn_id
        self.request_timeout = request_timeout
        self.target: Offsets | None = None if offsets is None else from_json(offsets)
        self.progress: Progress | None = None
        self.dead: Offsets = {}
        self._origins: Origins = {}
        self._read_up_to: dict[int, int] = {}

    @cached_property
    def hook(self) -> DeadLetterHook:
        """The hook that reads the offsets; its client stays open from look to look."""
        return DeadLetterHook(self.kafka_conn_id, request_timeout=self.request_timeout)

    def look(self) -> bool:
        """Read the offsets once and log how many records are left.

        Dead letters are read only when nothing that is behind has moved since the last look: a sink at work
        will commit soon, and what it commits needs no explanation.

        :returns: whether the group has reached the target, or only dead letters are in between
        :raises ResourceMissing: when a topic or a partition does not exist
        :raises ServiceUnreachable: when no broker answers
        """
        before = self.progress
        progress = self.progress = self.hook.progress(self.group_id, self.topics)
        target = self.target = progress.end if self.target is None else self.target
        if before is None and self.dead_letter_topic:
            self.hook.partitions([self.dead_letter_topic])  # a wrong name is told now, not when it is needed
        self.dead = progress.dead(target, self._origins)
        stuck = before and self._left(progress, target) and not progress.moved(before, target, self.dead)
        if stuck and self.dead_letter_topic:
            self._read_dead_letters(self.dead_letter_topic)
            self.dead = progress.dead(target, self._origins)
        return self._tell(progress, target)

    def _read_dead_letters(self, topic: str) -> None:
        found = self.hook.read_dead_letters(topic, start=self._read_up_to, time_limit=READING_S)
        self._read_up_to = found.next_offsets
        for name in self.topics:
            self._origins.setdefault(name, set()).update(found.origins.get(name, ()))
        if not found.complete:
            log.warning("Dead letters of %s: reading goes on at the next look", topic)

    def _left(self, progress: Progress, target: Offsets) -> dict[str, int]:
        """Records left, dead letters not counted, by topic; only topics that have some."""
        left = {
            topic: count - sum(self.dead.get(topic, {}).values())
            for topic, count in progress.left(target).items()
        }
        return {topic: count for topic, count in left.items() if count}

    def _tell(self, progress: Progress, target: Offsets) -> bool:
        left = self._left(progress, target)
        for topic, partitions in self.dead.items():
            for number, count in partitions.items():
                log.info("%s[%d]: %s dead letters are not waited for", topic, number, f"{count:,}")
        if not left:
            log.info("Group %s has caught up", self.group_id)
            return True
        for behind in progress.beyond_end(target):
            log.warning("%s: not written yet, or was the topic recreated?", behind)
        parts = ", ".join(f"{topic} {count:,}" for topic, count in left.items())
        log.info("Group %s has %s records left: %s", self.group_id, f"{sum(left.values()):,}", parts)
        return False

    def reached(self) -> dict[str, Any]:
        """Give what the last look saw, with text keys.

        :returns: the offsets ``committed`` and ``end``, and ``dead_lettered``: the number of dead letters
            between committed offset and target, for partitions that have some
        """
        if self.progress is None:
            raise RuntimeError("look() comes first")
        return {
            "committed": to_json(self.progress.committed),
            "end": to_json(self.progress.end),
            "dead_lettered": to_json(self.dead),
        }
