"""Delete topics."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from confluent_kafka import KafkaError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from cloud_operators.exceptions import WaitTimedOut
from cloud_operators.kafka.hooks.admin import KafkaAdminHook
from cloud_operators.kafka.topics import check_name

if TYPE_CHECKING:
    from airflow.sdk import Context


class KafkaDeleteTopicsOperator(BaseOperator):
    """Delete topics with all their records; those that are gone already are no error.

    Brokers delete in the background: the task ends once they do not tell of the topics any more. With a topic
    go the offsets that groups have committed for it.

    .. seealso:: https://kafka.apache.org/documentation/#brokerconfigs_delete.topic.enable

    :param topics: names of the topics (templated)
    :param kafka_conn_id: the Kafka connection (templated)
    :param request_timeout: seconds that one request to the brokers may take, and that all topics may take to
        be gone
    """

    template_fields: Sequence[str] = ("topics", "kafka_conn_id")
    ui_color = "#e6e6e6"

    def __init__(
        self,
        *,
        topics: Sequence[str],
        kafka_conn_id: str = KafkaAdminHook.default_conn_name,
        request_timeout: float = 8,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.topics = topics
        self.kafka_conn_id = kafka_conn_id
        self.request_timeout = request_timeout

    @cached_property
    def hook(self) -> KafkaAdminHook:
        """The hook that all requests go through."""
        return KafkaAdminHook(self.kafka_conn_id, request_timeout=self.request_timeout)

    def execute(self, context: Context) -> list[str]:
        """Delete the topics that are there.

        :returns: names of those that were deleted
        :raises ValueError: when a name is none that a topic can have
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        :raises WaitTimedOut: when a topic is not gone in time
        """
        names = [check_name(name) for name in self.topics]
        present = self._present(names)
        if not present:
            self.log.info("None of the topics %s is there; nothing to delete", names)
            return []
        futures = self.hook.call(
            "delete topics",
            lambda: self.hook.client.delete_topics(
                present, request_timeout=self.request_timeout, operation_timeout=self.request_timeout
            ),
        )
        for name, future in futures.items():
            self.hook.result(f"topic {name!r}", future, absent=KafkaError.UNKNOWN_TOPIC_OR_PART)
        self._wait_until_gone(present)
        self.log.info("Deleted topics %s", ", ".join(present))
        return present

    def _present(self, names: list[str]) -> list[str]:
        described = self.hook.describe_topics(names) if names else {}
        return [name for name in names if described[name] is not None]

    def _wait_until_gone(self, names: list[str]) -> None:
        looking = Retrying(
            retry=retry_if_result(bool),
            stop=stop_after_delay(self.request_timeout),
            wait=wait_fixed(0.2),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else names,
        )
        left = looking(self._present, names)
        if left:
            raise WaitTimedOut(f"topic {', '.join(left)}", "gone", "there")
