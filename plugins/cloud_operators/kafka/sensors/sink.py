"""Wait until a sink has written what its topics hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue, conf

from cloud_operators.exceptions import ServiceFailed
from cloud_operators.kafka.catching_up import CatchingUp
from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook
from cloud_operators.kafka.offsets import to_json
from cloud_operators.kafka.topics import check_name
from cloud_operators.kafka.triggers.sink import KafkaSinkCaughtUpTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class KafkaSinkCaughtUpSensor(BaseSensorOperator):
    """Wait until a consumer group has committed all that its topics hold.

    For a Kafka Connect sink the group is ``connect-<connector name>``. Records that come after the first look
    are not waited for. A topic that does not exist and brokers that do not answer are errors at once. A group
    that has committed nothing has caught up only if there is nothing to read.

    A sink commits only up to the last record that it has written. Dead letters at the end of a partition stay
    above its commit until a good record follows. Give ``dead_letter_topic``, and a partition has caught up
    when only dead letters are left; the topic is read when nothing has moved since the last look.

    The mode ``reschedule`` is refused: it would forget the ends read at the first look. Use ``deferrable``
    for long waits.

    .. seealso:: https://kafka.apache.org/documentation/#basic_ops_consumer_group

    :param group_id: the consumer group (templated)
    :param topics: topics that it reads (templated)
    :param offsets: offsets to reach, ``{"topic": {"0": next_offset}}``; default: the ends at the first look
        (templated)
    :param dead_letter_topic: topic of the records that the sink could not write, with Connect's context
        headers; default: every record is waited for (templated)
    :param kafka_conn_id: the Kafka connection (templated)
    :param request_timeout: seconds that one request to the brokers may take
    :param deferrable: wait in the triggerer
    :param kwargs: ``poke_interval``, ``timeout`` and the other arguments of BaseSensorOperator
    """

    template_fields: Sequence[str] = ("group_id", "topics", "offsets", "dead_letter_topic", "kafka_conn_id")
    template_fields_renderers = {"offsets": "json"}  # noqa: RUF012 # as BaseOperator has it
    valid_modes = ("poke",)
    ui_color = "#e6e6e6"

    def __init__(
        self,
        *,
        group_id: str,
        topics: Sequence[str],
        offsets: Mapping[str, Mapping[str, int]] | None = None,
        dead_letter_topic: str | None = None,
        kafka_conn_id: str = KafkaOffsetsHook.default_conn_name,
        request_timeout: float = 8,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.group_id = group_id
        self.topics = topics
        self.offsets = offsets
        self.dead_letter_topic = dead_letter_topic
        self.kafka_conn_id = kafka_conn_id
        self.request_timeout = request_timeout
        self.deferrable = deferrable

    @cached_property
    def catching_up(self) -> CatchingUp:
        """The wait.

        :raises ValueError: when a topic's name or an offset is wrong, or offsets and topics do not fit
        """
        topics = [check_name(topic) for topic in self.topics]
        if not topics:
            raise ValueError("topics: at least one is needed")
        if self.offsets is not None and set(self.offsets) - set(topics):
            raise ValueError(
                f"offsets of {', '.join(sorted(set(self.offsets) - set(topics)))}: not in topics"
            )
        return CatchingUp(
            group_id=self.group_id,
            topics=topics,
            offsets=self.offsets,
            dead_letter_topic=check_name(self.dead_letter_topic) if self.dead_letter_topic else None,
            kafka_conn_id=self.kafka_conn_id,
            request_timeout=self.request_timeout,
        )

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once.

        :returns: with what :meth:`execute` returns once caught up
        """
        done = self.catching_up.look()
        return PokeReturnValue(is_done=done, xcom_value=self.catching_up.reached() if done else None)

    def execute(self, context: Context) -> dict[str, Any]:
        """Wait.

        :returns: ``{"committed": {"topic": {"0": n}}, "end": {…}, "dead_lettered": {…}}``; the last counts
            the dead letters that were not waited for, where there are some
        :raises ResourceMissing: when a topic does not exist
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when the wait in the triggerer is broken off
        """
        if not self.deferrable:
            reached: dict[str, Any] = super().execute(context)
            return reached
        # The first look is here: it fixes the target, and fails at once when something is wrong.
        if not self.catching_up.look():
            self.defer(
                trigger=KafkaSinkCaughtUpTrigger(
                    group_id=self.group_id,
                    offsets=to_json(self.catching_up.target or {}),
                    dead_letter_topic=self.dead_letter_topic,
                    kafka_conn_id=self.kafka_conn_id,
                    poke_interval=self.poke_interval,
                    request_timeout=self.request_timeout,
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout),
            )
        return self.catching_up.reached()

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Finish after the trigger has fired.

        :param event: the trigger's event
        :returns: what :meth:`execute` returns
        :raises ServiceFailed: with the trigger's error
        """
        if event["status"] != "success":
            raise ServiceFailed(
                f"the wait for group {self.group_id!r}", "broken off", message=event["message"]
            )
        reached: dict[str, Any] = event["reached"]
        return reached
