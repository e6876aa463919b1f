"""What the operators that wait for a state of a resource have in common."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import conf

from cloud_operators.aws.base import (
    OUT_OF_ATTEMPTS,
    AirflowException,
    AwsBaseOperator,
    AwsHookType,
    wait,
)
from cloud_operators.aws.resource_states import DELETED, broken_off
from cloud_operators.exceptions import ServiceFailed, WaitTimedOut

if TYPE_CHECKING:
    from cloud_operators.aws.resource_states import ResourceState
    from cloud_operators.aws.triggers.waiting import ResourceWaiterTrigger

# A deferred task is ended by its trigger, whose error says more; this is for a trigger that never reports.
_GRACE = timedelta(minutes=5)


class ResourceWaitingOperator(AwsBaseOperator[AwsHookType]):
    """Base of operators that can wait until a resource has a wanted state.

    :param wait_for_completion: wait until the resource has the wanted state
    :param waiter_delay: seconds between two looks at the resource
    :param waiter_max_attempts: number of looks before the task fails, counted anew for each request
    :param deferrable: wait in the triggerer, without a worker slot; implies waiting
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    def __init__(
        self,
        *,
        waiter_delay: int,
        waiter_max_attempts: int,
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        self.deferrable = deferrable

    @property
    def waits(self) -> bool:
        """Whether the task ends only when the resource has the wanted state."""
        return self.deferrable or self.wait_for_completion

    @abstractmethod
    def describe(self, resource: str) -> str:
        """Kind and name or ARN of a resource, for messages."""

    @abstractmethod
    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of a resource, ``None`` when it does not exist."""

    @abstractmethod
    def is_dead_end(self, state: str, goal: str) -> bool:
        """Whether a resource in this state never reaches the goal by itself."""

    def wait_for(
        self,
        trigger_class: type[ResourceWaiterTrigger],
        resource: str,
        *,
        then: str = "execute_complete",
        carried: dict[str, Any] | None = None,
        **goal: Any,
    ) -> None:
        """Wait in the way the task was asked to: in the triggerer, here, or not at all.

        :param trigger_class: says what to wait for; it is used for both ways
        :param resource: ARN or name of what is waited for
        :param then: method that takes over after a deferral
        :param carried: what that method wants to know again
        :param goal: the trigger's own arguments
        :raises ServiceFailed: the resource reached a state from which the wanted one is not reached, or is
            gone, or a look at it failed
        :raises WaitTimedOut: the looks are used up
        """
        named: dict[str, Any] = {trigger_class.resource_key: resource}
        trigger = trigger_class(
            **named,
            carried=carried,
            waiter_delay=self.waiter_delay,
            waiter_max_attempts=self.waiter_max_attempts,
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            botocore_config=self.botocore_config,
            **goal,
        )
        if self.deferrable:
            self.defer(
                trigger=trigger,
                method_name=then,
                timeout=timedelta(seconds=self.waiter_delay * self.waiter_max_attempts) + _GRACE,
            )
        if not self.wait_for_completion:
            return
        waiter = self.hook.get_waiter(trigger.waiter_name, config_overrides=trigger.waiter_config_overrides)
        try:
            wait(
                waiter=waiter,
                waiter_delay=trigger.waiter_delay,
                waiter_max_attempts=trigger.attempts,
                args=trigger.waiter_args,
                failure_message=trigger.failure_message,
                status_message=trigger.status_message,
                status_args=trigger.status_queries,
            )
        except AirflowException as error:
            self._explain(resource, trigger.goal, str(error))

    def checked_event(
        self, trigger_class: type[ResourceWaiterTrigger], event: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Check the event of a trigger.

        :param trigger_class: class of the trigger
        :param event: its event
        :returns: the event of a wait that ended well
        :raises ServiceFailed: the resource has failed or is gone, or a look at it failed
        :raises WaitTimedOut: the looks are used up
        """
        if event is None:
            raise RuntimeError("The trigger ended without an event.")
        if event["status"] != "success":
            self._explain(event[trigger_class.resource_key], event["goal"], event["message"])
        return event

    def _explain(self, resource: str, goal: str, message: str) -> None:
        """Turn the end of an unsuccessful wait into an error that carries the service's own reason.

        It looks once more: what has come meanwhile is no error.
        """
        found = self.read_state(resource)
        if (found.state if found else DELETED) == goal:
            return
        label = self.describe(resource)
        if found is None:
            raise ServiceFailed(label, "gone", None, f"it was to become {goal}")
        if self.is_dead_end(found.state, goal):
            raise ServiceFailed(label, *found)
        if OUT_OF_ATTEMPTS in message:
            raise WaitTimedOut(label, goal, found.state)
        raise broken_off(label, message)
