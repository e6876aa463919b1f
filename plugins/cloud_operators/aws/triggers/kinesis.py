"""Triggers for Kinesis Data Streams. They also hold what the operators wait for when they do not defer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, ClassVar

from airflow.triggers.base import TriggerEvent

from cloud_operators.aws.base import AwsBaseWaiterTrigger
from cloud_operators.aws.hooks.kinesis import KinesisHook, stream_argument
from cloud_operators.aws.kinesis_settings import PATHS, Setting

#: The goal of :class:`KinesisStreamDeletedTrigger`.
DELETED = "deleted"
_SUMMARY = "StreamDescriptionSummary"


class KinesisStreamTrigger(AwsBaseWaiterTrigger):
    """Base of the triggers below: poll a stream with one of our waiters.

    The event is ``{"status": "success" | "error", "stream": <name or ARN>, "goal": <what was waited for>,
    "message": <only on error>}``, with ``carried`` if it was given.

    :param stream: name or ARN of the stream
    :param goal: what is waited for, for messages
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    :param carried: what the task wants to know again when it goes on. ``kwargs`` of a deferral would do it
        too, but ``airflow dags test`` (3.3.1) loses them.
    :param serialized_fields: arguments that a subclass has besides
    :param kwargs: ``aws_conn_id``, ``region_name``, ``verify``, ``botocore_config``,
        ``waiter_config_overrides``
    """

    #: Name in ``waiters/kinesis.json``.
    waiter: ClassVar[str] = "stream_active"

    def __init__(
        self,
        *,
        stream: str,
        goal: str,
        waiter_delay: int = 10,
        waiter_max_attempts: int = 180,
        carried: dict[str, Any] | None = None,
        serialized_fields: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.goal = goal
        self.carried = carried
        super().__init__(
            serialized_fields={
                "stream": stream,
                **(serialized_fields or {}),
                **({} if carried is None else {"carried": carried}),
            },
            waiter_name=self.waiter,
            waiter_args=stream_argument(stream),
            failure_message=f"Stream {stream} did not become {goal}",
            status_message=f"Waiting for stream {stream} to become {goal}",
            status_queries=[f"{_SUMMARY}.StreamStatus"],
            return_key="stream",
            return_value=stream,
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and report what was waited for and what was carried."""
        async for event in super().run():
            event.payload["goal"] = self.goal
            if self.carried is not None:
                event.payload["carried"] = self.carried
            yield event

    def hook(self) -> KinesisHook:
        """Build the hook with the arguments of the operator that deferred."""
        return KinesisHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )


class KinesisStreamStateTrigger(KinesisStreamTrigger):
    """Wait until a stream is in one of the target states, by default until it can be used.

    :param target_states: states that end the waiting well
    :param failure_states: states that end it with an error
    :param missing_ok: whether it ends well, too, when there is no such stream
    :param kwargs: the arguments of :class:`KinesisStreamTrigger`
    """

    def __init__(
        self,
        *,
        target_states: Iterable[str] = ("ACTIVE",),
        failure_states: Iterable[str] = ("DELETING",),
        missing_ok: bool = False,
        **kwargs: Any,
    ) -> None:
        targets, failures = list(target_states), list(failure_states)
        super().__init__(
            goal=" or ".join(targets),
            serialized_fields={
                "target_states": targets,
                "failure_states": failures,
                "missing_ok": missing_ok,
            },
            waiter_config_overrides={
                "acceptors": [
                    *(_path("StreamStatus", state, "success") for state in targets),
                    *(_path("StreamStatus", state, "failure") for state in failures),
                    _missing("success" if missing_ok else "failure"),
                ]
            },
            **kwargs,
        )


class KinesisStreamChangedTrigger(KinesisStreamTrigger):
    """Wait until a stream is ``ACTIVE`` and shows the value that one of its settings was changed to.

    A stream that is still shown as it was before the change is not taken for one that has completed it.

    :param setting: the setting that was changed: ``stream_mode``, ``retention_hours`` or ``shard_count``
    :param value: what it was changed to
    :param kwargs: the arguments of :class:`KinesisStreamTrigger`
    """

    def __init__(self, *, setting: Setting, value: int | str, **kwargs: Any) -> None:
        super().__init__(
            goal=f"ACTIVE with {setting} {value}",
            serialized_fields={"setting": setting, "value": value},
            waiter_config_overrides={
                "acceptors": [
                    _path(f"[StreamStatus, {PATHS[setting]}]", ["ACTIVE", value], "success"),
                    _path("StreamStatus", "DELETING", "failure"),
                    _missing("failure"),
                ]
            },
            **kwargs,
        )


class KinesisStreamDeletedTrigger(KinesisStreamTrigger):
    """Wait until a stream is gone.

    :param kwargs: the arguments of :class:`KinesisStreamTrigger`
    """

    waiter = "stream_deleted"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(goal=DELETED, **kwargs)


def _path(path: str, expected: Any, outcome: str) -> dict[str, Any]:
    return {"matcher": "path", "argument": f"{_SUMMARY}.{path}", "expected": expected, "state": outcome}


def _missing(outcome: str) -> dict[str, Any]:
    # The provider reads "argument" of every acceptor, of an error matcher too.
    return {"matcher": "error", "argument": "", "expected": "ResourceNotFoundException", "state": outcome}
