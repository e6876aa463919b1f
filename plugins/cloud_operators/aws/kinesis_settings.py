"""What a Kinesis stream is set to, and how it gets to other settings: pure functions on plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, cast

from cloud_operators.exceptions import Difference

StreamMode = Literal["PROVISIONED", "ON_DEMAND"]
Setting = Literal["stream_mode", "retention_hours", "shard_count"]

#: How long the service keeps records unless it is told otherwise, and the limits, in hours.
DEFAULT_RETENTION = 24
LONGEST_RETENTION = 8760

#: Where a described stream has each setting.
PATHS: Mapping[Setting, str] = {
    "stream_mode": "StreamModeDetails.StreamMode",
    "retention_hours": "RetentionPeriodHours",
    "shard_count": "OpenShardCount",
}


class StreamSettings(NamedTuple):
    """What a stream is, or is to be, set to.

    :param stream_mode: who decides on the number of shards; ``None`` leaves it
    :param shard_count: number of open shards; ``None`` leaves it
    :param retention_hours: how many hours records are kept; ``None`` leaves it
    """

    stream_mode: StreamMode | None = None
    shard_count: int | None = None
    retention_hours: int | None = None


class Change(NamedTuple):
    """One request that changes a stream.

    :param setting: what is changed
    :param value: what it is changed to
    """

    setting: Setting
    value: int | str


def wanted_settings(
    stream_mode: str | None, shard_count: int | str | None, retention_hours: int | str | None
) -> StreamSettings:
    """Check what a caller wants.

    :param stream_mode: ``PROVISIONED``, ``ON_DEMAND``, or ``None``
    :param shard_count: a number, also as text, which is what a template makes of it
    :param retention_hours: likewise
    :raises ValueError: a value is out of its limits, or shards are wanted for a stream on demand
    """
    if stream_mode not in (None, "PROVISIONED", "ON_DEMAND"):
        raise ValueError(f"stream_mode={stream_mode!r}: PROVISIONED or ON_DEMAND is needed")
    shards = _number("shard_count", shard_count, 1, None)
    if shards is not None and stream_mode == "ON_DEMAND":
        raise ValueError(f"shard_count={shards}: the shards of a stream on demand are up to the service")
    hours = _number("retention_hours", retention_hours, DEFAULT_RETENTION, LONGEST_RETENTION)
    return StreamSettings(cast("StreamMode | None", stream_mode), shards, hours)


def found_settings(summary: Mapping[str, Any]) -> StreamSettings:
    """Read the settings of a described stream.

    :param summary: ``StreamDescriptionSummary`` of DescribeStreamSummary
    """
    return StreamSettings(
        # Older answers lack it: there was one mode only.
        stream_mode=summary.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED"),
        shard_count=summary["OpenShardCount"],
        retention_hours=summary["RetentionPeriodHours"],
    )


def stream_differences(wanted: StreamSettings, summary: Mapping[str, Any]) -> dict[str, Difference]:
    """Compare wanted settings with those of a described stream.

    The number of shards is compared only where it is settled: in a stream that is ``ACTIVE``, and whose
    mode is as wanted.

    :param wanted: what is wanted
    :param summary: ``StreamDescriptionSummary`` of DescribeStreamSummary
    """
    found = found_settings(summary)
    compared: list[Setting] = ["stream_mode", "retention_hours"]
    if summary["StreamStatus"] == "ACTIVE" and wanted.stream_mode == found.stream_mode:
        compared.append("shard_count")
    values = {name: (getattr(wanted, name), getattr(found, name)) for name in compared}
    return {
        name: Difference(value, existing)
        for name, (value, existing) in values.items()
        if value is not None and value != existing
    }


def changes(wanted: StreamSettings, found: StreamSettings) -> list[Change]:
    """List the requests that bring a stream to the wanted settings, in the order in which they are made.

    The mode is first, for it decides whether shards can be set; the shards are last, for they take longest.

    :param wanted: what is wanted
    :param found: what the stream has
    :raises ValueError: shards are wanted, and the stream is on demand and stays so
    """
    plan: list[Change] = []
    mode = wanted.stream_mode or found.stream_mode
    if mode != found.stream_mode:
        plan.append(Change("stream_mode", str(mode)))
    if wanted.retention_hours not in (None, found.retention_hours):
        plan.append(Change("retention_hours", int(wanted.retention_hours or 0)))
    if wanted.shard_count is not None:
        if mode == "ON_DEMAND":
            raise ValueError(
                f"shard_count={wanted.shard_count}: the stream is on demand, so its shards are up to the "
                "service; give stream_mode='PROVISIONED', too, to change that first"
            )
        steps = shard_steps(int(found.shard_count or 0), wanted.shard_count)
        plan.extend(Change("shard_count", step) for step in steps)
    return plan


def shard_steps(current: int, target: int) -> Iterator[int]:
    """Go to a number of shards: one request can at most double it, and at most halve it.

    :param current: number of open shards, at least 1
    :param target: number of shards to reach
    """
    while current != target:
        current = min(target, current * 2) if current < target else max(target, -(-current // 2))
        yield current


def _number(name: str, value: int | str | None, least: int, most: int | None) -> int | None:
    if value is None:
        return None
    limits = f"{least} to {most}" if most else f"{least} or more"
    try:
        number = int(value)
    except ValueError:
        raise ValueError(f"{name}={value!r}: a number is needed, {limits}") from None
    if number < least or (most is not None and number > most):
        raise ValueError(f"{name}={number}: {limits} is needed")
    return number
