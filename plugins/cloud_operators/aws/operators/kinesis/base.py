"""What the operators for Kinesis streams have in common: waiting, and changing a setting."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import conf

from cloud_operators.aws.base import OUT_OF_ATTEMPTS, AirflowException, AwsBaseOperator, wait
from cloud_operators.aws.hooks.kinesis import KinesisHook
from cloud_operators.aws.triggers.kinesis import DELETED
from cloud_operators.exceptions import LimitReached, ServiceFailed, WaitTimedOut

if TYPE_CHECKING:
    from cloud_operators.aws.kinesis_settings import Change, Setting
    from cloud_operators.aws.triggers.kinesis import KinesisStreamTrigger

# A deferred task is ended by its trigger, whose error says more; this is for a trigger that never reports.
_GRACE = timedelta(minutes=5)

_LIMITS: dict[Setting, str] = {
    "stream_mode": "two changes of a stream's mode in 24 hours, and 50 streams on demand in an account",
    "shard_count": (
        "ten changes of a stream's number of shards in 24 hours, 10,000 shards in a stream, "
        "and the account's quota of shards"
    ),
    "retention_hours": "five requests in a second",
}


class KinesisBaseOperator(AwsBaseOperator[KinesisHook]):
    """Base of the operators that create, update and delete a stream, with the arguments common to them.

    Nothing is stopped when a task is killed: the service has no way to cancel a creation or an update, and
    the next try takes up what the killed one began.

    :param wait_for_completion: wait until the stream has the wanted state
    :param waiter_delay: seconds between two looks at the stream
    :param waiter_max_attempts: number of looks before the task fails, counted anew for each request
    :param deferrable: wait in the triggerer, without a worker slot; implies waiting
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    aws_hook_class = KinesisHook
    ui_color: str = "#d3e6f5"

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        waiter_delay: int = 10,
        waiter_max_attempts: int = 180,
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
        """Whether the task ends only when the stream has the wanted state."""
        return self.deferrable or self.wait_for_completion

    @property
    @abstractmethod
    def target(self) -> str:
        """Name or ARN of the stream."""

    def wait_for(
        self,
        trigger_class: type[KinesisStreamTrigger],
        *,
        then: str = "execute_complete",
        carried: dict[str, Any] | None = None,
        **goal: Any,
    ) -> None:
        """Wait in the way the task was asked to: in the triggerer, here, or not at all.

        :param trigger_class: says what to wait for; it is used for both ways
        :param then: method that takes over after a deferral
        :param carried: what that method wants to know again
        :param goal: the trigger's own arguments
        :raises ServiceFailed: the stream is being deleted, or gone, or a look at it failed
        :raises WaitTimedOut: the looks are used up
        """
        trigger = trigger_class(
            stream=self.target,
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
            self._explain(trigger.goal, str(error))

    def carried_by(self, event: dict[str, Any] | None) -> dict[str, Any]:
        """Check the event of a trigger.

        :param event: the event
        :returns: what was carried over the deferral
        :raises ServiceFailed: the stream is being deleted, or gone, or a look at it failed
        :raises WaitTimedOut: the looks are used up
        """
        if event is None:
            raise RuntimeError("The trigger ended without an event.")
        if event["status"] != "success":
            self._explain(event["goal"], event["message"])
        carried: dict[str, Any] = event.get("carried") or {}
        return carried

    def _explain(self, goal: str, message: str) -> None:
        """Turn the end of an unsuccessful wait into an error that says where the stream is.

        It looks once more: what has come meanwhile is no error.
        """
        found = self.hook.find_stream(self.target)
        state = str(found["StreamStatus"]) if found else DELETED
        if state == goal:
            return
        resource = f"Stream {self.target}"
        if found is None:
            raise ServiceFailed(resource, "gone", None, f"it was to become {goal}")
        if state == "DELETING" and goal != DELETED:
            raise ServiceFailed(resource, state, None, f"it was to become {goal}")
        if OUT_OF_ATTEMPTS in message:
            raise WaitTimedOut(resource, goal, state)
        raise ServiceFailed(f"The wait for stream {self.target}", "broken off", None, message)

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
