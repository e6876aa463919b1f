"""What tests of MSK Connect work with, and how they wait for its resources."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pinterest_sandbox.waiting import NotReady, wait_until

WORKER_PROPERTIES = """\
# of the S3 sink
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
"""
SINK_CLASS = "io.confluent.connect.s3.S3SinkConnector"


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
    bootstrap: str
    configuration: Mapping[str, str] = field(default_factory=dict)
    role_arn: str = "arn:aws:iam::123456789012:role/connector"

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
                    "bootstrapServers": self.bootstrap,
                    "vpc": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
                }
            },
            "kafkaClusterClientAuthentication": {"authenticationType": "NONE"},
            "kafkaClusterEncryptionInTransit": {"encryptionType": "PLAINTEXT"},
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
    bootstrap: str,
    configuration: Mapping[str, str],
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
    wait_plugin(client, plugin["customPluginArn"], "ACTIVE")
    return Surroundings(
        client=client,
        prefix=prefix,
        bucket=bucket,
        plugin_key=plugin_key,
        bootstrap=bootstrap,
        configuration=configuration,
        plugin_arn=plugin["customPluginArn"],
        worker_arn=worker["workerConfigurationArn"],
    )


def remove_surroundings(surroundings: Surroundings) -> None:
    """Remove every resource whose name has the prefix, connectors first."""
    client, prefix = surroundings.client, f"{surroundings.prefix}-"
    for connector in client.list_connectors(connectorNamePrefix=prefix)["connectors"]:
        if connector["connectorState"] != "DELETING":
            client.delete_connector(connectorArn=connector["connectorArn"])
        wait_gone(client, connector["connectorArn"])
    for plugin in client.list_custom_plugins(namePrefix=prefix)["customPlugins"]:
        client.delete_custom_plugin(customPluginArn=plugin["customPluginArn"])
    for worker in client.list_worker_configurations(namePrefix=prefix)["workerConfigurations"]:
        client.delete_worker_configuration(workerConfigurationArn=worker["workerConfigurationArn"])


def wait_plugin(client: Any, arn: str, state: str) -> dict[str, Any]:
    """Wait until the plugin is in ``state``; its description."""
    return _wait(lambda: client.describe_custom_plugin(customPluginArn=arn), "customPluginState", state)


def wait_connector(client: Any, arn: str, state: str, timeout: float = 60) -> dict[str, Any]:
    """Wait until the connector is in ``state``; its description."""
    return _wait(lambda: client.describe_connector(connectorArn=arn), "connectorState", state, timeout)


def wait_operation(client: Any, arn: str, state: str) -> dict[str, Any]:
    """Wait until the connector operation is in ``state``; its description."""
    return _wait(
        lambda: client.describe_connector_operation(connectorOperationArn=arn),
        "connectorOperationState",
        state,
    )


def wait_gone(client: Any, arn: str) -> None:
    """Wait until the connector is no longer known."""

    def check() -> None:
        try:
            found = client.describe_connector(connectorArn=arn)
        except client.exceptions.NotFoundException:
            return
        raise NotReady(found["connectorState"])

    wait_until(check, what=f"removal of {arn}", timeout=60)


def _wait(
    describe: Callable[[], dict[str, Any]], key: str, state: str, timeout: float = 60
) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def check() -> None:
        found.clear()
        found.update(describe())
        if found[key] != state:
            raise NotReady(f"{found[key]}: {found.get('stateDescription') or found.get('errorInfo')}")

    wait_until(check, what=f"state {state}", timeout=timeout)
    return found
