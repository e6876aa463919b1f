"""Operators for worker configurations, the settings of the workers that run connectors."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.compare import Differences, worker_configuration_differences
from cloud_operators.aws.links.msk_connect import MskConnectWorkerConfigurationsLink
from cloud_operators.aws.operators.msk_connect.creating import MskConnectCreateOperator
from cloud_operators.aws.operators.msk_connect.deleting import MskConnectDeleteOperator
from cloud_operators.aws.resource_states import ResourceState
from cloud_operators.aws.triggers.msk_connect import MskConnectWorkerConfigurationDeletedTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence


class MskConnectCreateWorkerConfigurationOperator(MskConnectCreateOperator):
    """Create a worker configuration, or adopt the one of this name with the same properties.

    Properties are compared one by one: order, comments and blanks make no difference. A new configuration
    can be used at once; there is waiting only when an earlier one of this name is still being deleted.
    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_CreateWorkerConfiguration.html

    :param name: name of the worker configuration, unique in account and region
    :param properties: text of a ``.properties`` file
    :param description: description of the worker configuration
    :param tags: tags of a configuration that is created; an adopted one keeps its own
    """

    resource_kind = "Worker configuration"
    deleted_trigger = MskConnectWorkerConfigurationDeletedTrigger
    page = MskConnectWorkerConfigurationsLink
    arn_key: ClassVar[str] = "workerConfigurationArn"
    state_key: ClassVar[str] = "workerConfigurationState"
    template_fields: Sequence[str] = aws_template_fields("name", "properties", "description", "tags")
    template_fields_renderers: ClassVar[dict[str, str]] = {"tags": "json"}
    operator_extra_links = (MskConnectWorkerConfigurationsLink(),)

    def __init__(
        self,
        *,
        name: str,
        properties: str,
        description: str | None = None,
        tags: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.properties = properties
        self.description = description
        self.tags = tags

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of the worker configuration."""
        return self.hook.worker_configuration_state(resource)

    def find(self) -> dict[str, Any] | None:
        """Describe the worker configuration of this name."""
        return self.hook.find_worker_configuration(self.name)

    def request(self) -> dict[str, Any]:
        """Build the request of CreateWorkerConfiguration."""
        request: dict[str, Any] = {
            "name": self.name,
            # The service wants the file's text in base64, and botocore leaves that to the caller.
            "propertiesFileContent": base64.b64encode(self.properties.encode()).decode(),
        }
        if self.description:
            request["description"] = self.description
        if self.tags:
            request["tags"] = self.tags
        return request

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send the request."""
        answer: dict[str, Any] = self.hook.conn.create_worker_configuration(**request)
        return answer

    def differences(self, request: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
        """Compare the properties."""
        return worker_configuration_differences(request, found)


class MskConnectDeleteWorkerConfigurationOperator(MskConnectDeleteOperator):
    """Delete a worker configuration; one that is gone already is no error.

    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_DeleteWorkerConfiguration.html

    :param worker_configuration_arn: ARN of the worker configuration
    """

    resource_kind = "Worker configuration"
    deleted_trigger = MskConnectWorkerConfigurationDeletedTrigger
    arn_argument = "worker_configuration_arn"
    template_fields: Sequence[str] = aws_template_fields("worker_configuration_arn")

    def __init__(self, *, worker_configuration_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.worker_configuration_arn = worker_configuration_arn

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of the worker configuration."""
        return self.hook.worker_configuration_state(resource)

    def delete(self, arn: str) -> None:
        """Send the request."""
        self.hook.conn.delete_worker_configuration(workerConfigurationArn=arn)
