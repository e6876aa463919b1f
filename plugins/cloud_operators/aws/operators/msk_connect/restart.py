"""Operator that restarts the tasks of a connector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.links.msk_connect import MskConnectConnectorLink
from cloud_operators.aws.operators.msk_connect.base import MskConnectBaseOperator
from cloud_operators.aws.resource_states import ResourceState
from cloud_operators.aws.triggers.msk_connect import MskConnectRestartCompleteTrigger
from cloud_operators.exceptions import ResourceMissing, ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

#: Where the restart that is under way is kept for the next try.
RESTART = "msk_connect_restart"

#: The version of Kafka Connect whose workers cannot restart failed tasks alone.
_ALL_TASKS_ONLY = "2.7.1"
_UNDER_WAY = "an operation on it is under way"
_AFTER_IT = "Wait for its end with MskConnectConnectorStateSensor, or let the task try again."
# State of a connector that cannot be restarted: (reason where the service gives none, what to do about it).
_REMEDIES: dict[str, tuple[str | None, str]] = {
    "FAILED": (
        None,
        "It can only be made anew: delete it and create it with the same name and configuration; "
        "its consumer group keeps the offsets.",
    ),
    "DELETING": (_UNDER_WAY, "Create it anew when it is gone; its consumer group keeps the offsets."),
    "PAUSED": (None, "Resume it instead: its tasks are started then."),
}


class MskConnectRestartConnectorOperator(MskConnectBaseOperator):
    """Restart the tasks of a running connector that have failed, or the connector with all of its tasks.

    Configuration and committed offsets stay. The service restarts only a connector that is ``RUNNING`` and
    on which no other operation is under way; any other is refused before anything is sent. A next try takes
    up the restart that a killed one began; one that has failed is begun anew. The XCom ``action`` says
    ``restarted``.
    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_RestartConnector.html

    :param connector_arn: ARN of the connector
    :param only_failed_tasks: leave the tasks alone that run; needs Kafka Connect 3.7 or later
    """

    resource_kind = "Connector operation"
    template_fields: Sequence[str] = aws_template_fields("connector_arn")
    operator_extra_links = (MskConnectConnectorLink(),)

    def __init__(self, *, connector_arn: str, only_failed_tasks: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connector_arn = connector_arn
        self.only_failed_tasks = only_failed_tasks

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of the operation that restarts the connector."""
        return self.hook.operation_state(resource)

    def execute(self, context: Context) -> str:
        """Restart the connector and wait in the way the task was asked to.

        :param context: context of the task
        :returns: the connector's ARN
        :raises ValueError: the connector's version of Kafka Connect restarts all tasks only
        :raises ResourceMissing: there is no such connector
        :raises ServiceFailed: the connector cannot be restarted in its state, or the restart has failed
        :raises WaitTimedOut: the looks are used up
        :raises botocore.exceptions.ClientError: the service refuses for another reason
        """
        MskConnectConnectorLink.remember(context, self, self.connector_arn)
        operation_arn = self._begun_before(context) or self._begin(context)
        self.wait_for(MskConnectRestartCompleteTrigger, operation_arn)
        return self._end(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Take over from the trigger.

        :param context: context of the task
        :param event: event of the trigger
        :returns: the connector's ARN
        """
        self.event_arn(event)
        return self._end(context)

    def _begun_before(self, context: Context) -> str | None:
        store = context.get("task_state_store")
        kept = store.get(RESTART) if store is not None else None
        if not isinstance(kept, dict) or kept["request"] != self._request:
            return None
        operation_arn = str(kept["operation_arn"])
        found = self.hook.operation_state(operation_arn)
        if found is None or self.is_dead_end(found.state, MskConnectRestartCompleteTrigger.goal):
            return None
        self.log.info("An earlier try began the restart %s", operation_arn)
        return operation_arn

    def _begin(self, context: Context) -> str:
        self._check()
        try:
            operation_arn = self.hook.restart_connector(
                self.connector_arn, only_failed_tasks=self.only_failed_tasks
            )
        except self.hook.conn.exceptions.BadRequestException:
            # Its state has changed since it was looked at; if not, the service's own words say more.
            self._check()
            raise
        if (store := context.get("task_state_store")) is not None:
            store.set(RESTART, {"request": self._request, "operation_arn": operation_arn})
        tasks = "the failed tasks" if self.only_failed_tasks else "all tasks"
        self.log.info("Restarting %s of %s: %s", tasks, self.connector_arn, operation_arn)
        return operation_arn

    def _end(self, context: Context) -> str:
        if self.do_xcom_push:
            context["ti"].xcom_push(key="action", value="restarted")
        # Who clears the task when it is done wants another restart.
        if (store := context.get("task_state_store")) is not None:
            store.delete(RESTART)
        return self.connector_arn

    @property
    def _request(self) -> dict[str, Any]:
        return {"connector_arn": self.connector_arn, "only_failed_tasks": self.only_failed_tasks}

    def _check(self) -> None:
        """Refuse what the service would refuse, with what to do about it."""
        try:
            connector = self.hook.conn.describe_connector(connectorArn=self.connector_arn)
        except self.hook.conn.exceptions.NotFoundException as error:
            advice = "create it; a consumer group of an earlier one of its name keeps the offsets"
            raise ResourceMissing(f"Connector {self.connector_arn}", advice) from error
        state = connector["connectorState"]
        if state != "RUNNING":
            description = connector.get("stateDescription") or {}
            reason, advice = _REMEDIES.get(state, (_UNDER_WAY, _AFTER_IT))
            raise ServiceFailed(
                f"Connector {self.connector_arn} can be restarted only when it is RUNNING, but",
                state,
                description.get("code"),
                description.get("message") or reason,
                advice,
            )
        if self.only_failed_tasks and connector.get("kafkaConnectVersion") == _ALL_TASKS_ONLY:
            raise ValueError(
                f"only_failed_tasks=True: the connector {self.connector_arn} has Kafka Connect "
                f"{_ALL_TASKS_ONLY}, which needs 3.7 or later for this; give only_failed_tasks=False to "
                "restart all of its tasks"
            )
