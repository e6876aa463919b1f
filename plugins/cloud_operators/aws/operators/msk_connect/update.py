"""Operator that updates a running connector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.compare import capacity_differences, configuration_differences
from cloud_operators.aws.links.msk_connect import MskConnectConnectorLink
from cloud_operators.aws.operators.msk_connect.base import MskConnectBaseOperator
from cloud_operators.aws.resource_states import ResourceState
from cloud_operators.aws.triggers.msk_connect import (
    MskConnectConnectorStateTrigger,
    MskConnectOperationCompleteTrigger,
)
from cloud_operators.exceptions import ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

Part = Literal["configuration", "capacity"]

# RESTARTING and RESUMING came with newer versions of the API than botocore's model has.
_BECOMES_RUNNING = frozenset({"CREATING", "UPDATING", "RESTARTING", "RESUMING"})


class MskConnectUpdateConnectorOperator(MskConnectBaseOperator):
    """Change the configuration or the capacity of a connector, or both one after the other.

    The service takes one of them in a request and works on one operation at a time, so each operation is
    followed to its end before the next. Only what differs is sent. A connector that is being created or
    updated is waited for. The XCom ``action`` says ``updated`` or ``unchanged``.
    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_UpdateConnector.html

    :param connector_arn: ARN of the connector
    :param configuration: the whole new configuration; ``connector.class`` cannot change
    :param capacity: the new capacity, as for creation (automatic scaling with both scaling policies)
    :raises ValueError: neither is given, or both and the task is not to wait
    """

    resource_kind = "Connector"
    template_fields: Sequence[str] = aws_template_fields("connector_arn", "configuration", "capacity")
    template_fields_renderers: ClassVar[dict[str, str]] = {"configuration": "json", "capacity": "json"}
    operator_extra_links = (MskConnectConnectorLink(),)

    def __init__(
        self,
        *,
        connector_arn: str,
        configuration: dict[str, str] | None = None,
        capacity: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.connector_arn = connector_arn
        self.configuration = configuration
        self.capacity = capacity
        if configuration is None and capacity is None:
            raise ValueError("Give configuration, capacity or both.")
        if configuration is not None and capacity is not None and not self.waits:
            raise ValueError("One update at a time: to change configuration and capacity, let the task wait.")

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of the connector or of the operation on it."""
        if resource == self.connector_arn:
            return self.hook.connector_state(resource)
        return self.hook.operation_state(resource)

    def execute(self, context: Context) -> str:
        """Update what differs.

        :param context: context of the task
        :returns: the connector's ARN
        :raises ServiceFailed: the connector or the update has failed, or cannot be updated now
        """
        MskConnectConnectorLink.remember(context, self, self.connector_arn)
        return self._update(context, done=[])

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Go on after a deferral.

        :param context: context of the task
        :param event: event of the trigger; it carries the parts that were sent already
        :returns: the connector's ARN
        """
        self.event_arn(event)
        return self._update(context, done=(event or {}).get("carried", {}).get("done", []))

    def _update(self, context: Context, done: list[Part]) -> str:
        while True:
            connector = self.hook.conn.describe_connector(connectorArn=self.connector_arn)
            # Before an update the connector must run; after one, its state may follow the operation's.
            if connector["connectorState"] != "RUNNING":
                self._wait_until_running(connector, done)
                continue
            part = next((part for part in self._differing(connector) if part not in done), None)
            if part is None:
                break
            answer = self.hook.conn.update_connector(
                connectorArn=self.connector_arn,
                currentVersion=connector["currentVersion"],
                **self._body(part),
            )
            self.log.info("Updating the %s of %s", part, self.connector_arn)
            done = [*done, part]
            if not self.waits:
                break
            self.wait_for(
                MskConnectOperationCompleteTrigger,
                answer["connectorOperationArn"],
                carried={"done": done},
            )
        action = "updated" if done else "unchanged"
        self.log.info("Connector %s %s", self.connector_arn, action)
        if self.do_xcom_push:
            context["ti"].xcom_push(key="action", value=action)
        return self.connector_arn

    def _wait_until_running(self, connector: dict[str, Any], done: list[Part]) -> None:
        state = connector["connectorState"]
        if state not in _BECOMES_RUNNING or not self.waits:
            reason = connector.get("stateDescription") or {}
            raise ServiceFailed(
                f"Connector {self.connector_arn} can be updated only when it is RUNNING, but",
                state,
                reason.get("code"),
                reason.get("message"),
            )
        self.wait_for(MskConnectConnectorStateTrigger, self.connector_arn, carried={"done": done})

    def _differing(self, connector: dict[str, Any]) -> list[Part]:
        parts: list[Part] = []
        if self.configuration is not None and configuration_differences(
            self.configuration, connector.get("connectorConfiguration") or {}
        ):
            parts.append("configuration")
        if self.capacity is not None and capacity_differences(self.capacity, connector.get("capacity") or {}):
            parts.append("capacity")
        return parts

    def _body(self, part: Part) -> dict[str, Any]:
        if part == "configuration":
            return {"connectorConfiguration": self.configuration}
        return {"capacity": self.capacity}
