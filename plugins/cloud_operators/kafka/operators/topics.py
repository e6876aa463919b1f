"""Make topics exist as wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from cloud_operators.exceptions import Difference, ResourceDiffers, ServiceFailed
from cloud_operators.kafka.hooks.admin import KafkaAdminHook
from cloud_operators.kafka.topics import Topic, topics_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class KafkaEnsureTopicsOperator(BaseOperator):
    """Create the topics that are missing and adopt those that are as wanted.

    All present topics are compared before the first one is created. A topic that differs is left as it is and
    fails the task with the list of differences, unless ``update`` allows to bring it in line: settings are
    changed and partitions added then. Partitions cannot be taken away, and replicas not be moved by the way:
    these differences fail the task in any case, before anything is changed.

    .. seealso:: https://kafka.apache.org/documentation/#topicconfigs and
        https://kafka.apache.org/documentation/#basic_ops_modify_topic

    :param topics: ``{"name", "partitions", "replication_factor", "config"}`` of each topic; ``config``
        (setting -> text) may be left out, and only the settings in it are compared (templated)
    :param update: bring topics that are there in line, as far as that is possible; records of a key may come
        to another partition when partitions are added
    :param kafka_conn_id: the Kafka connection (templated)
    :param request_timeout: seconds that one request to the brokers may take
    """

    template_fields: Sequence[str] = ("topics", "kafka_conn_id")
    template_fields_renderers = {"topics": "json"}  # noqa: RUF012 # as BaseOperator has it
    ui_color = "#e6e6e6"

    def __init__(
        self,
        *,
        topics: Sequence[Mapping[str, Any]],
        update: bool = False,
        kafka_conn_id: str = KafkaAdminHook.default_conn_name,
        request_timeout: float = 8,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.topics = topics
        self.update = update
        self.kafka_conn_id = kafka_conn_id
        self.request_timeout = request_timeout

    @cached_property
    def hook(self) -> KafkaAdminHook:
        """The hook that all requests go through."""
        return KafkaAdminHook(self.kafka_conn_id, request_timeout=self.request_timeout)

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Create or adopt the topics.

        :returns: ``{"name", "action", "partitions"}`` of each in the given order; action is ``created``,
            ``updated`` or ``adopted``
        :raises ValueError: when a topic is described wrongly
        :raises ResourceDiffers: when present topics are not as wanted, and must not or cannot be changed
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        wanted = topics_of(self.topics)
        if not wanted:
            return []
        found = self.hook.find_topics([topic.name for topic in wanted])
        self._refuse_differences(wanted, found)
        missing = [topic for topic in wanted if topic.name not in found]
        created = {topic.name for topic in missing}
        if missing:
            raced = self.hook.create_topics(missing)
            created -= raced
            found |= self._found_at_last(sorted(raced))
            self._refuse_differences(wanted, found)
        updated = self._update(wanted, found)
        actions = [
            {
                "name": topic.name,
                "action": "created"
                if topic.name in created
                else "updated"
                if topic.name in updated
                else "adopted",
                "partitions": topic.partitions,
            }
            for topic in wanted
        ]
        for action in actions:
            self.log.info("Topic %(name)s: %(action)s, partitions %(partitions)d", action)
        return actions

    def _update(self, wanted: list[Topic], found: Mapping[str, Topic]) -> set[str]:
        """Bring topics in line whose differences were not refused; a try after a crash finds what is left."""
        differing = [
            topic for topic in wanted if topic.name in found and topic.differences(found[topic.name])
        ]
        for topic in differing:
            present = found[topic.name]
            if changed := topic.differing_config(present):
                self.log.info("Topic %s: setting %s", topic.name, ", ".join(sorted(changed)))
                self.hook.set_config(topic.name, changed)
            if topic.partitions > present.partitions:
                self.log.info("Topic %s: adding partitions, up to %d", topic.name, topic.partitions)
                self.hook.create_partitions(topic.name, topic.partitions)
        return {topic.name for topic in differing}

    def _found_at_last(self, names: list[str]) -> dict[str, Topic]:
        """Read topics that somebody else has just created; brokers may take a moment to tell of them."""
        if not names:
            return {}
        reading = Retrying(
            retry=retry_if_result(lambda found: len(found) < len(names)),
            stop=stop_after_delay(self.request_timeout),
            wait=wait_fixed(0.2),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else {},
        )
        found: dict[str, Topic] = reading(self.hook.find_topics, names)
        absent = sorted(set(names) - set(found))
        if absent:
            raise ServiceFailed(
                f"topic {', '.join(absent)}",
                "neither creatable nor there",
                message="created and deleted by others?",
            )
        return found

    def _refuse_differences(self, wanted: list[Topic], found: Mapping[str, Topic]) -> None:
        differing: dict[str, dict[str, Difference]] = {}
        for topic in wanted:
            present = found.get(topic.name)
            differences = topic.differences(present) if present else {}
            if present and self.update:
                differences = topic.fixed_differences(present)
            if differences:
                differing[topic.name] = differences
        if not differing:
            return
        if len(differing) == 1:
            ((name, differences),) = differing.items()
            raise ResourceDiffers(f"topic {name!r}", differences)
        raise ResourceDiffers(
            f"each of topics {', '.join(repr(name) for name in differing)}",
            {
                f"{name} {what}": difference
                for name, each in differing.items()
                for what, difference in each.items()
            },
        )
