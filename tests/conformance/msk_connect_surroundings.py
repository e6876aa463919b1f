"""What tests of MSK Connect work with, and how they wait for its resources."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from pinterest_sandbox.waiting import NotReady, wait_until

WORKER_PROPERTIES = """\
# of the S3 sink
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
"""
ROLE_ARN = "arn:aws:iam::123456789012:role/connector"
SINK_CLASS = "io.confluent.connect.s3.S3SinkConnector"
_NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long a state may take, and how often it is looked at.

    :param limit: seconds.
    :param interval: seconds.
    """

    limit: float = 60
    interval: float = 0.05


_HERE = Pace()


@dataclass(frozen=True, kw_only=True)
class KafkaCluster:
    """The Kafka cluster that connectors are given.

    :param authentication: of clients: ``NONE`` or ``IAM``.
    :param encryption: in transit: ``PLAINTEXT`` or ``TLS``.
    """

    bootstrap: str
    subnets: Sequence[str] = ("subnet-1",)
    security_groups: Sequence[str] = ("sg-1",)
    authentication: str = "NONE"
    encryption: str = "PLAINTEXT"


def encoded(properties: str) -> str:
    return base64.b64encode(properties.encode()).decode()


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the cases work with: an active plugin, a worker configuration and a cluster.

    :param client: boto3's ``kafkaconnect`` client.
    :param prefix: of all names that the cases use.
    :param configuration: of connectors, besides class and tasks.
    """

    client: Any
    prefix: str
    bucket: str
    plugin_key: str
    plugin_arn: str
    worker_arn: str
    cluster: KafkaCluster
    configuration: Mapping[str, str] = field(default_factory=dict)
    role_arn: str = ROLE_ARN
    pace: Pace = _HERE

    def unknown_arn(self, kind: str) -> str:
        """A well-formed ARN of a resource that the plugin's account does not have."""
        start = self.plugin_arn.partition(":custom-plugin/")[0]
        operation = f"/{_NOBODY}" if kind == "connector-operation" else ""
        return f"{start}:{kind}/none/{_NOBODY}-1{operation}"

    def plugin_request(self, name: str, **changes: Any) -> dict[str, Any]:
        """A right request of CreateCustomPlugin."""
        location = {"bucketArn": f"arn:aws:s3:::{self.bucket}", "fileKey": self.plugin_key}
        request = {
            "name": f"{self.prefix}-{name}",
            "contentType": "ZIP",
            "location": {"s3Location": location},
        }
        return {**request, **changes}

    def connector_request(self, name: str, **changes: Any) -> dict[str, Any]:
        """A right request of CreateConnector."""
        request: dict[str, Any] = {
            "connectorName": f"{self.prefix}-{name}",
            "capacity": {"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}},
            "connectorConfiguration": {"connector.class": SINK_CLASS, "tasks.max": "1", **self.configuration},
            "kafkaCluster": {
                "apacheKafkaCluster": {
                    "bootstrapServers": self.cluster.bootstrap,
                    "vpc": {
                        "subnets": list(self.cluster.subnets),
                        "securityGroups": list(self.cluster.security_groups),
                    },
                }
            },
            "kafkaClusterClientAuthentication": {"authenticationType": self.cluster.authentication},
            "kafkaClusterEncryptionInTransit": {"encryptionType": self.cluster.encryption},
            "kafkaConnectVersion": "3.7.x",
            "plugins": [{"customPlugin": {"customPluginArn": self.plugin_arn, "revision": 1}}],
            "serviceExecutionRoleArn": self.role_arn,
            "workerConfiguration": {"workerConfigurationArn": self.worker_arn, "revision": 1},
        }
        return {**request, **changes}


def prepare_surroundings(
    client: Any,
    *,
    prefix: str,
    bucket: str,
    plugin_key: str,
    cluster: KafkaCluster,
    configuration: Mapping[str, str],
    role_arn: str = ROLE_ARN,
    pace: Pace = _HERE,
) -> Surroundings:
    """Make the plugin and the worker configuration that the cases share."""
    location = {"bucketArn": f"arn:aws:s3:::{bucket}", "fileKey": plugin_key}
    plugin = client.create_custom_plugin(
        name=f"{prefix}-plugin",
        contentType="ZIP",
        location={"s3Location": location},
        tags={"made-by": "tests"},
    )
    worker = client.create_worker_configuration(
        name=f"{prefix}-worker", propertiesFileContent=encoded(WORKER_PROPERTIES)
    )
    wait_plugin(client, plugin["customPluginArn"], "ACTIVE", pace)
    return Surroundings(
        client=client,
        prefix=prefix,
        bucket=bucket,
        plugin_key=plugin_key,
        cluster=cluster,
        configuration=configuration,
        plugin_arn=plugin["customPluginArn"],
        worker_arn=worker["workerConfigurationArn"],
        role_arn=role_arn,
        pace=pace,
    )


def remove_surroundings(surroundings: Surroundings) -> None:
    """Remove every resource whose name has the prefix, connectors first."""
    remove_by_prefix(surroundings.client, f"{surroundings.prefix}-", surroundings.pace)


def remove_by_prefix(client: Any, prefix: str, pace: Pace = _HERE) -> None:
    """Remove every resource whose name begins with ``prefix``, connectors first."""
    # One that can't be removed must not keep the others; the last callback is called first.
    with ExitStack() as removal:
        for worker in client.list_worker_configurations(namePrefix=prefix)["workerConfigurations"]:
            arn = worker["workerConfigurationArn"]
            removal.callback(client.delete_worker_configuration, workerConfigurationArn=arn)
        for plugin in client.list_custom_plugins(namePrefix=prefix)["customPlugins"]:
            removal.callback(client.delete_custom_plugin, customPluginArn=plugin["customPluginArn"])
        for connector in client.list_connectors(connectorNamePrefix=prefix)["connectors"]:
            removal.callback(_remove_connector, client, connector, pace)


def _remove_connector(client: Any, connector: dict[str, Any], pace: Pace) -> None:
    arn = connector["connectorArn"]
    # On AWS a connector is deleted in a settled state only.
    if connector["connectorState"] in ("CREATING", "UPDATING"):
        wait_connector(client, arn, ("RUNNING", "PAUSED", "FAILED"), pace)
    if connector["connectorState"] != "DELETING":
        client.delete_connector(connectorArn=arn)
    wait_gone(client, arn, pace)


def wait_plugin(client: Any, arn: str, state: str, pace: Pace = _HERE) -> dict[str, Any]:
    """Wait until the plugin is in ``state``; its description."""
    return _wait(lambda: client.describe_custom_plugin(customPluginArn=arn), "customPluginState", state, pace)


def wait_connector(client: Any, arn: str, state: str | tuple[str, ...], pace: Pace = _HERE) -> dict[str, Any]:
    """Wait until the connector is in ``state``, or one of these; its description."""
    return _wait(lambda: client.describe_connector(connectorArn=arn), "connectorState", state, pace)


def wait_operation(client: Any, arn: str, state: str, pace: Pace = _HERE) -> dict[str, Any]:
    """Wait until the connector operation is in ``state``; its description."""
    return _wait(
        lambda: client.describe_connector_operation(connectorOperationArn=arn),
        "connectorOperationState",
        state,
        pace,
    )


def wait_gone(client: Any, arn: str, pace: Pace = _HERE) -> None:
    """Wait until the connector is no longer known."""

    def check() -> None:
        try:
            found = client.describe_connector(connectorArn=arn)
        except client.exceptions.NotFoundException:
            return
        raise NotReady(found["connectorState"])

    wait_until(check, what=f"removal of {arn}", timeout=pace.limit, interval=pace.interval)


def _wait(
    describe: Callable[[], dict[str, Any]], key: str, state: str | tuple[str, ...], pace: Pace
) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def check() -> None:
        found.clear()
        found.update(describe())
        if found[key] not in ((state,) if isinstance(state, str) else state):
            raise NotReady(f"{found[key]}: {found.get('stateDescription') or found.get('errorInfo')}")

    wait_until(check, what=f"state {state}", timeout=pace.limit, interval=pace.interval)
    return found
