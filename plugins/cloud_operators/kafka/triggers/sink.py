"""Wait in the triggerer until a consumer group has caught up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from cloud_operators.kafka.catching_up import CatchingUp
from cloud_operators.kafka.offsets import JsonOffsets


class KafkaSinkCaughtUpTrigger(BaseTrigger):
    """Fire once a group has committed the given offsets.

    :param group_id: the consumer group
    :param offsets: topic -> partition (text) -> offset to reach
    :param dead_letter_topic: topic of the records that the sink could not write; they are not waited for
    :param kafka_conn_id: the Kafka connection
    :param poke_interval: seconds between two readings
    :param request_timeout: seconds that one request to the brokers may take
    """

    def __init__(
        self,
        *,
        group_id: str,
        offsets: JsonOffsets,
        dead_letter_topic: str | None = None,
        kafka_conn_id: str,
        poke_interval: float,
        request_timeout: float,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.group_id = group_id
        self.offsets = offsets
        self.dead_letter_topic = dead_letter_topic
        self.kafka_conn_id = kafka_conn_id
        self.poke_interval = poke_interval
        self.request_timeout = request_timeout

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give class path and arguments, for the triggerer."""
        arguments = (
            "group_id",
            "offsets",
            "dead_letter_topic",
            "kafka_conn_id",
            "poke_interval",
            "request_timeout",
        )
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in arguments}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Read the offsets again and again. An error goes to the task, which knows what to do with it."""
        catching_up = CatchingUp(
            group_id=self.group_id,
            topics=list(self.offsets),
            offsets=self.offsets,
            dead_letter_topic=self.dead_letter_topic,
            kafka_conn_id=self.kafka_conn_id,
            request_timeout=self.request_timeout,
        )
        event: dict[str, Any]
        try:
            # The client's calls block: in a thread they leave the triggerer's other triggers running.
            while not await asyncio.to_thread(catching_up.look):
                await asyncio.sleep(self.poke_interval)
        except Exception as error:
            event = {"status": "error", "message": f"{type(error).__name__}: {error}"}
        else:
            event = {"status": "success", "reached": catching_up.reached()}
        yield TriggerEvent(event)
