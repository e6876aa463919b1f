"""What the operators that delete something of MSK Connect have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from cloud_operators.aws.operators.msk_connect.base import MskConnectBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class MskConnectDeleteOperator(MskConnectBaseOperator):
    """Base of the delete operators. What is gone already, or is being deleted, is no error."""

    #: The argument with the ARN of what to delete.
    arn_argument: ClassVar[str]

    @abstractmethod
    def delete(self, arn: str) -> None:
        """Send the request that deletes the resource."""

    def execute(self, context: Context) -> str:
        """Delete the resource and wait in the way the task was asked to.

        :param context: context of the task
        :returns: its ARN
        :raises ValueError: the ARN is empty
        :raises ServiceFailed: the deletion has failed
        :raises WaitTimedOut: the looks are used up
        """
        arn = str(getattr(self, self.arn_argument) or "")
        if not arn:
            raise ValueError(f"The ARN of the {self.resource_kind} to delete is empty.")
        found = self.read_state(arn)
        if found is None:
            self.log.info("%s %s does not exist; nothing to delete", self.resource_kind, arn)
            return arn
        if found.state != "DELETING":
            try:
                self.delete(arn)
            except self.hook.conn.exceptions.NotFoundException:
                self.log.info("%s %s was deleted by someone else", self.resource_kind, arn)
                return arn
        self.wait_for(self.deleted_trigger, arn)
        return arn
