"""Triggers for Amazon MSK Connect. They also hold what the operators wait for when they do not defer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from airflow.triggers.base import TriggerEvent

from cloud_operators.aws.base import AwsBaseWaiterTrigger
from cloud_operators.aws.hooks.msk_connect import MskConnectHook

_PLUGIN = ["customPluginState", "stateDescription.code", "stateDescription.message"]
_CONNECTOR = ["connectorState", "stateDescription.code", "stateDescription.message"]
_OPERATION = ["connectorOperationState", "errorInfo.code", "errorInfo.message"]


class MskConnectWaiterTrigger(AwsBaseWaiterTrigger):
    """Base of the triggers below: poll MSK Connect with one of our waiters.

    The event is ``{"status": "success" | "error", "arn": <ARN>, "message": <only on error>}``, with
    ``carried`` if it was given.

    :param arn: ARN of what is waited for
    :param carried: what the task wants to know again when it goes on. ``kwargs`` of a deferral would do it
        too, but ``airflow dags test`` (3.3.1) loses them.
    """

    def __init__(
        self,
        *,
        arn: str,
        serialized_fields: dict[str, Any],
        waiter_name: str,
        waiter_args: dict[str, Any],
        waiting_for: str,
        status_queries: list[str],
        waiter_delay: int,
        waiter_max_attempts: int,
        carried: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.carried = carried
        if carried is not None:
            serialized_fields = {**serialized_fields, "carried": carried}
        super().__init__(
            serialized_fields=serialized_fields,
            waiter_name=waiter_name,
            waiter_args=waiter_args,
            failure_message=f"{arn} did not become {waiting_for}",
            status_message=f"Waiting for {arn} to become {waiting_for}",
            status_queries=status_queries,
            return_key="arn",
            return_value=arn,
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and report what was waited for and what was carried."""
        async for event in super().run():
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
    """Wait until a custom plugin is ``ACTIVE``.

    :param custom_plugin_arn: ARN of the custom plugin
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    """

    def __init__(
        self, *, custom_plugin_arn: str, waiter_delay: int = 20, waiter_max_attempts: int = 90, **kwargs: Any
    ) -> None:
        super().__init__(
            arn=custom_plugin_arn,
            serialized_fields={"custom_plugin_arn": custom_plugin_arn},
            waiter_name="custom_plugin_active",
            waiter_args={"customPluginArn": custom_plugin_arn},
            waiting_for="ACTIVE",
            status_queries=_PLUGIN,
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )


class MskConnectCustomPluginDeletedTrigger(MskConnectWaiterTrigger):
    """Wait until a custom plugin is gone.

    :param custom_plugin_arn: ARN of the custom plugin
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    """

    def __init__(
        self, *, custom_plugin_arn: str, waiter_delay: int = 20, waiter_max_attempts: int = 90, **kwargs: Any
    ) -> None:
        super().__init__(
            arn=custom_plugin_arn,
            serialized_fields={"custom_plugin_arn": custom_plugin_arn},
            waiter_name="custom_plugin_deleted",
            waiter_args={"customPluginArn": custom_plugin_arn},
            waiting_for="deleted",
            status_queries=_PLUGIN,
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )


class MskConnectWorkerConfigurationDeletedTrigger(MskConnectWaiterTrigger):
    """Wait until a worker configuration is gone.

    :param worker_configuration_arn: ARN of the worker configuration
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    """

    def __init__(
        self,
        *,
        worker_configuration_arn: str,
        waiter_delay: int = 20,
        waiter_max_attempts: int = 90,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            arn=worker_configuration_arn,
            serialized_fields={"worker_configuration_arn": worker_configuration_arn},
            waiter_name="worker_configuration_deleted",
            waiter_args={"workerConfigurationArn": worker_configuration_arn},
            waiting_for="deleted",
            status_queries=["workerConfigurationState"],
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )


class MskConnectConnectorStateTrigger(MskConnectWaiterTrigger):
    """Wait until a connector is in one of the target states, by default until it runs.

    :param connector_arn: ARN of the connector
    :param target_states: states that end the waiting well
    :param failure_states: states that end it with an error
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    """

    def __init__(
        self,
        *,
        connector_arn: str,
        target_states: Iterable[str] = ("RUNNING",),
        failure_states: Iterable[str] = ("FAILED", "DELETING", "PAUSED"),
        waiter_delay: int = 20,
        waiter_max_attempts: int = 90,
        **kwargs: Any,
    ) -> None:
        targets, failures = list(target_states), list(failure_states)
        super().__init__(
            arn=connector_arn,
            serialized_fields={
                "connector_arn": connector_arn,
                "target_states": targets,
                "failure_states": failures,
            },
            waiter_name="connector_running",
            waiter_args={"connectorArn": connector_arn},
            waiting_for=" or ".join(targets),
            status_queries=_CONNECTOR,
            waiter_config_overrides={"acceptors": _acceptors(targets, failures)},
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )


class MskConnectConnectorDeletedTrigger(MskConnectWaiterTrigger):
    """Wait until a connector is gone.

    :param connector_arn: ARN of the connector
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    """

    def __init__(
        self, *, connector_arn: str, waiter_delay: int = 20, waiter_max_attempts: int = 90, **kwargs: Any
    ) -> None:
        super().__init__(
            arn=connector_arn,
            serialized_fields={"connector_arn": connector_arn},
            waiter_name="connector_deleted",
            waiter_args={"connectorArn": connector_arn},
            waiting_for="deleted",
            status_queries=_CONNECTOR,
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )


class MskConnectOperationCompleteTrigger(MskConnectWaiterTrigger):
    """Wait until the operation that an update of a connector started has completed.

    :param connector_operation_arn: ARN of the operation
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    """

    def __init__(
        self,
        *,
        connector_operation_arn: str,
        waiter_delay: int = 20,
        waiter_max_attempts: int = 90,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            arn=connector_operation_arn,
            serialized_fields={"connector_operation_arn": connector_operation_arn},
            waiter_name="connector_operation_complete",
            waiter_args={"connectorOperationArn": connector_operation_arn},
            waiting_for="UPDATE_COMPLETE",
            status_queries=_OPERATION,
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )


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
