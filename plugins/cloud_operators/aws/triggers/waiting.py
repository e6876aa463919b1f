"""What the triggers that wait for a state of a resource have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.triggers.base import TriggerEvent

from cloud_operators.aws.base import AwsBaseHook, AwsBaseWaiterTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence


class ResourceWaiterTrigger(AwsBaseWaiterTrigger):
    """Base of triggers that poll a resource with one of our waiters.

    The event is ``{"status": "success" | "error", <resource_key>: <the resource>, "goal": <what was waited
    for>, "message": <only on error>}``, with ``carried`` if it was given.

    :param resource: ARN or name of the resource
    :param label: kind and name or ARN of the resource, for messages
    :param goal: what is waited for, for messages
    :param waiter_args: the arguments of the waiter's operation
    :param status_queries: JMESPath expressions that tell the state and, if it has failed, why
    :param carried: what the task wants to know again when it goes on. ``kwargs`` of a deferral would do it
        too, but ``airflow dags test`` (3.3.1) loses them.
    :param serialized_fields: arguments that a subclass has besides
    :param kwargs: ``waiter_delay``, ``waiter_max_attempts``, ``aws_conn_id``, ``region_name``, ``verify``,
        ``botocore_config``, ``waiter_config_overrides``
    """

    #: The hook whose waiters are used.
    hook_class: ClassVar[type[AwsBaseHook]]
    #: Name of the waiter.
    waiter: ClassVar[str]
    #: Name of the argument with the resource, and of the event's field.
    resource_key: ClassVar[str]

    def __init__(
        self,
        *,
        resource: str,
        label: str,
        goal: str,
        waiter_args: dict[str, Any],
        status_queries: Sequence[str],
        carried: dict[str, Any] | None = None,
        serialized_fields: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.goal = goal
        self.carried = carried
        super().__init__(
            serialized_fields={
                self.resource_key: resource,
                **(serialized_fields or {}),
                **({} if carried is None else {"carried": carried}),
            },
            waiter_name=self.waiter,
            waiter_args=waiter_args,
            failure_message=f"{label} did not become {goal}",
            status_message=f"Waiting for {label} to become {goal}",
            status_queries=list(status_queries),
            return_key=self.resource_key,
            return_value=resource,
            **kwargs,
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and report what was waited for and what was carried."""
        async for event in super().run():
            event.payload["goal"] = self.goal
            if self.carried is not None:
                event.payload["carried"] = self.carried
            yield event

    def hook(self) -> AwsBaseHook:
        """Build the hook with the arguments of the operator that deferred."""
        return self.hook_class(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )


def state_is(path: str, expected: Any, outcome: str) -> dict[str, Any]:
    """An acceptor of a waiter: what the service answers is as expected.

    :param path: JMESPath expression of the answer
    :param expected: its value
    :param outcome: ``success``, ``failure`` or ``retry``
    """
    return {"matcher": "path", "argument": path, "expected": expected, "state": outcome}


def error_is(code: str, outcome: str) -> dict[str, Any]:
    """An acceptor of a waiter: the service answers with this error.

    :param code: code of the error
    :param outcome: ``success``, ``failure`` or ``retry``
    """
    # The provider reads "argument" of every acceptor, of an error matcher too.
    return {"matcher": "error", "argument": "", "expected": code, "state": outcome}
