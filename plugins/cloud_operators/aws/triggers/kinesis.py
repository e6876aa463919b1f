"""Triggers for Kinesis Data Streams. They also hold what the operators wait for when they do not defer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from cloud_operators.aws.hooks.kinesis import KinesisHook, stream_argument
from cloud_operators.aws.kinesis_settings import PATHS, Setting
from cloud_operators.aws.resource_states import DELETED
from cloud_operators.aws.triggers.waiting import ResourceWaiterTrigger, error_is, state_is

_SUMMARY = "StreamDescriptionSummary"
_MISSING = "ResourceNotFoundException"


class KinesisStreamTrigger(ResourceWaiterTrigger):
    """Base of the triggers below: poll a stream with one of our waiters.

    The event has the stream's name or ARN, as given, as ``stream``.

    :param stream: name or ARN of the stream
    :param waiter_delay: seconds between two looks
    :param waiter_max_attempts: number of looks
    :param kwargs: ``goal`` and the other arguments of
        :class:`~cloud_operators.aws.triggers.waiting.ResourceWaiterTrigger`
    """

    hook_class = KinesisHook
    resource_key = "stream"
    #: Name in ``waiters/kinesis.json``.
    waiter: ClassVar[str] = "stream_active"

    def __init__(
        self, *, stream: str, waiter_delay: int = 10, waiter_max_attempts: int = 180, **kwargs: Any
    ) -> None:
        super().__init__(
            resource=stream,
            label=f"stream {stream}",
            waiter_args=stream_argument(stream),
            status_queries=[f"{_SUMMARY}.StreamStatus"],
            waiter_delay=waiter_delay,
            waiter_max_attempts=waiter_max_attempts,
            **kwargs,
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
                    *(state_is(f"{_SUMMARY}.StreamStatus", state, "success") for state in targets),
                    *(state_is(f"{_SUMMARY}.StreamStatus", state, "failure") for state in failures),
                    error_is(_MISSING, "success" if missing_ok else "failure"),
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
                    state_is(f"{_SUMMARY}.[StreamStatus, {PATHS[setting]}]", ["ACTIVE", value], "success"),
                    state_is(f"{_SUMMARY}.StreamStatus", "DELETING", "failure"),
                    error_is(_MISSING, "failure"),
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
