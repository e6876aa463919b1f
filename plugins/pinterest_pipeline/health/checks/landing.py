"""Whether the bucket can be read, and when something has landed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status

PROVISION = "run pinterest_provision_batch"


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What has landed of an entity.

    :param newest: when the newest object was written; ``None`` when there is none.
    :param found: objects that the check before had not seen; ``None`` when that is not known.
    :param complete: whether all objects were seen. The first checks of a large landing see a part each.
    :param marks: partition to the ``key`` of its last object that was seen, and ``at``: when the newest one
        was written.
    """

    newest: datetime | None = None
    found: int | None = None
    complete: bool = True
    marks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What S3 says of the landing.

    :param at: when.
    :param bucket: its name.
    :param trouble: why S3 can't be asked; empty when it can.
    :param absent: whether there is no such bucket.
    :param denied: whether it may not be listed.
    :param entities: entity to what has landed.
    """

    at: datetime
    bucket: str
    trouble: str = ""
    absent: bool = False
    denied: bool = False
    entities: Mapping[str, Landed] = field(default_factory=dict)


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """What is to be said of the landing. Age alone is no fault: nobody may have posted.

    :param reading: what S3 says.
    :param memory: entity to ``complete`` and ``marks`` of the check before, under ``entities``.
    """
    if sentence := _fault(reading):
        return Finding(status=Status.DOWN, sentence=sentence, memory=memory)
    figures = {}
    for entity, landed in reading.entities.items():
        figures[f"{entity}_age"] = Figure(value=_age_s(landed, reading.at), unit="s")
        figures[f"{entity}_new_objects"] = Figure(value=landed.found, unit="objects")
    return Finding(
        status=Status.HEALTHY,
        sentence=_sentence(reading),
        figures=figures,
        memory={
            "entities": {
                entity: {"complete": landed.complete, "marks": {**landed.marks}}
                for entity, landed in reading.entities.items()
            }
        },
    )


def _fault(reading: Reading) -> str:
    if reading.trouble:
        return reading.trouble
    if reading.absent:
        return f"the bucket {reading.bucket} does not exist: {PROVISION}"
    if reading.denied:
        return f"the bucket {reading.bucket} may not be listed: allow s3:ListBucket on it"
    return ""


def _age_s(landed: Landed, at: datetime) -> int | None:
    if landed.newest is None or not landed.complete:
        return None
    # S3's clock may be ahead.
    return max(0, round((at - landed.newest).total_seconds()))


def _sentence(reading: Reading) -> str:
    ages, none, unfinished = [], [], []
    for entity, landed in reading.entities.items():
        age = _age_s(landed, reading.at)
        if not landed.complete:
            unfinished.append(entity)
        elif age is None:
            none.append(entity)
        else:
            ages.append(f"{entity} {_for_people(age)}")
    parts = []
    if ages:
        parts.append(f"the newest objects are so old: {', '.join(ages)}")
    if none:
        parts.append(f"nothing of {', '.join(none)} has landed yet")
    if unfinished:
        parts.append(f"{', '.join(unfinished)}: not all objects are seen yet; the next check goes on")
    return "; ".join(parts)


def _for_people(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} d"
