"""Operator that deletes a Kinesis stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.hooks.kinesis import stream_argument
from cloud_operators.aws.operators.kinesis.base import KinesisBaseOperator
from cloud_operators.aws.triggers.kinesis import KinesisStreamDeletedTrigger, KinesisStreamStateTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class KinesisDeleteStreamOperator(KinesisBaseOperator):
    """Delete a stream with all its records; one that is gone already is no error.

    A stream that is being created or updated cannot be deleted; a task that waits does so until it can.
    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html

    :param stream: name or ARN of the stream
    :param enforce_consumer_deletion: delete a stream with registered consumers (enhanced fan-out), too
    """

    template_fields: Sequence[str] = aws_template_fields("stream")

    def __init__(self, *, stream: str, enforce_consumer_deletion: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stream = stream
        self.enforce_consumer_deletion = enforce_consumer_deletion

    @property
    def target(self) -> str:
        """Name or ARN of the stream."""
        return self.stream

    def execute(self, context: Context) -> str:
        """Delete the stream and wait in the way the task was asked to.

        :param context: context of the task
        :returns: its name or ARN, as given
        :raises ValueError: the name is empty
        :raises WaitTimedOut: the looks are used up
        :raises botocore.exceptions.ClientError: the service refuses to delete it: it has registered
            consumers, or it is being created or updated and the task is not to wait
        """
        if not self.stream:
            raise ValueError("The name of the stream to delete is empty.")
        return self._delete()

    def delete_when_active(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Go on after a deferral that waited until the stream could be deleted.

        :param context: context of the task
        :param event: event of the trigger
        :returns: the stream's name or ARN, as given
        """
        self.carried_by(event)
        return self._delete()

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Take over from the trigger that waited for the deletion.

        :param context: context of the task
        :param event: event of the trigger
        :returns: the stream's name or ARN, as given
        """
        self.carried_by(event)
        return self.stream

    def _delete(self) -> str:
        while True:
            found = self.hook.find_stream(self.stream)
            if found is None:
                self.log.info("Stream %s does not exist; nothing to delete", self.stream)
                return self.stream
            if found["StreamStatus"] not in ("CREATING", "UPDATING") or not self.waits:
                break
            self.wait_for(
                KinesisStreamStateTrigger,
                self.target,
                then="delete_when_active",
                target_states=["ACTIVE", "DELETING"],
                failure_states=[],
                missing_ok=True,
            )
        if found["StreamStatus"] != "DELETING":
            try:
                self.hook.conn.delete_stream(
                    **stream_argument(self.stream), EnforceConsumerDeletion=self.enforce_consumer_deletion
                )
            except self.hook.conn.exceptions.ResourceNotFoundException:
                self.log.info("Stream %s was deleted by someone else", self.stream)
                return self.stream
        self.wait_for(KinesisStreamDeletedTrigger, self.target)
        return self.stream
