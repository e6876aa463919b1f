"""From what MSK Connect is told to what the local Connect worker is told."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from pinterest_sandbox.aws.wire import AwsError

#: Connector classes that the local worker has under another name.
CLASSES = {"io.confluent.connect.s3.S3SinkConnector": "pinterest.sandbox.connect.s3.S3SinkConnector"}

#: https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-workers.html#msk-connect-default-worker-config
DEFAULT_WORKER = {
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
}
_CONVERTERS = ("key.converter", "value.converter", "header.converter")
_CLIENTS = ("consumer", "producer")

#: Supported client properties, and prefixes and names that are refused, of a worker configuration:
#: https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-supported-worker-config-properties.html
_PRODUCER = frozenset(
    {
        "acks",
        "batch.size",
        "buffer.memory",
        "compression.type",
        "enable.idempotence",
        "key.serializer",
        "linger.ms",
        "max.request.size",
        "metadata.max.age.ms",
        "metadata.max.idle.ms",
        "partitioner.class",
        "reconnect.backoff.max.ms",
        "reconnect.backoff.ms",
        "request.timeout.ms",
        "retry.backoff.ms",
        "value.serializer",
    }
)
_CONSUMER = frozenset(
    {
        "allow.auto.create.topics",
        "auto.offset.reset",
        "check.crcs",
        "fetch.max.bytes",
        "fetch.max.wait.ms",
        "fetch.min.bytes",
        "heartbeat.interval.ms",
        "key.deserializer",
        "max.partition.fetch.bytes",
        "max.poll.interval.ms",
        "max.poll.records",
        "metadata.max.age.ms",
        "partition.assignment.strategy",
        "reconnect.backoff.max.ms",
        "reconnect.backoff.ms",
        "request.timeout.ms",
        "retry.backoff.ms",
        "session.timeout.ms",
        "value.deserializer",
    }
)
_REFUSED_PREFIXES = (
    "access.control.",
    "admin.",
    "admin.listeners.https.",
    "client.",
    "connect.",
    "inter.worker.",
    "internal.",
    "listeners.https.",
    "metrics.",
    "metrics.context.",
    "rest.",
    "sasl.",
    "security.",
    "socket.",
    "ssl.",
    "topic.tracking.",
    "worker.",
)
_REFUSED_NAMES = frozenset(
    {
        "bootstrap.servers",
        "config.storage.topic",
        "connections.max.idle.ms",
        "group.id",
        "listeners",
        "metric.reporters",
        "plugin.path",
        "receive.buffer.bytes",
        "response.http.headers.config",
        "scheduled.rebalance.max.delay.ms",
        "send.buffer.bytes",
        "status.storage.topic",
    }
)


@dataclass(frozen=True, kw_only=True)
class SinkStore:
    """The S3 that the sink writes to.

    :param url: endpoint; with it the sink uses path-style addresses.
    :param access_key: AWS access key id.
    :param secret_key: AWS secret access key.
    :param region: used when the connector's configuration names none.
    """

    url: str
    access_key: str
    secret_key: str
    region: str


def decode_properties(content: str) -> dict[str, str]:
    """The properties of a worker configuration.

    :param content: base64 of a ``.properties`` file.
    :raises AwsError: ``BadRequestException`` when it is no base64, a line is no property, or a property is
        not among those that MSK Connect supports.
    """
    try:
        text = base64.b64decode(content, validate=True).decode("utf-8")
    except ValueError as error:
        raise AwsError("BadRequestException", "propertiesFileContent is not valid base64.") from error
    properties: dict[str, str] = {}
    for line in text.replace("\\\n", "").splitlines():
        stripped = line.strip()
        if not stripped or stripped[0] in "#!":
            continue
        name, separator, value = stripped.partition("=")
        if not separator:
            raise AwsError("BadRequestException", f"The worker configuration has an invalid line: {stripped}")
        properties[name.strip()] = value.strip()
    problems = [name for name in properties if not _supported(name)]
    problems += [f"{name} (missing)" for name in DEFAULT_WORKER if name not in properties]
    if problems:
        raise AwsError(
            "BadRequestException",
            f"The worker configuration has properties that are not supported: {', '.join(problems)}",
        )
    return properties


def _supported(name: str) -> bool:
    client, _, rest = name.partition(".")
    if client == "producer":
        return rest in _PRODUCER
    if client == "consumer":
        return rest in _CONSUMER
    return name not in _REFUSED_NAMES and not name.startswith(_REFUSED_PREFIXES)


def connect_configuration(
    configuration: Mapping[str, str], worker: Mapping[str, str], store: SinkStore
) -> dict[str, str]:
    """What the local worker is told.

    MSK Connect runs a worker of its own for each connector, with the worker configuration. Here all share one
    worker: converters and client properties of the worker configuration become defaults of the connector.

    :param configuration: ``connectorConfiguration`` of the connector.
    :param worker: properties of its worker configuration.
    :param store: the S3 that the sandbox's sink is led to.
    """
    defaults: dict[str, str] = {}
    for name, value in {**DEFAULT_WORKER, **worker}.items():
        client, _, rest = name.partition(".")
        if client in _CLIENTS:
            defaults[f"{client}.override.{rest}"] = value
        elif name.startswith(_CONVERTERS):
            defaults[name] = value
    # A converter set by the connector does not inherit the options of the worker's converter of that kind.
    for kind in _CONVERTERS:
        if kind in configuration:
            defaults = {name: value for name, value in defaults.items() if not name.startswith(kind)}
    mapped = {**defaults, **configuration}
    replacement = CLASSES.get(configuration.get("connector.class", ""))
    if replacement:
        mapped |= {
            "connector.class": replacement,
            "store.url": store.url,
            "aws.access.key.id": store.access_key,
            "aws.secret.access.key": store.secret_key,
            "s3.region": configuration.get("s3.region", store.region),
        }
    return mapped
