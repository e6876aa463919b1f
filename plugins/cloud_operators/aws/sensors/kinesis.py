"""Sensor for Amazon Kinesis Data Streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.hooks.kinesis import KinesisHook
from cloud_operators.aws.links.kinesis import KinesisStreamLink
from cloud_operators.aws.resource_states import ResourceState
from cloud_operators.aws.sensors.states import ResourceStateSensor
from cloud_operators.aws.triggers.kinesis import KinesisStreamStateTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence


class KinesisStreamStateSensor(ResourceStateSensor[KinesisHook]):
    """Wait until a stream is in one of the target states; returns its name or ARN, as given.

    The other arguments are described at :class:`~cloud_operators.aws.sensors.states.ResourceStateSensor`.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html

    :param stream: name or ARN of the stream
    :param target_states: states to wait for: ``CREATING``, ``ACTIVE``, ``UPDATING`` or ``DELETING``
    :param failure_states: states that end the waiting with an error
    """

    aws_hook_class = KinesisHook
    trigger_class = KinesisStreamStateTrigger
    resource_kind = "Stream"
    page = KinesisStreamLink
    template_fields: Sequence[str] = aws_template_fields("stream", "target_states", "failure_states")
    operator_extra_links = (KinesisStreamLink(),)
    ui_color: str = "#d3e6f5"

    def __init__(
        self,
        *,
        stream: str,
        target_states: Iterable[str] = ("ACTIVE",),
        failure_states: Iterable[str] = ("DELETING",),
        **kwargs: Any,
    ) -> None:
        super().__init__(target_states=target_states, failure_states=failure_states, **kwargs)
        self.stream = stream

    @property
    def resource(self) -> str:
        """Name or ARN of the stream."""
        return self.stream

    def read_state(self) -> ResourceState | None:
        """Read the state of the stream."""
        found = self.hook.find_stream(self.stream)
        return ResourceState(found["StreamStatus"]) if found else None
