"""What the operators that create something on MSK Connect have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from cloud_operators.aws.operators.msk_connect.base import MskConnectBaseOperator
from cloud_operators.exceptions import ResourceDiffers, ServiceFailed

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.aws.compare import Differences
    from cloud_operators.aws.links.msk_connect import MskConnectLink
    from cloud_operators.aws.triggers.msk_connect import MskConnectWaiterTrigger


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
