"""Whether the streams take records, and whether the ingest reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pinterest_pipeline.health.checks import throttling
from pinterest_pipeline.health.checks.remembered import remembered_time
from pinterest_pipeline.health.checks.throttling import Refused
from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

PROVISION = "run pinterest_provision_stream"
#: Three times the interval of the ingest: so long a backlog may stay as it is, or grow.
PATIENCE = timedelta(minutes=45)
_STATUSES = {"ACTIVE": Status.HEALTHY, "UPDATING": Status.DEGRADED}


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A stream.

    :param status: as Kinesis says it.
    :param shards: open shards.
    :param retention_h: hours that records are kept.
    """

    status: str
    shards: int
    retention_h: int


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What the ledger says of an entity's records.

    :param unread: that bursts have put into its stream and no run has read or written off.
    :param handled: that runs have read or written off, of all times.
    """

    unread: int
    handled: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What Kinesis and the ledger say.

    :param at: when.
    :param trouble: why Kinesis can't be asked; empty when it can.
    :param streams: name to the stream; ``None`` when there is none.
    :param refused: what the streams have refused of late; ``None`` when it is not known.
    :param unmeasured: why it is not known.
    :param backlog: entity to its backlog; ``None`` when it is not known.
    :param unasked: why it is not known.
    """

    at: datetime
    trouble: str = ""
    streams: Mapping[str, Stream | None] = field(default_factory=dict)
    refused: Refused | None = field(default_factory=dict)
    unmeasured: str = ""
    backlog: Mapping[str, Backlog] | None = None
    unasked: str = ""


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """What is to be said of the streams and their ingest.

    :param reading: what Kinesis and the ledger say.
    :param memory: entity to ``unread``, ``handled`` and ``since``, under ``backlog``: since when none of its
        records was handled; what was refused, under ``refused``.
    """
    if reading.trouble:
        return Finding(status=Status.DOWN, sentence=reading.trouble, memory=memory)
    before = memory.get("backlog", {})
    problems = [problem for name, stream in reading.streams.items() for problem in _of_stream(name, stream)]
    new = throttling.count_new(reading.refused or {}, memory.get("refused"))
    problems += [
        (Status.DEGRADED, f"stream {name} has throttled {count:,} records since the last check")
        for name, count in new.items()
    ]
    if reading.backlog is None:
        kept = before
        remark = f"the backlog of the ingest is not known: {reading.unasked}"
        if before:
            # Nothing says that the one of the check before is gone.
            problems.append((Status.UNKNOWN, remark))
    else:
        kept = _watched(reading.backlog, before, reading.at)
        remark = _backlog_remark(kept)
        problems += [problem for entity in kept for problem in _of_backlog(entity, kept[entity], reading.at)]
    number = len(reading.streams)
    if reading.refused is None:
        problems.append((Status.UNKNOWN, f"what the streams throttle is not known: {reading.unmeasured}"))
    # What could not be measured is counted by a later check.
    refused = (
        memory.get("refused", {}) if reading.refused is None else throttling.to_remember(reading.refused)
    )
    return finding(
        problems,
        f"all {number} streams are ACTIVE; {remark}",
        _figures(reading, new),
        {"backlog": kept, "refused": refused},
        news=bool(new),
    )


def _of_stream(name: str, stream: Stream | None) -> list[tuple[Status, str]]:
    if stream is None:
        return [(Status.DOWN, f"stream {name} does not exist: {PROVISION}")]
    status = _STATUSES.get(stream.status, Status.DOWN)
    return [] if status is Status.HEALTHY else [(status, f"stream {name} is {stream.status}")]


def _watched(
    backlog: Mapping[str, Backlog], before: Mapping[str, Any], at: datetime
) -> dict[str, dict[str, Any]]:
    """What the next check is given: a backlog stands still as long as nothing of it is handled.

    Bursts may add to it in the meantime: it may grow while each run reads all that it finds.
    """
    watched = {}
    for entity, now in backlog.items():
        if not now.unread:
            continue
        last = before.get(entity)
        stands = last is not None and now.handled == last["handled"] and now.unread >= last["unread"]
        since = remembered_time(last["since"], at) if last is not None and stands else None
        watched[entity] = {
            "unread": now.unread,
            "handled": now.handled,
            "since": (since or at).isoformat(),
        }
    return watched


def _of_backlog(entity: str, watched: Mapping[str, Any], at: datetime) -> list[tuple[Status, str]]:
    stood = at - datetime.fromisoformat(watched["since"])
    if stood < PATIENCE:
        return []
    minutes = int(stood.total_seconds() // 60)
    sentence = (
        f"{watched['unread']} records of {entity} wait for the ingest, which has read none for {minutes} min"
    )
    return [(Status.DEGRADED, sentence)]


def _backlog_remark(watched: Mapping[str, Mapping[str, Any]]) -> str:
    if not watched:
        return "no record of a burst waits for the ingest"
    waiting = ", ".join(f"{each['unread']} of {entity}" for entity, each in watched.items())
    return f"records that wait for the ingest: {waiting}"


def _figures(reading: Reading, new: Mapping[str, int]) -> dict[str, Figure]:
    figures = {}
    for name, stream in reading.streams.items():
        figures[f"{name}_shards"] = Figure(value=stream.shards if stream else None, unit="shards")
        figures[f"{name}_retention"] = Figure(value=stream.retention_h if stream else None, unit="h")
        throttled = None if reading.refused is None else new.get(name, 0)
        figures[f"{name}_throttled"] = Figure(value=throttled, unit="records")
    for entity, backlog in (reading.backlog or {}).items():
        figures[f"{entity}_unread"] = Figure(value=backlog.unread, unit="records")
    return figures
