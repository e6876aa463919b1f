"""Operators that create and delete connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.compare import Differences, connector_differences
from cloud_operators.aws.hooks.msk import MskHook
from cloud_operators.aws.links.msk_connect import MskConnectConnectorLink
from cloud_operators.aws.operators.msk_connect.creating import MskConnectCreateOperator
from cloud_operators.aws.operators.msk_connect.deleting import MskConnectDeleteOperator
from cloud_operators.aws.resource_states import ResourceState
from cloud_operators.aws.triggers.msk_connect import (
    MskConnectConnectorDeletedTrigger,
    MskConnectConnectorStateTrigger,
)
from cloud_operators.exceptions import ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Sequence


class MskConnectCreateConnectorOperator(MskConnectCreateOperator):
    """Create a connector for an MSK cluster, or adopt the one of this name with the same settings.

    Bootstrap servers, subnets, security groups, authentication and encryption are looked up from the
    cluster. Plugin and worker configuration are used in their latest revision.
    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_CreateConnector.html

    :param name: name of the connector, unique in account and region
    :param configuration: the connector's configuration, all values text
    :param cluster_arn: ARN of a provisioned MSK cluster
    :param custom_plugin_arn: ARN of the custom plugin
    :param worker_configuration_arn: ARN of the worker configuration
    :param service_execution_role_arn: ARN of the role with which the connector works
    :param capacity: either ``{"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}}`` or
        ``{"autoScaling": …}``
    :param kafka_connect_version: version of Kafka Connect, ``2.7.1`` or ``3.7.x``
    :param log_delivery: where the workers' logs go, as ``{"workerLogDelivery": {"cloudWatchLogs": …}}``
    :param description: description of the connector
    :param tags: tags of a connector that is created; an adopted one keeps its own
    """

    resource_kind = "Connector"
    deleted_trigger = MskConnectConnectorDeletedTrigger
    ready_trigger = MskConnectConnectorStateTrigger
    page = MskConnectConnectorLink
    arn_key: ClassVar[str] = "connectorArn"
    state_key: ClassVar[str] = "connectorState"
    template_fields: Sequence[str] = aws_template_fields(
        "name",
        "configuration",
        "cluster_arn",
        "custom_plugin_arn",
        "worker_configuration_arn",
        "service_execution_role_arn",
        "capacity",
        "kafka_connect_version",
        "log_delivery",
        "description",
        "tags",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "configuration": "json",
        "capacity": "json",
        "log_delivery": "json",
        "tags": "json",
    }
    operator_extra_links = (MskConnectConnectorLink(),)

    def __init__(
        self,
        *,
        name: str,
        configuration: dict[str, str],
        cluster_arn: str,
        custom_plugin_arn: str,
        worker_configuration_arn: str,
        service_execution_role_arn: str,
        capacity: dict[str, Any],
        kafka_connect_version: str = "3.7.x",
        log_delivery: dict[str, Any] | None = None,
        description: str | None = None,
        tags: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.configuration = configuration
        self.cluster_arn = cluster_arn
        self.custom_plugin_arn = custom_plugin_arn
        self.worker_configuration_arn = worker_configuration_arn
        self.service_execution_role_arn = service_execution_role_arn
        self.capacity = capacity
        self.kafka_connect_version = kafka_connect_version
        self.log_delivery = log_delivery
        self.description = description
        self.tags = tags

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of the connector."""
        return self.hook.connector_state(resource)

    def find(self) -> dict[str, Any] | None:
        """Describe the connector of this name."""
        return self.hook.find_connector(self.name)

    def request(self) -> dict[str, Any]:
        """Build the request of CreateConnector.

        :raises ServiceFailed: the custom plugin is not ``ACTIVE``
        """
        request: dict[str, Any] = {
            "connectorName": self.name,
            "connectorConfiguration": self.configuration,
            "capacity": self.capacity,
            "kafkaConnectVersion": self.kafka_connect_version,
            "serviceExecutionRoleArn": self.service_execution_role_arn,
            "plugins": [{"customPlugin": self._custom_plugin()}],
            "workerConfiguration": self._worker_configuration(),
            **self._cluster(),
        }
        if self.log_delivery:
            request["logDelivery"] = self.log_delivery
        if self.description:
            request["connectorDescription"] = self.description
        if self.tags:
            request["tags"] = self.tags
        return request

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send the request."""
        answer: dict[str, Any] = self.hook.conn.create_connector(**request)
        return answer

    def differences(self, request: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
        """Compare all that decides how the connector works."""
        return connector_differences(request, found)

    def _custom_plugin(self) -> dict[str, Any]:
        plugin = self.hook.conn.describe_custom_plugin(customPluginArn=self.custom_plugin_arn)
        if plugin["customPluginState"] != "ACTIVE":
            reason = plugin.get("stateDescription") or {}
            raise ServiceFailed(
                f"Connector {self.name!r} needs an ACTIVE custom plugin, but {self.custom_plugin_arn}",
                plugin["customPluginState"],
                reason.get("code"),
                reason.get("message"),
            )
        return {
            "customPluginArn": self.custom_plugin_arn,
            "revision": plugin["latestRevision"]["revision"],
        }

    def _worker_configuration(self) -> dict[str, Any]:
        described = self.hook.conn.describe_worker_configuration(
            workerConfigurationArn=self.worker_configuration_arn
        )
        return {
            "workerConfigurationArn": self.worker_configuration_arn,
            "revision": described["latestRevision"]["revision"],
        }

    def _cluster(self) -> dict[str, Any]:
        msk = MskHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )
        return msk.connect_settings(self.cluster_arn)


class MskConnectDeleteConnectorOperator(MskConnectDeleteOperator):
    """Delete a connector; one that is gone already is no error. Its consumer group keeps its offsets.

    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_DeleteConnector.html

    :param connector_arn: ARN of the connector
    """

    resource_kind = "Connector"
    deleted_trigger = MskConnectConnectorDeletedTrigger
    arn_argument = "connector_arn"
    template_fields: Sequence[str] = aws_template_fields("connector_arn")

    def __init__(self, *, connector_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connector_arn = connector_arn

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of the connector."""
        return self.hook.connector_state(resource)

    def delete(self, arn: str) -> None:
        """Send the request."""
        self.hook.conn.delete_connector(connectorArn=arn)
