"""One wait for a consumer group, used alike by the sensor on a worker and by the trigger."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook
from cloud_operators.kafka.offsets import Offsets, Progress, from_json, to_json

log = logging.getLogger(__name__)


class CatchingUp:
    """Follow a group on its way to a target.

    :param group_id: the consumer group
    :param topics: topics to follow
    :param offsets: topic -> partition -> offset to reach; ``None`` takes the ends found at the first look
    :param kafka_conn_id: the Kafka connection
    :param request_timeout: seconds that one request to the brokers may take
    """

    def __init__(
        self,
        *,
        group_id: str,
        topics: list[str],
        offsets: Mapping[str, Mapping[str, int]] | None,
        kafka_conn_id: str,
        request_timeout: float,
    ) -> None:
        self.group_id = group_id
        self.topics = topics
        self.kafka_conn_id = kafka_conn_id
        self.request_timeout = request_timeout
        self.target: Offsets | None = None if offsets is None else from_json(offsets)
        self.progress: Progress | None = None

    @cached_property
    def hook(self) -> KafkaOffsetsHook:
        """The hook that reads the offsets; its client stays open from look to look."""
        return KafkaOffsetsHook(self.kafka_conn_id, request_timeout=self.request_timeout)

    def look(self) -> bool:
        """Read the offsets once and log how many records are left.

        :returns: whether the group has reached the target
        :raises ResourceMissing: when a topic or a partition does not exist
        :raises ServiceUnreachable: when no broker answers
        """
        progress = self.progress = self.hook.progress(self.group_id, self.topics)
        if self.target is None:
            self.target = progress.end
        left = progress.left(self.target)
        total = sum(left.values())
        if not total:
            log.info("Group %s has caught up", self.group_id)
            return True
        for behind in progress.beyond_end(self.target):
            log.warning("%s: not written yet, or was the topic recreated?", behind)
        parts = ", ".join(f"{topic} {count:,}" for topic, count in left.items() if count)
        log.info("Group %s has %s records left: %s", self.group_id, f"{total:,}", parts)
        return False

    def reached(self) -> dict[str, Any]:
        """Give the offsets of the last look, with text keys: ``committed`` and ``end``."""
        if self.progress is None:
            raise RuntimeError("look() comes first")
        return {"committed": to_json(self.progress.committed), "end": to_json(self.progress.end)}
