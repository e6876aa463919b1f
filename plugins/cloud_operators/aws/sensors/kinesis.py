"""Sensor for Amazon Kinesis Data Streams."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import PokeReturnValue, conf
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from cloud_operators.aws.base import OUT_OF_ATTEMPTS, AwsBaseSensor, aws_template_fields
from cloud_operators.aws.hooks.kinesis import KinesisHook
from cloud_operators.aws.links.kinesis import KinesisStreamLink
from cloud_operators.aws.triggers.kinesis import KinesisStreamStateTrigger
from cloud_operators.exceptions import ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class KinesisStreamStateSensor(AwsBaseSensor[KinesisHook]):
    """Wait until a stream is in one of the target states; returns its name or ARN, as given.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html

    :param stream: name or ARN of the stream
    :param target_states: states to wait for: ``CREATING``, ``ACTIVE``, ``UPDATING`` or ``DELETING``
    :param failure_states: states that end the waiting with an error
    :param deferrable: wait in the triggerer, without a worker slot; it looks in whole seconds, rounded up
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    aws_hook_class = KinesisHook
    template_fields: Sequence[str] = aws_template_fields("stream", "target_states", "failure_states")
    operator_extra_links = (KinesisStreamLink(),)
    ui_color: str = "#d3e6f5"

    def __init__(
        self,
        *,
        stream: str,
        target_states: Iterable[str] = ("ACTIVE",),
        failure_states: Iterable[str] = ("DELETING",),
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stream = stream
        self.target_states = target_states
        self.failure_states = failure_states
        self.deferrable = deferrable

    def execute(self, context: Context) -> Any:
        """Wait in the worker or in the triggerer.

        :param context: context of the task
        :returns: the stream's name or ARN, as given
        :raises ServiceFailed: the stream is in a failure state or gone
        :raises AirflowSensorTimeout: it was in none of the target states in time
        """
        KinesisStreamLink.remember(context, self, self.stream)
        if not self.deferrable:
            return super().execute(context)
        if not self._reached():
            delay = max(1, math.ceil(self.poke_interval))
            self.defer(
                trigger=KinesisStreamStateTrigger(
                    stream=self.stream,
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
        return self.stream

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once.

        :param context: context of the task
        :raises ServiceFailed: the stream is in a failure state or gone
        """
        return PokeReturnValue(is_done=self._reached(), xcom_value=self.stream)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Take over from the trigger.

        :param context: context of the task
        :param event: event of the trigger
        :returns: the stream's name or ARN, as given
        :raises ServiceFailed: the stream is in a failure state or gone, or a look at it failed
        :raises AirflowSensorTimeout: it was in none of the target states in time
        """
        if event is None:
            raise RuntimeError("The trigger ended without an event.")
        if event["status"] == "success" or self._reached():
            return self.stream
        if OUT_OF_ATTEMPTS in event["message"]:
            raise AirflowSensorTimeout(
                f"Stream {self.stream} did not become {event['goal']} within {self.timeout:g} s"
            )
        resource = f"The wait for stream {self.stream}"
        raise self._failure(ServiceFailed(resource, "broken off", None, event["message"]))

    def _reached(self) -> bool:
        found = self.hook.find_stream(self.stream)
        if found is None:
            raise self._failure(ServiceFailed(f"Stream {self.stream}", "gone"))
        state = found["StreamStatus"]
        self.log.info("Stream %s is %s", self.stream, state)
        if state in self.failure_states:
            raise self._failure(ServiceFailed(f"Stream {self.stream}", state))
        return state in self.target_states

    def _failure(self, error: ServiceFailed) -> Exception:
        # Airflow applies these settings to its own exceptions only, and differently to each way of waiting.
        return AirflowSkipException(str(error)) if self.soft_fail or self.never_fail else error
