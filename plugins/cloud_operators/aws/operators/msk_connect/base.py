"""What the MSK Connect operators have in common: arguments and waiting."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import conf

from cloud_operators.aws.base import OUT_OF_ATTEMPTS, AirflowException, AwsBaseOperator, wait
from cloud_operators.aws.hooks.msk_connect import MskConnectHook, ResourceState
from cloud_operators.aws.triggers.msk_connect import DELETED
from cloud_operators.exceptions import ServiceFailed, WaitTimedOut

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.aws.triggers.msk_connect import MskConnectWaiterTrigger

# A deferred task is ended by its trigger, whose error says more; this is for a trigger that never reports.
_GRACE = timedelta(minutes=5)
#: From these no wanted state is reached by itself, but that of being gone.
DEAD_ENDS = frozenset(
    {"FAILED", "CREATE_FAILED", "UPDATE_FAILED", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETING", "PAUSED"}
)
#: From this one nothing is deleted by itself.
DEAD_ENDS_OF_DELETION = frozenset({"FAILED"})


class MskConnectBaseOperator(AwsBaseOperator[MskConnectHook]):
    """Base of all MSK Connect operators, with the arguments that are common to all.

    Nothing is stopped when a task is killed: the service has no way to cancel a creation, an update or a
    deletion, and the next try takes up what the killed one began. To delete what is half created would only
    make that one wait until it is gone.

    :param wait_for_completion: wait until the resource has the wanted state
    :param waiter_delay: seconds between two looks at the resource
    :param waiter_max_attempts: number of looks before the task fails
    :param deferrable: wait in the triggerer, without a worker slot; implies waiting
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    aws_hook_class = MskConnectHook
    ui_color: str = "#f5e6d3"

    #: What the operator deals with, for messages.
    resource_kind: ClassVar[str]
    #: Waits until a resource of this kind is gone.
    deleted_trigger: ClassVar[type[MskConnectWaiterTrigger]]

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        waiter_delay: int = 20,
        waiter_max_attempts: int = 90,
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
    def read_state(self, arn: str) -> ResourceState | None:
        """Read the state of the resource, ``None`` when it does not exist."""

    def wait_for(
        self,
        trigger_class: type[MskConnectWaiterTrigger],
        arn: str,
        *,
        then: str = "execute_complete",
        carried: dict[str, Any] | None = None,
    ) -> None:
        """Wait in the way the task was asked to: in the triggerer, here, or not at all.

        :param trigger_class: says what to wait for; it is used for both ways
        :param arn: ARN of what is waited for
        :param then: method that takes over after a deferral
        :param carried: what that method wants to know again
        :raises ServiceFailed: the resource reached a state from which the wanted one is not reached, or a
            look at it failed
        :raises WaitTimedOut: the looks are used up
        """
        trigger = trigger_class(
            arn=arn,
            carried=carried,
            waiter_delay=self.waiter_delay,
            waiter_max_attempts=self.waiter_max_attempts,
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            botocore_config=self.botocore_config,
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
            self._explain(arn, trigger.goal, str(error))

    def event_arn(self, event: dict[str, Any] | None) -> str:
        """Check the event of a trigger.

        :param event: the event
        :returns: ARN of what was waited for
        :raises ServiceFailed: the resource has failed, or a look at it
        :raises WaitTimedOut: the looks are used up
        """
        if event is None:
            raise RuntimeError("The trigger ended without an event.")
        arn = str(event["arn"])
        if event["status"] != "success":
            self._explain(arn, event["goal"], event["message"])
        return arn

    def _explain(self, arn: str, goal: str, message: str) -> None:
        """Turn the end of an unsuccessful wait into an error that carries the service's own reason.

        It looks once more: what has come meanwhile is no error.
        """
        found = self.read_state(arn)
        if (found.state if found else DELETED) == goal:
            return
        resource = f"{self.resource_kind} {arn}"
        if found is None:
            raise ServiceFailed(resource, "gone", None, f"it was to become {goal}")
        if found.state in (DEAD_ENDS_OF_DELETION if goal == DELETED else DEAD_ENDS):
            raise ServiceFailed(resource, *found)
        if OUT_OF_ATTEMPTS in message:
            raise WaitTimedOut(resource, goal, found.state)
        raise ServiceFailed(f"The wait for {resource}", "broken off", None, message)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Take over from the trigger; returns what ``execute`` returns.

        :param context: context of the task
        :param event: event of the trigger
        """
        return self.event_arn(event)
