"""The Kafka admin client of a connection, with time limits and errors that name the brokers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import cached_property
from typing import Any

from airflow.providers.apache.kafka.hooks.client import KafkaAdminClientHook
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from cloud_operators.exceptions import ServiceFailed, ServiceUnreachable
from cloud_operators.kafka.client import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
    TopicDescription,
)
from cloud_operators.kafka.topics import Topic

#: Codes that mean "no broker answered", as opposed to "a broker refused".
_UNREACHABLE = {
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
    KafkaError._RESOLVE,
    KafkaError._AUTHENTICATION,
}

#: What the client adds to an error: "(after 0ms in state CONNECT, 3 identical error(s) suppressed)".
_DETAILS = re.compile(r"\s*\(after \d+ms in state [^()]*(\(s\)[^()]*)?\)$")


class KafkaAdminHook(KafkaAdminClientHook):
    """The provider's admin hook, so its connection, callbacks and MSK IAM tokens, with our limits and errors.

    :param kafka_conn_id: the Kafka connection; its extra is the client's configuration
    :param request_timeout: seconds that one request may take, connecting included
    """

    def __init__(
        self, kafka_conn_id: str = KafkaAdminClientHook.default_conn_name, *, request_timeout: float = 8
    ) -> None:
        super().__init__(kafka_config_id=kafka_conn_id)
        self.request_timeout = request_timeout
        self._last_error = ""
        self._servers = ""

    def _get_client(self, config: dict[str, Any]) -> AdminClient:
        self._servers = str(config["bootstrap.servers"])
        # The reason why a broker cannot be reached comes by this callback only.
        with_callback: dict[str, Any] = {"error_cb": self._remember_error, **config}
        return AdminClient(with_callback)

    def _remember_error(self, error: KafkaError) -> None:
        # "all brokers down" follows the errors that say why.
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self._last_error = _DETAILS.sub("", error.str())

    @cached_property
    def client(self) -> AdminClient:
        """The admin client.

        :raises ValueError: when the connection lacks ``bootstrap.servers``
        """
        client: AdminClient = self.get_conn
        return client

    @property
    def bootstrap_servers(self) -> str:
        """Where the connection looks for brokers."""
        if not self._servers:
            self.client  # noqa: B018 # reads the connection
        return self._servers

    def describe_topics(self, names: list[str]) -> dict[str, TopicDescription | None]:
        """Read partitions and replicas of topics. No topic is created by asking.

        :param names: topics
        :returns: name -> description, ``None`` for a topic that does not exist
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        futures = self.call(
            "describe topics",
            lambda: self.client.describe_topics(TopicCollection(names), request_timeout=self.request_timeout),
        )
        return {
            name: self.result(f"topic {name!r}", future, absent=KafkaError.UNKNOWN_TOPIC_OR_PART)
            for name, future in futures.items()
        }

    def describe_configs(self, names: list[str]) -> dict[str, dict[str, str | None]]:
        """Read the settings of topics.

        :param names: topics that exist
        :returns: name -> setting -> value, defaults included; sensitive values are ``None``
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        futures = self.call(
            "describe settings",
            lambda: self.client.describe_configs(resources, request_timeout=self.request_timeout),
        )
        return {
            resource.name: {
                entry.name: entry.value
                for entry in self.result(f"settings of topic {resource.name!r}", future).values()
            }
            for resource, future in futures.items()
        }

    def find_topics(self, names: list[str]) -> dict[str, Topic]:
        """Read topics with their settings.

        :param names: topics
        :returns: name -> topic as found, without those that do not exist; the replication factor is the
            smallest of its partitions
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        described = self.describe_topics(names)
        present = {name: topic for name, topic in described.items() if topic is not None}
        configs = self.describe_configs(list(present)) if present else {}
        return {
            name: Topic(
                name,
                partitions=len(topic.partitions),
                replication_factor=min(len(partition.replicas) for partition in topic.partitions),
                config=configs[name],
            )
            for name, topic in present.items()
        }

    def create_partitions(self, name: str, total: int, *, validate_only: bool = False) -> None:
        """Add partitions to a topic.

        :param name: topic
        :param total: number of partitions afterwards, more than there are
        :param validate_only: ask only whether it would be done
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        futures = self.call(
            "create partitions",
            lambda: self.client.create_partitions(
                [NewPartitions(name, total)],
                request_timeout=self.request_timeout,
                operation_timeout=self.request_timeout,
                validate_only=validate_only,
            ),
        )
        self.result(f"partitions of topic {name!r}", futures[name])

    def set_config(self, name: str, config: Mapping[str, str], *, validate_only: bool = False) -> None:
        """Change settings of a topic and leave its others as they are.

        :param name: topic
        :param config: setting -> value
        :param validate_only: ask only whether it would be done
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        entries = [
            ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
            for setting, value in config.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
        futures = self.call(
            "change settings",
            lambda: self.client.incremental_alter_configs(
                [resource], request_timeout=self.request_timeout, validate_only=validate_only
            ),
        )
        self.result(f"settings of topic {name!r}", futures[resource])

    def create_topics(self, topics: list[Topic], *, validate_only: bool = False) -> set[str]:
        """Create topics.

        :param topics: what to create
        :param validate_only: ask only whether it would be done
        :returns: names of the topics that somebody else had created in the meantime
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        new = [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=topic.replication_factor,
                config={setting: str(value) for setting, value in topic.config.items()},
            )
            for topic in topics
        ]
        futures = self.call(
            "create topics",
            lambda: self.client.create_topics(
                new,
                request_timeout=self.request_timeout,
                operation_timeout=self.request_timeout,
                validate_only=validate_only,
            ),
        )
        raced = set()
        for name, future in futures.items():
            created = self.result(
                f"topic {name!r}", future, absent=KafkaError.TOPIC_ALREADY_EXISTS, found=True
            )
            if not created:
                raced.add(name)
        return raced

    def call[T](self, what: str, request: Callable[[], Mapping[T, Future[Any]]]) -> Mapping[T, Future[Any]]:
        """Send a request.

        :param what: name of the request, for the error
        :param request: sends it
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when it is refused
        """
        try:
            return request()
        except KafkaException as error:
            raise self.translated(what, error) from error

    def result(self, what: str, future: Future[Any], *, absent: int | None = None, found: Any = None) -> Any:
        """Wait for one result.

        :param what: the thing asked for, for the error
        :param future: what the client gave
        :param absent: error code that stands for ``None`` instead of an error
        :param found: what to return instead of an empty result
        :raises ServiceUnreachable: when no broker answers
        :raises ServiceFailed: when a broker refuses
        """
        try:
            # The client ends each request by itself; the margin only guards against one that does not.
            value = future.result(timeout=self.request_timeout + 2)
        except KafkaException as error:
            if absent is not None and error.args[0].code() == absent:
                return None
            raise self.translated(what, error) from error
        except TimeoutError as error:
            raise ServiceUnreachable("Kafka", self.bootstrap_servers, self._reason()) from error
        return found if value is None else value

    def translated(self, what: str, error: KafkaException) -> ServiceFailed | ServiceUnreachable:
        """Say what a client's error means.

        :param what: the thing asked for
        :param error: the client's error
        """
        kafka_error: KafkaError = error.args[0]
        if kafka_error.code() in _UNREACHABLE:
            self.client.poll(0)  # lets the callback tell the reason
            return ServiceUnreachable("Kafka", self.bootstrap_servers, self._reason(kafka_error.str()))
        return ServiceFailed(
            f"{what} on Kafka at {self.bootstrap_servers}", "refused", kafka_error.name(), kafka_error.str()
        )

    def _reason(self, otherwise: str = "") -> str:
        return self._last_error or otherwise or f"no answer within {self.request_timeout:g} s"
