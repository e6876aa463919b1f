"""Sensor for Amazon MSK Connect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.hooks.msk_connect import MskConnectHook
from cloud_operators.aws.links.msk_connect import MskConnectConnectorLink
from cloud_operators.aws.resource_states import ResourceState
from cloud_operators.aws.sensors.states import ResourceStateSensor
from cloud_operators.aws.triggers.msk_connect import MskConnectConnectorStateTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence


class MskConnectConnectorStateSensor(ResourceStateSensor[MskConnectHook]):
    """Wait until a connector is in one of the target states; returns the connector's ARN.

    The other arguments are described at :class:`~cloud_operators.aws.sensors.states.ResourceStateSensor`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_DescribeConnector.html

    :param connector_arn: ARN of the connector
    :param target_states: states to wait for
    :param failure_states: states that end the waiting with an error
    """

    aws_hook_class = MskConnectHook
    trigger_class = MskConnectConnectorStateTrigger
    resource_kind = "Connector"
    page = MskConnectConnectorLink
    template_fields: Sequence[str] = aws_template_fields("connector_arn", "target_states", "failure_states")
    operator_extra_links = (MskConnectConnectorLink(),)
    ui_color: str = "#f5e6d3"

    def __init__(
        self,
        *,
        connector_arn: str,
        target_states: Iterable[str] = ("RUNNING",),
        failure_states: Iterable[str] = ("FAILED",),
        **kwargs: Any,
    ) -> None:
        super().__init__(target_states=target_states, failure_states=failure_states, **kwargs)
        self.connector_arn = connector_arn

    @property
    def resource(self) -> str:
        """ARN of the connector."""
        return self.connector_arn

    def read_state(self) -> ResourceState | None:
        """Read the state of the connector."""
        return self.hook.connector_state(self.connector_arn)
