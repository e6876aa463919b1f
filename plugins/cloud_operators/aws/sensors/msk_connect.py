"""Sensor for Amazon MSK Connect."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import PokeReturnValue, conf
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from cloud_operators.aws.base import OUT_OF_ATTEMPTS, AwsBaseSensor, aws_template_fields
from cloud_operators.aws.hooks.msk_connect import MskConnectHook
from cloud_operators.aws.links.msk_connect import MskConnectConnectorLink
from cloud_operators.aws.triggers.msk_connect import MskConnectConnectorStateTrigger
from cloud_operators.exceptions import ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class MskConnectConnectorStateSensor(AwsBaseSensor[MskConnectHook]):
    """Wait until a connector is in one of the target states; returns the connector's ARN.

    .. seealso:: https://docs.aws.amazon.com/MSKC/latest/mskc/API_DescribeConnector.html

    :param connector_arn: ARN of the connector
    :param target_states: states to wait for
    :param failure_states: states that end the waiting with an error
    :param deferrable: wait in the triggerer, without a worker slot; it looks in whole seconds, rounded up
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    aws_hook_class = MskConnectHook
    template_fields: Sequence[str] = aws_template_fields("connector_arn", "target_states", "failure_states")
    operator_extra_links = (MskConnectConnectorLink(),)
    ui_color: str = "#f5e6d3"

    def __init__(
        self,
        *,
        connector_arn: str,
        target_states: Iterable[str] = ("RUNNING",),
        failure_states: Iterable[str] = ("FAILED",),
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.connector_arn = connector_arn
        self.target_states = target_states
        self.failure_states = failure_states
        self.deferrable = deferrable

    def execute(self, context: Context) -> Any:
        """Wait in the worker or in the triggerer.

        :param context: context of the task
        :returns: the connector's ARN
        :raises ServiceFailed: the connector is in a failure state or gone
        :raises AirflowSensorTimeout: it was in none of the target states in time
        """
        MskConnectConnectorLink.remember(context, self, self.connector_arn)
        if not self.deferrable:
            return super().execute(context)
        if not self._reached():
            delay = max(1, math.ceil(self.poke_interval))
            self.defer(
                trigger=MskConnectConnectorStateTrigger(
                    arn=self.connector_arn,
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
        return self.connector_arn

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once.

        :param context: context of the task
        :raises ServiceFailed: the connector is in a failure state or gone
        """
        return PokeReturnValue(is_done=self._reached(), xcom_value=self.connector_arn)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Take over from the trigger.

        :param context: context of the task
        :param event: event of the trigger
        :returns: the connector's ARN
        :raises ServiceFailed: the connector is in a failure state or gone, or a look at it failed
        :raises AirflowSensorTimeout: it was in none of the target states in time
        """
        if event is None:
            raise RuntimeError("The trigger ended without an event.")
        if event["status"] == "success" or self._reached():
            return self.connector_arn
        if OUT_OF_ATTEMPTS in event["message"]:
            raise AirflowSensorTimeout(
                f"Connector {self.connector_arn} did not become {event['goal']} within {self.timeout:g} s"
            )
        resource = f"The wait for connector {self.connector_arn}"
        raise self._failure(ServiceFailed(resource, "broken off", None, event["message"]))

    def _reached(self) -> bool:
        found = self.hook.connector_state(self.connector_arn)
        if found is None:
            raise self._failure(ServiceFailed(f"Connector {self.connector_arn}", "gone"))
        self.log.info("Connector %s is %s", self.connector_arn, found.state)
        if found.state in self.failure_states:
            raise self._failure(ServiceFailed(f"Connector {self.connector_arn}", *found))
        return found.state in self.target_states

    def _failure(self, error: ServiceFailed) -> Exception:
        # Airflow applies these settings to its own exceptions only, and differently to each way of waiting.
        return AirflowSkipException(str(error)) if self.soft_fail or self.never_fail else error
