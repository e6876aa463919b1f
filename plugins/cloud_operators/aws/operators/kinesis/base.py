"""What the operators for Kinesis streams have in common: waiting, and changing a setting."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from cloud_operators.aws.hooks.kinesis import KinesisHook
from cloud_operators.aws.operators.waiting import ResourceWaitingOperator
from cloud_operators.aws.resource_states import DELETED, ResourceState
from cloud_operators.aws.triggers.kinesis import KinesisStreamTrigger
from cloud_operators.exceptions import LimitReached

if TYPE_CHECKING:
    from cloud_operators.aws.kinesis_settings import Change, Setting

_LIMITS: dict[Setting, str] = {
    "stream_mode": "two changes of a stream's mode in 24 hours, and 50 streams on demand in an account",
    "shard_count": (
        "ten changes of a stream's number of shards in 24 hours, 10,000 shards in a stream, "
        "and the account's quota of shards"
    ),
    "retention_hours": "five requests in a second",
}


class KinesisBaseOperator(ResourceWaitingOperator[KinesisHook]):
    """Base of the operators that create, update and delete a stream.

    Nothing is stopped when a task is killed: the service has no way to cancel a creation or an update, and
    the next try takes up what the killed one began.

    :param kwargs: the arguments of :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`
    """

    aws_hook_class = KinesisHook
    ui_color: str = "#d3e6f5"

    def __init__(self, *, waiter_delay: int = 10, waiter_max_attempts: int = 180, **kwargs: Any) -> None:
        super().__init__(waiter_delay=waiter_delay, waiter_max_attempts=waiter_max_attempts, **kwargs)

    @property
    @abstractmethod
    def target(self) -> str:
        """Name or ARN of the stream."""

    def describe(self, resource: str) -> str:
        """Kind and name or ARN of a stream."""
        return f"Stream {resource}"

    def read_state(self, resource: str) -> ResourceState | None:
        """Read the state of a stream, ``None`` when it does not exist."""
        found = self.hook.find_stream(resource)
        return ResourceState(found["StreamStatus"]) if found else None

    def is_dead_end(self, state: str, goal: str) -> bool:
        """A stream that is being deleted becomes nothing else."""
        return state == "DELETING" and goal != DELETED

    def carried_by(self, event: dict[str, Any] | None) -> dict[str, Any]:
        """Check the event of a trigger.

        :param event: the event
        :returns: what was carried over the deferral
        :raises ServiceFailed: the stream is being deleted, or gone, or a look at it failed
        :raises WaitTimedOut: the looks are used up
        """
        carried: dict[str, Any] = self.checked_event(KinesisStreamTrigger, event).get("carried") or {}
        return carried

    def change(self, found: dict[str, Any], change: Change) -> None:
        """Send the request that changes one setting of a stream, which has to be ``ACTIVE``.

        :param found: ``StreamDescriptionSummary`` of the stream
        :param change: what to change
        :raises LimitReached: the service allows no such change now
        """
        stream = {"StreamARN": found["StreamARN"]}
        conn = self.hook.conn
        self.log.info("Changing stream %s to %s %s", self.target, change.setting, change.value)
        try:
            if change.setting == "stream_mode":
                conn.update_stream_mode(**stream, StreamModeDetails={"StreamMode": change.value})
            elif change.setting == "shard_count":
                conn.update_shard_count(
                    **stream, TargetShardCount=change.value, ScalingType="UNIFORM_SCALING"
                )
            elif int(change.value) > found["RetentionPeriodHours"]:
                conn.increase_stream_retention_period(**stream, RetentionPeriodHours=change.value)
            else:
                conn.decrease_stream_retention_period(**stream, RetentionPeriodHours=change.value)
        except conn.exceptions.LimitExceededException as error:
            raise LimitReached(
                f"Stream {self.target}",
                f"{change.setting} {change.value}",
                error.response["Error"].get("Message", "LimitExceededException"),
                _LIMITS[change.setting],
            ) from error
