"""How many records the sink could not write, and how many of them are new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status, finding


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The dead-letter topic.

    :param topic: its name.
    :param trouble: why no broker has answered.
    :param topic_id: Kafka's id of it, which one made anew does not share; ``None`` when there is no topic.
    :param beginnings: partition to its oldest offset.
    :param ends: partition to the offset of its next record.
    """

    topic: str
    trouble: str = ""
    topic_id: str | None = None
    beginnings: Mapping[int, int]
    ends: Mapping[int, int]


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """Judge the topic: what lay there before is no news.

    :param reading: the topic.
    :param memory: id and ends of the topic at the check before.
    """
    if reading.trouble:
        return Finding(status=Status.DOWN, sentence=reading.trouble, memory=memory)
    if reading.topic_id is None:
        sentence = f"topic {reading.topic} does not exist: run pinterest_provision_batch"
        return Finding(status=Status.DOWN, sentence=sentence)
    there = sum(end - reading.beginnings[number] for number, end in reading.ends.items())
    new = _count_new(reading, memory)
    lying = f"{there:,} dead letters lie in {reading.topic}" if there else f"{reading.topic} is empty"
    return finding(
        [(Status.DEGRADED, f"{new:,} dead letters are new since the last check, {lying}")] if new else [],
        f"{lying}, none is new" if there else lying,
        {
            "dead letters": Figure(value=there, unit="records"),
            "new dead letters": Figure(value=new, unit="records"),
        },
        {
            "topic_id": reading.topic_id,
            "ends": {str(number): end for number, end in sorted(reading.ends.items())},
        },
        news=bool(new),
    )


def _count_new(reading: Reading, memory: Mapping[str, Any]) -> int | None:
    """``None`` at the first check, which has nothing to compare with."""
    known = memory.get("ends")
    if not isinstance(known, Mapping):
        return None
    before = {number: _whole(known.get(str(number))) for number in reading.ends}
    remade = memory.get("topic_id") != reading.topic_id or any(
        before[number] > end for number, end in reading.ends.items()
    )
    return sum(end - (0 if remade else before[number]) for number, end in reading.ends.items())


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
