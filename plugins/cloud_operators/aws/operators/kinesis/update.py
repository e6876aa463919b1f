"""Operator that changes a Kinesis stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.kinesis_settings import StreamMode, changes, found_settings, wanted_settings
from cloud_operators.aws.links.kinesis import KinesisStreamLink
from cloud_operators.aws.operators.kinesis.base import KinesisBaseOperator
from cloud_operators.aws.triggers.kinesis import KinesisStreamChangedTrigger, KinesisStreamStateTrigger
from cloud_operators.exceptions import ResourceMissing, ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class KinesisUpdateStreamOperator(KinesisBaseOperator):
    """Change mode, retention or number of shards of a stream: what differs, one after the other.

    The service works on one change at a time, so each is followed until the stream is ``ACTIVE`` and shows
    it. A request can at most double the number of shards, and at most halve it: a larger change is made in
    steps, by splitting and merging all shards alike. A stream that is being created or updated is waited
    for. Records can be put and read meanwhile; those beyond a shorter retention are lost. The XCom
    ``action`` says ``updated`` or ``unchanged``.
    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso::
        https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamMode.html,
        https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html,
        https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html and
        https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DecreaseStreamRetentionPeriod.html

    :param stream: name or ARN of the stream
    :param stream_mode: ``PROVISIONED`` or ``ON_DEMAND``; the stream's own when not given
    :param shard_count: number of shards of a provisioned stream; the stream's own when not given
    :param retention_hours: how many hours records are kept, 24 to 8760; the stream's own when not given
    :raises ValueError: none of the three is given
    """

    template_fields: Sequence[str] = aws_template_fields(
        "stream", "stream_mode", "shard_count", "retention_hours"
    )
    operator_extra_links = (KinesisStreamLink(),)

    def __init__(
        self,
        *,
        stream: str,
        stream_mode: StreamMode | None = None,
        shard_count: int | None = None,
        retention_hours: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stream = stream
        self.stream_mode = stream_mode
        self.shard_count = shard_count
        self.retention_hours = retention_hours
        if stream_mode is None and shard_count is None and retention_hours is None:
            raise ValueError("Give stream_mode, shard_count, retention_hours or several of them.")

    @property
    def target(self) -> str:
        """Name or ARN of the stream."""
        return self.stream

    def execute(self, context: Context) -> str:
        """Change what differs.

        :param context: context of the task
        :returns: the stream's ARN
        :raises ValueError: an argument is out of its limits, shards are wanted for a stream on demand, or
            more than one request is needed and the task is not to wait
        :raises ResourceMissing: there is no such stream
        :raises ServiceFailed: the stream is being deleted, or is not ``ACTIVE`` and the task is not to wait
        :raises LimitReached: the service allows no such change now
        :raises WaitTimedOut: the looks are used up
        :raises botocore.exceptions.ClientError: the service refuses a change
        """
        KinesisStreamLink.remember(context, self, self.stream)
        return self._update(context, changed=False)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Go on after a deferral.

        :param context: context of the task
        :param event: event of the trigger; it carries whether anything was changed already
        :returns: the stream's ARN
        """
        return self._update(context, changed=self.carried_by(event)["changed"])

    def _update(self, context: Context, *, changed: bool) -> str:
        wanted = wanted_settings(self.stream_mode, self.shard_count, self.retention_hours)
        while True:
            found = self.hook.find_stream(self.stream)
            if found is None:
                raise ResourceMissing(f"stream {self.stream!r}")
            if found["StreamStatus"] != "ACTIVE":
                self._wait_until_active(found, changed=changed)
                continue
            plan = changes(wanted, found_settings(found))
            if not plan:
                break
            if len(plan) > 1 and not self.waits:
                requests = ", ".join(f"{change.setting} {change.value}" for change in plan)
                raise ValueError(f"One change at a time, but {requests} are needed: let the task wait.")
            self.change(found, plan[0])
            changed = True
            if not self.waits:
                break
            self.wait_for(
                KinesisStreamChangedTrigger, self.target, carried={"changed": True}, **plan[0]._asdict()
            )
        action = "updated" if changed else "unchanged"
        self.log.info("Stream %s %s", self.stream, action)
        if self.do_xcom_push:
            context["ti"].xcom_push(key="action", value=action)
        return str(found["StreamARN"])

    def _wait_until_active(self, found: dict[str, Any], *, changed: bool) -> None:
        state = found["StreamStatus"]
        if state == "DELETING" or not self.waits:
            raise ServiceFailed(
                f"Stream {self.stream}", state, None, "it can be changed only when it is ACTIVE"
            )
        self.wait_for(KinesisStreamStateTrigger, self.target, carried={"changed": changed})
