"""What the MSK Connect operators have in common: waiting, creating or adopting, deleting."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import conf

from cloud_operators.aws.base import OUT_OF_ATTEMPTS, AirflowException, AwsBaseOperator, wait
from cloud_operators.aws.hooks.msk_connect import MskConnectHook, ResourceState
from cloud_operators.aws.triggers.msk_connect import DELETED
from cloud_operators.exceptions import ResourceDiffers, ServiceFailed, WaitTimedOut

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.aws.compare import Differences
    from cloud_operators.aws.links.msk_connect import MskConnectLink
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

    Nothing is stopped when a task is killed: the service has no way to cancel a creation or an update, and
    the next try takes up what the killed one began.

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


class MskConnectCreateOperator(MskConnectBaseOperator):
    """Base of the create operators: create, or adopt what is there under the name and is as wanted.

    The XCom ``action`` says ``created`` or ``adopted``.
    """

    name: str
    arn_key: ClassVar[str]
    state_key: ClassVar[str]
    failed_states: ClassVar[frozenset[str]] = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "FAILED"})
    #: Waits until the resource can be used; ``None`` for one that can be used from the start.
    ready_trigger: ClassVar[type[MskConnectWaiterTrigger] | None] = None
    #: Page of the resource in the AWS console.
    page: ClassVar[type[MskConnectLink]]

    @abstractmethod
    def find(self) -> dict[str, Any] | None:
        """Describe the resource of this name."""

    @abstractmethod
    def request(self) -> dict[str, Any]:
        """Build the request that creates the resource."""

    @abstractmethod
    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send the request."""

    @abstractmethod
    def differences(self, request: Mapping[str, Any], found: Mapping[str, Any]) -> Differences:
        """Compare what was asked for with what is there."""

    def execute(self, context: Context) -> str:
        """Create or adopt the resource.

        :param context: context of the task
        :returns: its ARN
        :raises ResourceDiffers: a resource with this name is there, but not as wanted
        :raises ServiceFailed: the resource has failed, or is being deleted and the task is not to wait
        """
        found = self.find()
        if found is not None and found[self.state_key] == "DELETING":
            if not self.waits:
                raise self._being_deleted(found)
            self.log.info("%s %s is being deleted; waiting until it is gone", self.resource_kind, self.name)
            self.wait_for(self.deleted_trigger, found[self.arn_key], then="create_after_deletion")
            found = None
        return self._create_or_adopt(context, found)

    def create_after_deletion(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Go on after a deferral that waited for the deletion of an earlier resource of this name.

        :param context: context of the task
        :param event: event of the trigger
        :returns: ARN of the new resource
        """
        self.event_arn(event)
        return self._create_or_adopt(context, None)

    def _create_or_adopt(self, context: Context, found: dict[str, Any] | None) -> str:
        request = self.request()
        action = "adopted"
        if found is None:
            found, action = self._create_or_find(request)
        if action == "adopted":
            self._check(request, found)
        arn = str(found[self.arn_key])
        self.log.info("%s %s %s: %s", self.resource_kind, self.name, action, arn)
        if self.do_xcom_push:
            context["ti"].xcom_push(key="action", value=action)
        self.page.remember(context, self, arn)
        if self.ready_trigger:
            self.wait_for(self.ready_trigger, arn)
        return arn

    def _create_or_find(self, request: dict[str, Any]) -> tuple[dict[str, Any], str]:
        try:
            return self.create(request), "created"
        except self.hook.conn.exceptions.ConflictException:
            # Someone else created it since it was looked for (or the list was stale): adopt theirs.
            found = self.find()
            if found is None:
                raise
            return found, "adopted"

    def _check(self, request: dict[str, Any], found: dict[str, Any]) -> None:
        state = found[self.state_key]
        if state == "DELETING":
            raise self._being_deleted(found)
        if state in self.failed_states:
            reason = found.get("stateDescription") or {}
            raise ServiceFailed(
                f"The existing {self.resource_kind} {self.name!r} cannot be adopted, delete it first: it",
                state,
                reason.get("code"),
                reason.get("message"),
            )
        if differences := self.differences(request, found):
            raise ResourceDiffers(f"{self.resource_kind} {self.name!r}", differences)

    def _being_deleted(self, found: dict[str, Any]) -> ServiceFailed:
        return ServiceFailed(
            f"{self.resource_kind} {self.name!r}",
            found[self.state_key],
            None,
            "an earlier one of this name is still being deleted; try again when it is gone",
        )


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
