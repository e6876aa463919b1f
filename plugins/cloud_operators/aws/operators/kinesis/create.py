"""Operator that creates a Kinesis stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cloud_operators.aws.base import aws_template_fields
from cloud_operators.aws.kinesis_settings import (
    DEFAULT_RETENTION,
    StreamMode,
    StreamSettings,
    changes,
    found_settings,
    stream_differences,
    wanted_settings,
)
from cloud_operators.aws.links.kinesis import KinesisStreamLink
from cloud_operators.aws.operators.kinesis.base import KinesisBaseOperator
from cloud_operators.aws.triggers.kinesis import (
    KinesisStreamChangedTrigger,
    KinesisStreamDeletedTrigger,
    KinesisStreamStateTrigger,
)
from cloud_operators.exceptions import ResourceDiffers, ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

Action = Literal["created", "adopted"]

#: Key in the task state store under which a try keeps the name of the stream that it has created.
CREATED = "kinesis_created_stream"


class KinesisCreateStreamOperator(KinesisBaseOperator):
    """Create a stream, or adopt the one of this name with the same settings.

    Mode, number of shards and retention are compared; tags are not. The service creates every stream with a
    retention of 24 hours, so another one is set when the new stream is ``ACTIVE``, and is for tasks that
    wait. A try that was killed in between has left a stream that the next try knows to be its own. The XCom
    ``action`` says ``created`` or ``adopted``.
    The common arguments are described at
    :class:`~cloud_operators.aws.operators.waiting.ResourceWaitingOperator`.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html

    :param name: name of the stream, unique in account and region
    :param stream_mode: ``PROVISIONED``, or ``ON_DEMAND`` where the service decides on the number of shards
    :param shard_count: number of shards of a provisioned stream; each takes 1 MiB and 1,000 records a second
    :param retention_hours: how many hours records are kept, 24 to 8760; not compared when not given
    :param tags: tags of a stream that is created; an adopted one keeps its own
    """

    template_fields: Sequence[str] = aws_template_fields(
        "name", "stream_mode", "shard_count", "retention_hours", "tags"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"tags": "json"}
    operator_extra_links = (KinesisStreamLink(),)

    def __init__(
        self,
        *,
        name: str,
        stream_mode: StreamMode = "PROVISIONED",
        shard_count: int | None = None,
        retention_hours: int | None = None,
        tags: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.stream_mode = stream_mode
        self.shard_count = shard_count
        self.retention_hours = retention_hours
        self.tags = tags

    @property
    def target(self) -> str:
        """Name of the stream."""
        return self.name

    @property
    def wanted(self) -> StreamSettings:
        """What the stream is to be set to.

        :raises ValueError: an argument is out of its limits, or the number of shards is missing
        """
        wanted = wanted_settings(self.stream_mode, self.shard_count, self.retention_hours)
        if wanted.stream_mode == "PROVISIONED" and wanted.shard_count is None:
            raise ValueError("shard_count: a provisioned stream needs it")
        return wanted

    def execute(self, context: Context) -> str:
        """Create or adopt the stream.

        :param context: context of the task
        :returns: its ARN
        :raises ValueError: an argument is out of its limits, or the task would have to wait for the retention
        :raises ResourceDiffers: a stream with this name is there, but not as wanted
        :raises ServiceFailed: the stream is being deleted, and the task is not to wait
        :raises LimitReached: the service does not allow the retention to be changed now
        :raises WaitTimedOut: the looks are used up
        :raises botocore.exceptions.ClientError: the service refuses to create it, for one when the account's
            quota of shards is used up
        """
        wanted = self.wanted
        found = self.hook.find_stream(self.name)
        if found is not None and found["StreamStatus"] == "DELETING" and self.waits:
            self.log.info("Stream %s is being deleted; waiting until it is gone", self.name)
            self.wait_for(KinesisStreamDeletedTrigger, self.target, then="create_after_deletion")
            found = None
        if found is None:
            return self._create(context, wanted)
        store = context.get("task_state_store")
        own = store is not None and store.get(CREATED) == self.name
        return self._settle(context, "created" if own else "adopted")

    def create_after_deletion(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Go on after a deferral that waited for the deletion of an earlier stream of this name.

        :param context: context of the task
        :param event: event of the trigger
        :returns: ARN of the new stream
        """
        self.carried_by(event)
        return self._create(context, self.wanted)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Go on after a deferral that waited for the stream or its retention.

        :param context: context of the task
        :param event: event of the trigger; it carries whether the stream was created
        :returns: the stream's ARN
        """
        return self._settle(context, self.carried_by(event)["action"])

    def _create(self, context: Context, wanted: StreamSettings) -> str:
        if wanted.retention_hours not in (None, DEFAULT_RETENTION) and not self.waits:
            raise ValueError(
                f"retention_hours={wanted.retention_hours}: a new stream has {DEFAULT_RETENTION} until it is "
                "ACTIVE; let the task wait, or change the retention in a later task"
            )
        request: dict[str, Any] = {
            "StreamName": self.name,
            "StreamModeDetails": {"StreamMode": wanted.stream_mode},
        }
        if wanted.shard_count is not None:
            request["ShardCount"] = wanted.shard_count
        if self.tags:
            request["Tags"] = self.tags
        try:
            self.hook.conn.create_stream(**request)
        except self.hook.conn.exceptions.ResourceInUseException:
            # Someone else created it since it was looked for: adopt theirs.
            return self._settle(context, "adopted")
        if (store := context.get("task_state_store")) is not None:
            store.set(CREATED, self.name)
        return self._settle(context, "created")

    def _settle(self, context: Context, action: Action) -> str:
        """Go on until the stream is ``ACTIVE`` and, if it is ours, has its retention; compare it then."""
        wanted = self.wanted
        retention = StreamSettings(retention_hours=wanted.retention_hours)
        while True:
            found = self._present()
            arn = str(found["StreamARN"])
            KinesisStreamLink.remember(context, self, arn)
            carried = {"action": action}
            if found["StreamStatus"] != "ACTIVE" and self.waits:
                self.wait_for(KinesisStreamStateTrigger, self.target, carried=carried)
                continue
            change = next(iter(changes(retention, found_settings(found))), None)
            if action == "adopted" or change is None:
                break
            self.change(found, change)
            self.wait_for(KinesisStreamChangedTrigger, self.target, carried=carried, **change._asdict())
        if differences := stream_differences(wanted, found):
            raise ResourceDiffers(f"Stream {self.name!r}", differences)
        self.log.info("Stream %s %s: %s", self.name, action, arn)
        if self.do_xcom_push:
            context["ti"].xcom_push(key="action", value=action)
        return arn

    def _present(self) -> dict[str, Any]:
        found = self.hook.find_stream(self.name)
        if found is None:
            raise ServiceFailed(f"Stream {self.name!r}", "gone", None, "someone deleted it meanwhile")
        if found["StreamStatus"] == "DELETING":
            raise ServiceFailed(
                f"Stream {self.name!r}",
                "DELETING",
                None,
                "it is being deleted; try again when it is gone",
            )
        return found
