"""What the MSK Connect operators have in common: arguments and waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cloud_operators.aws.hooks.msk_connect import MskConnectHook
from cloud_operators.aws.operators.waiting import ResourceWaitingOperator
from cloud_operators.aws.resource_states import DELETED
from cloud_operators.aws.triggers.msk_connect import MskConnectWaiterTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

#: From these no wanted state is reached by itself, but that of being gone.
DEAD_ENDS = frozenset(
    {
        "FAILED",
        "CREATE_FAILED",
        "UPDATE_FAILED",
        "ROLLBACK_FAILED",
        "ROLLBACK_COMPLETE",
        "RESTART_FAILED",
        "DELETING",
        "PAUSED",
    }
)
#: From this one nothing is deleted by itself.
DEAD_ENDS_OF_DELETION = frozenset({"FAILED"})


class MskConnectBaseOperator(ResourceWaitingOperator[MskConnectHook]):
    """Base of all MSK Connect operators.

    Nothing is stopped when a task is killed: the service has no way to cancel a creation, an update or a
    deletion, and the next try takes up what the killed one began. To delete what is half created would only
    make that one wait until it is gone.

    :param kwargs: the arguments of :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`
    """

    aws_hook_class = MskConnectHook
    ui_color: str = "#f5e6d3"

    #: What the operator deals with, for messages.
    resource_kind: ClassVar[str]
    #: Waits until a resource of this kind is gone.
    deleted_trigger: ClassVar[type[MskConnectWaiterTrigger]]

    def __init__(self, *, waiter_delay: int = 20, waiter_max_attempts: int = 90, **kwargs: Any) -> None:
        super().__init__(waiter_delay=waiter_delay, waiter_max_attempts=waiter_max_attempts, **kwargs)

    def describe(self, resource: str) -> str:
        """Kind and ARN of a resource."""
        return f"{self.resource_kind} {resource}"

    def is_dead_end(self, state: str, goal: str) -> bool:
        """Whether a resource in this state never reaches the goal by itself."""
        return state in (DEAD_ENDS_OF_DELETION if goal == DELETED else DEAD_ENDS)

    def event_arn(self, event: dict[str, Any] | None) -> str:
        """Check the event of a trigger.

        :param event: the event
        :returns: ARN of what was waited for
        :raises ServiceFailed: the resource has failed, or a look at it
        :raises WaitTimedOut: the looks are used up
        """
        return str(self.checked_event(MskConnectWaiterTrigger, event)["arn"])

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Take over from the trigger; returns what ``execute`` returns.

        :param context: context of the task
        :param event: event of the trigger
        """
        return self.event_arn(event)
