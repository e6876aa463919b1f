"""The kinds of resources that provisioning makes: in which order they go, and how each is looked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from pinterest_pipeline import connections
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning import finders
from pinterest_pipeline.provisioning.access import find_api_key, find_usage_plan
from pinterest_pipeline.provisioning.bucket import has_tags
from pinterest_pipeline.provisioning.plugin_source import S3File

#: Each kind before those that it uses: a connector uses its plugin, a usage plan its API, all use the bucket.
ORDER = (
    "connector",
    "custom_plugin",
    "worker_configuration",
    "plugin_file",
    "usage_plan",
    "api_key",
    "rest_api",
    "secret",
    "ssm_document",
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


def finder(bucket: str, tags: dict[str, str]) -> Find:
    """Make the function that looks for one resource.

    :param bucket: the pipeline's bucket.
    :param tags: the tags of all that provisioning makes.
    :returns: for kind and name what is there now, ``None`` when there is nothing.
    """
    looks: dict[str, Callable[[str], Present | None]] = {
        "connector": lambda name: _connect("find_connector", name, "connectorArn"),
        "custom_plugin": lambda name: _connect("find_custom_plugin", name, "customPluginArn"),
        "worker_configuration": lambda name: _connect(
            "find_worker_configuration", name, "workerConfigurationArn"
        ),
        "plugin_file": lambda name: _plugin_file(bucket, name),
        "usage_plan": lambda name: _access(find_usage_plan, name),
        "api_key": lambda name: _access(find_api_key, name),
        "rest_api": lambda name: _present(finders.find_rest_api(name)),
        "secret": lambda name: _present(finders.find_secret(name)),
        "ssm_document": _ssm_document,
        "stream": _stream,
        "topic": lambda name: _present(finders.find_topics([name])["topic", name]),
        "bucket": lambda name: _bucket(name, tags),
    }
    return lambda kind, name: looks[kind](name)


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


def _present(identifier: str | None) -> Present | None:
    return Present(identifier) if identifier else None


def _connect(method: str, name: str, arn: str) -> Present | None:
    from cloud_operators.aws.hooks.msk_connect import MskConnectHook

    found = getattr(MskConnectHook(aws_conn_id=connections.AWS), method)(name)
    return Present(str(found[arn])) if found else None


def _access(find: Callable[[Any, str], dict[str, Any] | None], name: str) -> Present | None:
    found = find(connections.aws_client("apigateway"), name)
    return Present(str(found["id"])) if found else None


def _plugin_file(bucket: str, key: str) -> Present | None:
    s3 = connections.aws_client("s3")
    found = S3File(s3, bucket, key).find()
    if found is None:
        return None
    return Present(f"s3://{bucket}/{key}", foreign="" if found.copied_of else "it was not copied there")


def _ssm_document(name: str) -> Present | None:
    client = connections.aws_client("ssm")
    try:
        found = client.describe_document(Name=name)["Document"]
    except client.exceptions.InvalidDocument:
        return None
    return Present(str(found["Name"]), made_at=found["CreatedDate"])


def _stream(name: str) -> Present | None:
    from cloud_operators.aws.hooks.kinesis import KinesisHook

    found = KinesisHook(aws_conn_id=connections.AWS).find_stream(name)
    # A stream's ARN is made of its name, so that the one that is made again has it too.
    return Present(str(found["StreamARN"]), made_at=found["StreamCreationTimestamp"]) if found else None


def _bucket(name: str, tags: dict[str, str]) -> Present | None:
    s3 = connections.aws_client("s3")
    if finders.find_bucket(s3, name) is None:
        return None
    return Present(name, foreign="" if has_tags(s3, name, tags) else "it has not the tags of provisioning")
