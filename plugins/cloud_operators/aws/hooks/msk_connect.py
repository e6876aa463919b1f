"""Hook for Amazon MSK Connect."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cloud_operators.aws.base import AwsBaseHook
from cloud_operators.aws.resource_states import ResourceState
from cloud_operators.aws.signed_request import signed_request


class MskConnectHook(AwsBaseHook):
    """Interact with Amazon MSK Connect, a thin wrapper around the ``kafkaconnect`` client of boto3.

    Resources have unique names, but the API describes by ARN only; ``find_…`` looks an exact name up.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/Welcome.html
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["client_type"] = "kafkaconnect"
        super().__init__(*args, **kwargs)

    @cached_property
    def waiter_path(self) -> Path:
        """Our own waiters: neither botocore nor the provider has any for this service."""
        return Path(__file__).parents[1] / "waiters" / "kafkaconnect.json"

    def find_custom_plugin(self, name: str) -> dict[str, Any] | None:
        """Describe the custom plugin of exactly this name.

        :param name: name of the custom plugin
        :returns: the answer of DescribeCustomPlugin, ``None`` when there is no such plugin
        """
        arn = self._find_arn(
            "list_custom_plugins", "customPlugins", name, "namePrefix", "name", "customPluginArn"
        )
        return self._describe("describe_custom_plugin", customPluginArn=arn) if arn else None

    def find_worker_configuration(self, name: str) -> dict[str, Any] | None:
        """Describe the worker configuration of exactly this name.

        :param name: name of the worker configuration
        :returns: the answer of DescribeWorkerConfiguration, ``None`` when there is no such configuration
        """
        arn = self._find_arn(
            "list_worker_configurations",
            "workerConfigurations",
            name,
            "namePrefix",
            "name",
            "workerConfigurationArn",
        )
        return self._describe("describe_worker_configuration", workerConfigurationArn=arn) if arn else None

    def find_connector(self, name: str) -> dict[str, Any] | None:
        """Describe the connector of exactly this name.

        :param name: name of the connector
        :returns: the answer of DescribeConnector, ``None`` when there is no such connector
        """
        arn = self._find_arn(
            "list_connectors", "connectors", name, "connectorNamePrefix", "connectorName", "connectorArn"
        )
        return self._describe("describe_connector", connectorArn=arn) if arn else None

    def custom_plugin_state(self, custom_plugin_arn: str) -> ResourceState | None:
        """Read the state of a custom plugin, ``None`` when it does not exist."""
        found = self._describe("describe_custom_plugin", customPluginArn=custom_plugin_arn)
        return _state(found, "customPluginState", "stateDescription")

    def worker_configuration_state(self, worker_configuration_arn: str) -> ResourceState | None:
        """Read the state of a worker configuration, ``None`` when it does not exist."""
        found = self._describe(
            "describe_worker_configuration", workerConfigurationArn=worker_configuration_arn
        )
        return _state(found, "workerConfigurationState", "stateDescription")

    def connector_state(self, connector_arn: str) -> ResourceState | None:
        """Read the state of a connector, ``None`` when it does not exist."""
        found = self._describe("describe_connector", connectorArn=connector_arn)
        return _state(found, "connectorState", "stateDescription")

    def operation_state(self, operation_arn: str) -> ResourceState | None:
        """Read the state of a connector operation, ``None`` when it does not exist."""
        found = self._describe("describe_connector_operation", connectorOperationArn=operation_arn)
        return _state(found, "connectorOperationState", "errorInfo")

    def restart_connector(self, connector_arn: str, *, only_failed_tasks: bool = True) -> str:
        """Begin to restart the tasks of a connector; configuration and committed offsets stay.

        boto3 1.43 does not know the operation: the request is signed here until the client has the method.

        .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_RestartConnector.html

        :param connector_arn: ARN of a connector that is ``RUNNING``
        :param only_failed_tasks: leave the tasks alone that run; needs Kafka Connect 3.7 or later
        :returns: ARN of the operation, for DescribeConnectorOperation
        :raises botocore.exceptions.ClientError: the service refuses
        """
        if hasattr(self.conn, "restart_connector"):
            answer = self.conn.restart_connector(
                connectorArn=connector_arn, onlyFailedTasks=only_failed_tasks
            )
        else:
            answer = signed_request(
                self,
                "RestartConnector",
                "POST",
                f"/v1/connectors/{quote(connector_arn, safe='')}/restart",
                {"onlyFailedTasks": str(only_failed_tasks).lower()},
            )
        return str(answer["connectorOperationArn"])

    def _find_arn(
        self, operation: str, items: str, name: str, prefix_argument: str, name_key: str, arn_key: str
    ) -> str | None:
        # The service filters by prefix only: "x-plugin" also finds "x-plugin-2".
        for page in self.conn.get_paginator(operation).paginate(**{prefix_argument: name}):
            for item in page.get(items, []):
                if item[name_key] == name:
                    return str(item[arn_key])
        return None

    def _describe(self, operation: str, **arguments: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = getattr(self.conn, operation)(**arguments)
        except self.conn.exceptions.NotFoundException:
            return None
        return found


def _state(found: dict[str, Any] | None, state_key: str, reason_key: str) -> ResourceState | None:
    if found is None:
        return None
    reason = found.get(reason_key) or {}
    return ResourceState(found[state_key], reason.get("code"), reason.get("message"))
