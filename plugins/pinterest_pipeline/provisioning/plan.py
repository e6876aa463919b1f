"""What provisioning asks for, filled into the templates under ``include``."""

from __future__ import annotations

import json
from string import Template

from pinterest_pipeline.entities import Names

MAX_REPLICATION = 3
#: Version of Kafka Connect that the connector runs with.
KAFKA_CONNECT_VERSION = "3.7.x"


def replication_factor(brokers: int) -> int:
    """How many copies a topic has on a cluster of ``brokers``."""
    return min(MAX_REPLICATION, brokers)


def bucket_arn(names: Names, *, partition: str) -> str:
    """ARN of the bucket.

    :param names: names of the resources.
    :param partition: partition of the client's region, such as ``aws-cn``.
    """
    return f"arn:{partition}:s3:::{names.bucket}"


def connector_configuration(
    template: str,
    names: Names,
    *,
    region: str,
    tasks: int,
    flush_size: int,
    rotate_interval_ms: int,
    replication: int,
) -> dict[str, str]:
    """The S3 sink's configuration.

    :param template: text of ``include/connect/s3-sink.json``.
    :param names: names of the resources.
    :param region: AWS region of the bucket.
    :param tasks: most tasks that the connector may start.
    :param flush_size: records after which an object is closed.
    :param rotate_interval_ms: milliseconds after which an object is closed.
    :param replication: copies of the dead-letter topic's partitions.
    :raises KeyError: when the template has a placeholder without a value.
    """
    filled = Template(template).substitute(
        USER_ID=names.user_id,
        BUCKET=names.bucket,
        AWS_REGION=region,
        TASKS=tasks,
        FLUSH_SIZE=flush_size,
        ROTATE_INTERVAL_MS=rotate_interval_ms,
        DEAD_LETTER_TOPIC=names.dead_letter_topic,
        REPLICATION=replication,
    )
    configuration: dict[str, str] = json.loads(filled)
    return configuration


def plugin_content_type(source: str) -> str:
    """MSK Connect's name for the kind of plugin file.

    :param source: address of the file.
    """
    return "JAR" if source.lower().endswith(".jar") else "ZIP"
