"""How many records the sink has yet to write, and whether it is at work on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pinterest_pipeline.health.checks.remembered import remembered_time
from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

#: Records from which on a lag is too large, though the sink is at work.
LARGE_LAG = 100_000
#: Seconds without a commit from which on a lagging sink is slow, and from which on it stands still.
SLOW_S = 120
STANDING_S = 600
#: Longer intervals at which a sink closes its objects, and so commits, are added to both.
USUAL_INTERVAL_S = 60


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition.

    :param topic: its topic.
    :param number: its number.
    :param committed: the offset that the sink has committed; ``None`` without one.
    :param unwritten: records behind it that are still there, dead letters not counted.
    """

    topic: str
    number: int
    committed: int | None
    unwritten: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The sink's progress.

    :param at: when it was read.
    :param trouble: why no broker has answered.
    :param missing: names of topics that do not exist.
    :param partitions: of the data topics.
    :param interval_s: seconds after which the sink closes an object, however few records it has.
    """

    at: datetime
    trouble: str = ""
    missing: Sequence[str] = ()
    partitions: Sequence[Partition] = ()
    interval_s: float = 0


@dataclass(frozen=True)
class _Lagging:
    partition: Partition
    since: datetime
    standing_s: int


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """Judge the progress: by how long a lagging partition has not moved, and by the lag in all.

    :param reading: the progress.
    :param memory: what each lagging partition had committed, and since when.
    """
    if reading.trouble:
        return Finding(status=Status.DOWN, sentence=reading.trouble, memory=memory)
    if reading.missing:
        many = len(reading.missing) > 1
        named = f"topic{'s' if many else ''} {', '.join(reading.missing)} do{'' if many else 'es'}"
        return Finding(status=Status.DOWN, sentence=f"{named} not exist: run pinterest_provision_batch")
    lagging = [
        _follow(each, memory.get("partitions"), reading.at) for each in reading.partitions if each.unwritten
    ]
    by_topic: dict[str, int] = {}
    for each in reading.partitions:
        by_topic[each.topic] = by_topic.get(each.topic, 0) + each.unwritten
    total = sum(by_topic.values())
    problems = list(_standing(lagging, by_topic, max(0, reading.interval_s - USUAL_INTERVAL_S)))
    if total >= LARGE_LAG:
        problems.append((Status.DEGRADED, f"the sink has {total:,} records yet to write"))
    figures = {
        "unwritten": Figure(value=total, unit="records"),
        **{topic: Figure(value=count, unit="records") for topic, count in by_topic.items()},
        "standing still": Figure(value=max((each.standing_s for each in lagging), default=0), unit="s"),
    }
    return finding(
        problems,
        f"{total:,} records are about to be written" if total else "all records are written",
        figures,
        {"partitions": _remember(lagging)},
    )


def _follow(partition: Partition, memory: Any, at: datetime) -> _Lagging:
    """Tell since when a lagging partition has been where it is."""
    topic = memory.get(partition.topic) if isinstance(memory, Mapping) else None
    known = topic.get(str(partition.number)) if isinstance(topic, Mapping) else None
    since = None
    if isinstance(known, Mapping) and known.get("committed") == partition.committed:
        since = remembered_time(known.get("since"), at)
    since = since or at
    return _Lagging(partition, since, int((at - since).total_seconds()))


def _standing(
    lagging: Sequence[_Lagging], by_topic: Mapping[str, int], allowed_s: float
) -> Iterator[tuple[Status, str]]:
    late = [each for each in lagging if each.standing_s >= SLOW_S + allowed_s]
    for topic, count in by_topic.items():
        slow = [each for each in late if each.partition.topic == topic]
        if not slow:
            continue
        seconds = max(each.standing_s for each in slow)
        numbers = ", ".join(str(each.partition.number) for each in slow[:10])
        yield (
            Status.DOWN if seconds >= STANDING_S + allowed_s else Status.DEGRADED,
            f"{topic}: {count:,} records are not written, and nothing was committed "
            f"for {seconds:,} s (partition {numbers})",
        )


def _remember(lagging: Sequence[_Lagging]) -> dict[str, dict[str, dict[str, Any]]]:
    kept: dict[str, dict[str, dict[str, Any]]] = {}
    for each in lagging:
        kept.setdefault(each.partition.topic, {})[str(each.partition.number)] = {
            "committed": each.partition.committed,
            "since": each.since.isoformat(),
        }
    return kept
