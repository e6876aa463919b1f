"""Operators for custom plugins, the code of connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.compare import Differences, custom_plugin_differences
from cloud_operators.aws.links.msk_connect import MskConnectCustomPluginLink
from cloud_operators.aws.operators.msk_connect.creating import MskConnectCreateOperator
from cloud_operators.aws.operators.msk_connect.deleting import MskConnectDeleteOperator
from cloud_operators.aws.resource_states import ResourceState
from cloud_operators.aws.triggers.msk_connect import (
    MskConnectCustomPluginActiveTrigger,
    MskConnectCustomPluginDeletedTrigger,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class MskConnectCreateCustomPluginOperator(MskConnectCreateOperator):
    """Create a custom plugin from an archive in S3, or adopt the one of this name from the same place.

    The service copies the archive when it makes the plugin; what lies there later is not looked at.

    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_CreateCustomPlugin.html

    :param name: name of the plugin, unique in account and region
    :param bucket_arn: ARN of the bucket with the archive
    :param file_key: key of the archive in the bucket
    :param object_version: version of the archive; any version when not given
    :param content_type: ``ZIP`` or ``JAR``
    :param description: description of the plugin
    :param tags: tags of a plugin that is created; an adopted one keeps its own
    """

    resource_kind = "Custom plugin"
    deleted_trigger = MskConnectCustomPluginDeletedTrigger
    ready_trigger = MskConnectCustomPluginActiveTrigger
    page = MskConnectCustomPluginLink
    arn_key: ClassVar[str] = "customPluginArn"
    state_key: ClassVar[str] = "customPluginState"
    template_fields: Sequence[str] = aws_template_fields(
        "name", "bucket_arn", "file_key", "object_version", "content_type", "description", "tags"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"tags": "json"}
    operator_extra_links = (MskConnectCustomPluginLink(),)

    def __init__(
        self,
        *,
        name: str,
        bucket_arn: str,
        file_key: str,
        object_version: str | None = None,
        content_type: Literal["ZIP", "JAR"] = "ZIP",
        description: str | None = None,
        tags: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.bucket_arn = bucket_arn
        self.file_key = file_key
        self.object_version = object_version
        self.content_type = content_type
        self.description = description
        self.tags = tags

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of the plugin."""
        return self.hook.custom_plugin_state(resource)

    def find(self) -> dict[str, Any] | None:
        """Describe the plugin of this name."""
        return self.hook.find_custom_plugin(self.name)

    def request(self) -> dict[str, Any]:
        """Build the request of CreateCustomPlugin."""
        location = {"bucketArn": self.bucket_arn, "fileKey": self.file_key}
        if self.object_version:
            location["objectVersion"] = self.object_version
        request: dict[str, Any] = {
            "name": self.name,
            "contentType": self.content_type,
            "location": {"s3Location": location},
        }
        if self.description:
            request["description"] = self.description
        if self.tags:
            request["tags"] = self.tags
        return request

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send the request."""
        answer: dict[str, Any] = self.hook.conn.create_custom_plugin(**request)
        return answer

    def differences(self, request: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
        """Compare location and content type."""
        return custom_plugin_differences(request, found)


class MskConnectDeleteCustomPluginOperator(MskConnectDeleteOperator):
    """Delete a custom plugin; one that is gone already is no error.

    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_DeleteCustomPlugin.html

    :param custom_plugin_arn: ARN of the plugin
    """

    resource_kind = "Custom plugin"
    deleted_trigger = MskConnectCustomPluginDeletedTrigger
    arn_argument = "custom_plugin_arn"
    template_fields: Sequence[str] = aws_template_fields("custom_plugin_arn")

    def __init__(self, *, custom_plugin_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_plugin_arn = custom_plugin_arn

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of the plugin."""
        return self.hook.custom_plugin_state(resource)

    def delete(self, arn: str) -> None:
        """Send the request."""
        self.hook.conn.delete_custom_plugin(customPluginArn=arn)
