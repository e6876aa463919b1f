"""Triggers for Amazon MSK Connect. They also hold what the operators wait for when they do not defer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from cloud_operators.aws.hooks.msk_connect import MskConnectHook
from cloud_operators.aws.resource_states import DELETED
from cloud_operators.aws.triggers.waiting import ResourceWaiterTrigger, error_is, state_is


class MskConnectWaiterTrigger(ResourceWaiterTrigger):
    """Base of the triggers below: poll MSK Connect with one of our waiters.

    The event has the ARN of what was waited for as ``arn``.

    :param arn: ARN of what is waited for
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    :param goal: the state waited for, for messages; the class's own when not given
    :param kwargs: the other arguments of
        :class:`~cloud_operators.aws.triggers.waiting.ResourceWaiterTrigger`
    """

    hook_class = MskConnectHook
    resource_key = "arn"
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
        goal: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            resource=arn,
            label=arn,
            goal=goal or self.goal,
            waiter_args={self.arn_parameter: arn},
            status_queries=self.status,
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
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
            goal=" or ".join(targets),
            serialized_fields={"target_states": targets, "failure_states": failures},
            waiter_config_overrides={
                "acceptors": [
                    *(state_is("connectorState", state, "success") for state in targets),
                    *(state_is("connectorState", state, "failure") for state in failures),
                    error_is("NotFoundException", "failure"),
                ]
            },
            **kwargs,
        )


class MskConnectOperationCompleteTrigger(MskConnectWaiterTrigger):
    """Wait until the operation that an update of a connector started has completed."""

    waiter = "connector_operation_complete"
    arn_parameter = "connectorOperationArn"
    goal = "UPDATE_COMPLETE"
    status = ("connectorOperationState", "errorInfo.code", "errorInfo.message")


class MskConnectRestartCompleteTrigger(MskConnectWaiterTrigger):
    """Wait until the operation that restarts a connector has completed."""

    waiter = "connector_restart_complete"
    arn_parameter = "connectorOperationArn"
    goal = "RESTART_COMPLETE"
    status = ("connectorOperationState", "errorInfo.code", "errorInfo.message")
