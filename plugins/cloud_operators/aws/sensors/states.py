"""What the sensors that wait for a state of a resource have in common."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import PokeReturnValue, conf
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from cloud_operators.aws.base import OUT_OF_ATTEMPTS, AwsBaseSensor, AwsHookType
from cloud_operators.aws.resource_states import broken_off
from cloud_operators.exceptions import ServiceFailed

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.aws.resource_states import ResourceState
    from cloud_operators.aws.triggers.waiting import ResourceWaiterTrigger


class ResourceStateSensor(AwsBaseSensor[AwsHookType]):
    """Base of sensors that wait until a resource is in one of the target states; returns it as given.

    :param target_states: states to wait for
    :param failure_states: states that end the waiting with an error
    :param deferrable: wait in the triggerer, without a worker slot; it looks in whole seconds, rounded up
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    #: Waits in the triggerer.
    trigger_class: ClassVar[type[ResourceWaiterTrigger]]
    #: What is waited for, for messages.
    resource_kind: ClassVar[str]
    #: Page of the resource in the AWS console.
    page: ClassVar[Any]

    def __init__(
        self,
        *,
        target_states: Iterable[str],
        failure_states: Iterable[str],
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.target_states = target_states
        self.failure_states = failure_states
        self.deferrable = deferrable

    @property
    @abstractmethod
    def resource(self) -> str:
        """ARN or name of the resource."""

    @abstractmethod
    def read_state(self) -> ResourceState | None:
        """Read the state of the resource, ``None`` when it does not exist."""

    def execute(self, context: Context) -> Any:
        """Wait in the worker or in the triggerer.

        :param context: context of the task
        :returns: the resource, as given
        :raises ServiceFailed: the resource is in a failure state or gone
        :raises AirflowSensorTimeout: it was in none of the target states in time
        """
        self.page.remember(context, self, self.resource)
        if not self.deferrable:
            return super().execute(context)
        if not self._reached():
            delay = max(1, math.ceil(self.poke_interval))
            named: dict[str, Any] = {self.trigger_class.resource_key: self.resource}
            self.defer(
                trigger=self.trigger_class(
                    **named,
                    target_states=self.target_states,
                    failure_states=self.failure_states,
                    waiter_delay=delay,
                    # The first look is at once, and the last one not before the time is over.
                    waiter_max_attempts=1 + math.ceil(self.timeout / delay),
                    aws_conn_id=self.aws_conn_id,
                    region_name=self.region_name,
                    verify=self.verify,
                    botocore_config=self.botocore_config,
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout),
            )
        return self.resource

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once.

        :param context: context of the task
        :raises ServiceFailed: the resource is in a failure state or gone
        """
        return PokeReturnValue(is_done=self._reached(), xcom_value=self.resource)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Take over from the trigger.

        :param context: context of the task
        :param event: event of the trigger
        :returns: the resource, as given
        :raises ServiceFailed: the resource is in a failure state or gone, or a look at it failed
        :raises AirflowSensorTimeout: it was in none of the target states in time
        """
        if event is None:
            raise RuntimeError("The trigger ended without an event.")
        if event["status"] == "success" or self._reached():
            return self.resource
        if OUT_OF_ATTEMPTS in event["message"]:
            raise AirflowSensorTimeout(
                f"{self._label} did not become {event['goal']} within {self.timeout:g} s"
            )
        raise self._failure(broken_off(self._label, event["message"]))

    @property
    def _label(self) -> str:
        return f"{self.resource_kind} {self.resource}"

    def _reached(self) -> bool:
        found = self.read_state()
        if found is None:
            raise self._failure(ServiceFailed(self._label, "gone"))
        self.log.info("%s is %s", self._label, found.state)
        if found.state in self.failure_states:
            raise self._failure(ServiceFailed(self._label, *found))
        return found.state in self.target_states

    def _failure(self, error: ServiceFailed) -> Exception:
        # Airflow applies these settings to its own exceptions only, and differently to each way of waiting.
        return AirflowSkipException(str(error)) if self.soft_fail or self.never_fail else error
