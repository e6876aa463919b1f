"""Triggers for Amazon MSK Connect. They also hold what the operators wait for when they do not defer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, ClassVar

from airflow.triggers.base import TriggerEvent

from cloud_operators.aws.base import AwsBaseWaiterTrigger
from cloud_operators.aws.hooks.msk_connect import MskConnectHook

#: The goal of the triggers that wait until a resource is gone.
DELETED = "deleted"


class MskConnectWaiterTrigger(AwsBaseWaiterTrigger):
    """Base of the triggers below: poll MSK Connect with one of our waiters.

    The event is ``{"status": "success" | "error", "arn": <ARN>, "goal": <the state waited for>, "message":
    <only on error>}``, with ``carried`` if it was given.

    :param arn: ARN of what is waited for
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    :param carried: what the task wants to know again when it goes on. ``kwargs`` of a deferral would do it
        too, but ``airflow dags test`` (3.3.1) loses them.
    :param waiting_for: the state waited for, for messages; the class's own when not given
    :param serialized_fields: arguments that a subclass has besides
    :param kwargs: ``aws_conn_id``, ``region_name``, ``verify``, ``botocore_config``,
        ``waiter_config_overrides``
    """

    #: Name in ``waiters/kafkaconnect.json``.
    waiter: ClassVar[str]
    #: The describe operation's name for the ARN.
    arn_parameter: ClassVar[str]
    #: The state waited for, for messages.
    goal: str
    #: JMESPath expressions that tell the state and, if it has failed, why.
    status: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        arn: str,
        waiter_delay: int = 20,
        waiter_max_attempts: int = 90,
        carried: dict[str, Any] | None = None,
        waiting_for: str | None = None,
        serialized_fields: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.carried = carried
        self.goal = goal = waiting_for or self.goal
        super().__init__(
            serialized_fields={
                "arn": arn,
                **(serialized_fields or {}),
                **({} if carried is None else {"carried": carried}),
            },
            waiter_name=self.waiter,
            waiter_args={self.arn_parameter: arn},
            failure_message=f"{arn} did not become {goal}",
            status_message=f"Waiting for {arn} to become {goal}",
            status_queries=list(self.status),
            return_key="arn",
            return_value=arn,
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and report what was waited for and what was carried."""
        async for event in super().run():
            event.payload["goal"] = self.goal
            if self.carried is not None:
                event.payload["carried"] = self.carried
            yield event

    def hook(self) -> MskConnectHook:
        """Build the hook with the arguments of the operator that deferred."""
        return MskConnectHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )


class MskConnectCustomPluginActiveTrigger(MskConnectWaiterTrigger):
    """Wait until a custom plugin is ``ACTIVE``."""

    waiter = "custom_plugin_active"
    arn_parameter = "customPluginArn"
    goal = "ACTIVE"
    status = ("customPluginState", "stateDescription.code", "stateDescription.message")


class MskConnectCustomPluginDeletedTrigger(MskConnectWaiterTrigger):
    """Wait until a custom plugin is gone."""

    waiter = "custom_plugin_deleted"
    arn_parameter = "customPluginArn"
    goal = DELETED
    status = ("customPluginState", "stateDescription.code", "stateDescription.message")


class MskConnectWorkerConfigurationDeletedTrigger(MskConnectWaiterTrigger):
    """Wait until a worker configuration is gone."""

    waiter = "worker_configuration_deleted"
    arn_parameter = "workerConfigurationArn"
    goal = DELETED
    status = ("workerConfigurationState",)


class MskConnectConnectorDeletedTrigger(MskConnectWaiterTrigger):
    """Wait until a connector is gone."""

    waiter = "connector_deleted"
    arn_parameter = "connectorArn"
    goal = DELETED
    status = ("connectorState", "stateDescription.code", "stateDescription.message")


class MskConnectConnectorStateTrigger(MskConnectWaiterTrigger):
    """Wait until a connector is in one of the target states, by default until it runs.

    :param target_states: states that end the waiting well
    :param failure_states: states that end it with an error
    :param kwargs: the arguments of :class:`MskConnectWaiterTrigger`
    """

    waiter = "connector_running"
    arn_parameter = "connectorArn"
    status = ("connectorState", "stateDescription.code", "stateDescription.message")

    def __init__(
        self,
        *,
        target_states: Iterable[str] = ("RUNNING",),
        failure_states: Iterable[str] = ("FAILED", "DELETING", "PAUSED"),
        **kwargs: Any,
    ) -> None:
        targets, failures = list(target_states), list(failure_states)
        super().__init__(
            waiting_for=" or ".join(targets),
            serialized_fields={"target_states": targets, "failure_states": failures},
            waiter_config_overrides={"acceptors": _acceptors(targets, failures)},
            **kwargs,
        )


class MskConnectOperationCompleteTrigger(MskConnectWaiterTrigger):
    """Wait until the operation that an update of a connector started has completed."""

    waiter = "connector_operation_complete"
    arn_parameter = "connectorOperationArn"
    goal = "UPDATE_COMPLETE"
    status = ("connectorOperationState", "errorInfo.code", "errorInfo.message")


def _acceptors(targets: list[str], failures: list[str]) -> list[dict[str, str]]:
    states = [(state, "success") for state in targets] + [(state, "failure") for state in failures]
    # The provider reads "argument" of every acceptor, of an error matcher too.
    return [
        *(
            {"matcher": "path", "argument": "connectorState", "expected": state, "state": outcome}
            for state, outcome in states
        ),
        {"matcher": "error", "argument": "", "expected": "NotFoundException", "state": "failure"},
    ]
