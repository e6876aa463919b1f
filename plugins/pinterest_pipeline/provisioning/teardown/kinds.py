"""The kinds of resources that provisioning makes: in which order they go, and how each is looked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pinterest_pipeline import connections
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning import finders
from pinterest_pipeline.provisioning.access import find_api_key, find_usage_plan
from pinterest_pipeline.provisioning.heartbeat_alarm import find_alarm, has_tags
from pinterest_pipeline.provisioning.plugin_source import S3File
from pinterest_pipeline.provisioning.tasks import resource_tags

if TYPE_CHECKING:
    from cloud_operators.aws.hooks.kinesis import KinesisHook
    from cloud_operators.aws.hooks.msk_connect import MskConnectHook
    from cloud_operators.kafka.hooks.admin import KafkaAdminHook

#: The entrance first, so that nothing is acknowledged that nobody writes any more; then each kind before
#: those that it uses: a connector uses its plugin, all use the bucket.
ORDER = (
    "usage_plan",
    "api_key",
    "rest_api",
    "secret",
    "connector",
    "custom_plugin",
    "worker_configuration",
    "plugin_file",
    "ssm_document",
    "alarm",
    "stream",
    "topic",
    "bucket",
)


class Present(NamedTuple):
    """What is there under a name.

    :param identifier: ARN, id or name by which the service knows it.
    :param made_at: when it was made, where the identifier would be the same for another one.
    :param foreign: why it is not what provisioning has made; empty when nothing speaks against it.
    """

    identifier: str
    made_at: datetime | None = None
    foreign: str = ""


type Find = Callable[[str, str], Present | None]


def finder(bucket: str) -> Find:
    """Make the function that looks for one resource.

    :param bucket: the pipeline's bucket.
    :returns: for kind and name what is there now, ``None`` when there is nothing.
    """
    looks = _Looks(bucket)
    return lambda kind, name: getattr(looks, kind)(name)


def check_kinds(kinds: set[str]) -> None:
    """Refuse a record with kinds that can't be taken down.

    :param kinds: those in the record.
    :raises Permanent: naming the unknown ones.
    """
    unknown = sorted(kinds - set(ORDER))
    if unknown:
        raise Permanent(
            f"_state/resources.json has resources of kinds that are not known here: {', '.join(unknown)}. "
            "A newer version of the pipeline has made them: take them down with that version"
        )


class _Looks:
    """A method a kind, which looks for a resource by its name. Clients are made once, and as needed."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = functools.cache(connections.aws_client)

    @functools.cached_property
    def _connect(self) -> MskConnectHook:
        from cloud_operators.aws.hooks.msk_connect import MskConnectHook

        return MskConnectHook(aws_conn_id=connections.AWS)

    @functools.cached_property
    def _streams(self) -> KinesisHook:
        from cloud_operators.aws.hooks.kinesis import KinesisHook

        return KinesisHook(aws_conn_id=connections.AWS)

    @functools.cached_property
    def _topics(self) -> KafkaAdminHook:
        from cloud_operators.kafka.hooks.admin import KafkaAdminHook

        return KafkaAdminHook(kafka_conn_id=connections.KAFKA)

    def connector(self, name: str) -> Present | None:
        return _present(self._connect.find_connector(name), "connectorArn")

    def custom_plugin(self, name: str) -> Present | None:
        return _present(self._connect.find_custom_plugin(name), "customPluginArn")

    def worker_configuration(self, name: str) -> Present | None:
        return _present(self._connect.find_worker_configuration(name), "workerConfigurationArn")

    def plugin_file(self, key: str) -> Present | None:
        found = S3File(self._client("s3"), self._bucket, key).find()
        if found is None:
            return None
        return Present(
            f"s3://{self._bucket}/{key}", foreign="" if found.copied_of else "it was not copied there"
        )

    def usage_plan(self, name: str) -> Present | None:
        return _present(find_usage_plan(self._client("apigateway"), name), "id")

    def api_key(self, name: str) -> Present | None:
        return _present(find_api_key(self._client("apigateway"), name), "id")

    def rest_api(self, name: str) -> Present | None:
        identifier = finders.find_rest_api(name)
        return Present(identifier) if identifier else None

    def secret(self, name: str) -> Present | None:
        identifier = finders.find_secret(name)
        return Present(identifier) if identifier else None

    def ssm_document(self, name: str) -> Present | None:
        client = self._client("ssm")
        try:
            # The date is that of a version, and an update by provisioning makes another one.
            found = client.describe_document(Name=name, DocumentVersion="1")["Document"]
        except client.exceptions.InvalidDocument:
            return None
        return _present(found, "Name", "CreatedDate")

    def alarm(self, name: str) -> Present | None:
        client = self._client("cloudwatch")
        found = find_alarm(client, name)
        if found is None:
            return None
        # Its ARN is made of its name, and it does not say when it was made: but ours was made with tags.
        ours = has_tags(client, found["AlarmArn"], resource_tags())
        return Present(found["AlarmArn"], foreign="" if ours else "it lacks the tags of what is made here")

    def stream(self, name: str) -> Present | None:
        # A stream's ARN is made of its name, so that the one that is made again has it too.
        return _present(self._streams.find_stream(name), "StreamARN", "StreamCreationTimestamp")

    def topic(self, name: str) -> Present | None:
        # Kafka knows a topic by an id, which another one of the same name does not have.
        found = self._topics.describe_topics([name])[name]
        return Present(str(found.topic_id)) if found is not None else None

    def bucket(self, name: str) -> Present | None:
        # The record lies in it, unless the state is elsewhere: a bucket that is made again has none.
        identifier = finders.find_bucket(self._client("s3"), name)
        return Present(identifier) if identifier else None


def _present(found: Mapping[str, Any] | None, identifier: str, made_at: str = "") -> Present | None:
    if not found:
        return None
    return Present(str(found[identifier]), made_at=found[made_at] if made_at else None)
