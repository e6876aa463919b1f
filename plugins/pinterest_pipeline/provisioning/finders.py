"""Which of the resources of a path exist now."""

from __future__ import annotations

from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import Names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning import plugin_file
from pinterest_pipeline.provisioning.access import find_api_key, find_usage_plan
from pinterest_pipeline.provisioning.api import ApiPart
from pinterest_pipeline.provisioning.client_documents import find_document
from pinterest_pipeline.provisioning.connection import SECRET_NAME
from pinterest_pipeline.provisioning.heartbeat_alarm import find_alarm
from pinterest_pipeline.provisioning.resources import Found
from pinterest_pipeline.provisioning.ssm_documents import SsmDocument
from pinterest_pipeline.settings import Settings


def find_resources(names: Names, settings: Settings, part: str) -> Found:
    """Look for every resource of a path.

    :param names: names of the resources.
    :param settings: the settings.
    :param part: the path, an :class:`~.api.ApiPart`.
    :returns: kind and name to ARN, id or name; ``None`` for what is not there.
    """
    with_key = settings.require_api_key
    if part == ApiPart.STREAM:
        return find_stream_resources(names, with_key=with_key)
    return find_batch_resources(
        names,
        plugin_file.plugin_key(settings.connector_plugin_source),
        with_key=with_key,
        with_client=bool(settings.client_instance_id),
        with_alarm=bool(settings.alert_topic_arn),
    )


def find_batch_resources(
    names: Names,
    plugin_key: str,
    *,
    with_key: bool,
    with_client: bool = False,
    with_alarm: bool = False,
) -> Found:
    """Look for every resource of the batch path.

    :param names: names of the resources.
    :param plugin_key: S3 key of the plugin file.
    :param with_key: look for the API's key and usage plan too.
    :param with_client: look for the SSM documents of the EC2 client too.
    :param with_alarm: look for the alarm on the heartbeat of ``pinterest_health`` too.
    :returns: kind and name to ARN, id or name; ``None`` for what is not there.
    """
    s3 = connections.aws_client("s3")
    bucket = find_bucket(s3, names.bucket)
    return {
        ("bucket", names.bucket): bucket,
        ("plugin_file", plugin_key): find_object(s3, names.bucket, plugin_key) if bucket else None,
        **find_topics([*names.topics.values(), names.dead_letter_topic]),
        **find_msk_connect(names),
        **_find_api(names, with_key=with_key),
        **(find_ssm_documents(names) if with_client else {}),
        **(find_heartbeat_alarm(names) if with_alarm else {}),
    }


def find_ssm_documents(names: Names) -> Found:
    """Which of the SSM documents of the EC2 client exist.

    :param names: names of the resources.
    """
    ssm = connections.aws_client("ssm")
    documents = [names.ssm_document(document) for document in SsmDocument]
    return {("ssm_document", name): _member(find_document(ssm, name), "Name") for name in documents}


def find_heartbeat_alarm(names: Names) -> Found:
    """Whether the alarm on the heartbeat of ``pinterest_health`` exists.

    :param names: names of the resources.
    """
    found = find_alarm(connections.aws_client("cloudwatch"), names.heartbeat_alarm)
    return {("alarm", names.heartbeat_alarm): _member(found, "AlarmArn")}


def find_stream_resources(names: Names, *, with_key: bool) -> Found:
    """Look for every resource of the stream path.

    :param names: names of the resources.
    :param with_key: look for the API's key and usage plan too.
    :returns: kind and name to ARN, id or name; ``None`` for what is not there.
    """
    return {
        # Checkpoints and the record of what was created lie in it.
        ("bucket", names.bucket): find_bucket(connections.aws_client("s3"), names.bucket),
        **find_streams(list(names.streams.values())),
        **_find_api(names, with_key=with_key),
    }


def _find_api(names: Names, *, with_key: bool) -> Found:
    return {
        ("rest_api", names.rest_api): find_rest_api(names.rest_api),
        **(find_access(names.rest_api) if with_key else {}),
        ("secret", SECRET_NAME): find_secret(SECRET_NAME),
    }


def find_streams(streams: list[str]) -> Found:
    """Which of these Kinesis streams exist.

    :param streams: stream names.
    """
    from cloud_operators.aws.hooks.kinesis import KinesisHook

    hook = KinesisHook(aws_conn_id=connections.AWS)
    found = {stream: hook.find_stream(stream) for stream in streams}
    return {
        ("stream", stream): _member(summary, "StreamARN", "StreamStatus") for stream, summary in found.items()
    }


def find_bucket(s3: Any, bucket: str) -> str | None:
    """The bucket's name if it exists.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :raises Permanent: when S3 forbids to look at it.
    """
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("404", "NoSuchBucket"):
            return None
        if code == "403":
            raise Permanent(
                f"S3 forbids a look at the bucket {bucket}: this role needs s3:ListBucket on it. If it has "
                "that, the name is taken by another account: use another PINTEREST_USER_ID"
            ) from error
        raise
    return bucket


def find_object(s3: Any, bucket: str, key: str) -> str | None:
    """The URI of an object if it exists.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :param key: object key.
    """
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    return f"s3://{bucket}/{key}" if any(entry["Key"] == key for entry in listed) else None


def find_topics(topics: list[str]) -> Found:
    """Which of these topics exist.

    :param topics: topic names.
    """
    from cloud_operators.kafka.hooks.admin import KafkaAdminHook

    described = KafkaAdminHook(kafka_conn_id=connections.KAFKA).describe_topics(topics)
    return {
        ("topic", topic): str(found.topic_id) if (found := described[topic]) is not None else None
        for topic in topics
    }


def find_msk_connect(names: Names) -> Found:
    """Which of the custom plugin, the worker configuration and the connector exist.

    :param names: names of the resources.
    """
    from cloud_operators.aws.hooks.msk_connect import MskConnectHook

    hook = MskConnectHook(aws_conn_id=connections.AWS)
    plugin = hook.find_custom_plugin(names.custom_plugin)
    worker = hook.find_worker_configuration(names.worker_configuration)
    connector = hook.find_connector(names.connector)
    return {
        ("custom_plugin", names.custom_plugin): _member(plugin, "customPluginArn", "customPluginState"),
        ("worker_configuration", names.worker_configuration): _member(
            worker, "workerConfigurationArn", "workerConfigurationState"
        ),
        ("connector", names.connector): _member(connector, "connectorArn", "connectorState"),
    }


def find_rest_api(name: str) -> str | None:
    """The id of the REST API with this name.

    :param name: API name.
    """
    client = connections.aws_client("apigateway")
    for page in client.get_paginator("get_rest_apis").paginate():
        for item in page["items"]:
            if item["name"] == name:
                return str(item["id"])
    return None


def find_access(name: str) -> Found:
    """Which of the API's key and usage plan exist.

    :param name: name of both.
    """
    client = connections.aws_client("apigateway")
    return {
        ("api_key", name): _member(find_api_key(client, name), "id"),
        ("usage_plan", name): _member(find_usage_plan(client, name), "id"),
    }


def find_secret(name: str) -> str | None:
    """The ARN of the secret with this name.

    :param name: secret name.
    """
    client = connections.aws_client("secretsmanager")
    try:
        return str(client.describe_secret(SecretId=name)["ARN"])
    except client.exceptions.ResourceNotFoundException:
        return None


def _member(resource: dict[str, Any] | None, name: str, state: str = "") -> str | None:
    # What is being deleted is made again behind that, so it is as good as gone.
    if not resource or (state and resource.get(state) == "DELETING"):
        return None
    return str(resource[name])
