"""What a check finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The state of a component."""

    HEALTHY = "healthy"
    #: It works, and something of it is not as it should be.
    DEGRADED = "degraded"
    DOWN = "down"
    #: It could not be found out.
    UNKNOWN = "unknown"


#: From bad to good.
WORST_FIRST = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.HEALTHY)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured value.

    :param value: a number, a short text, or ``None`` when it could not be measured.
    :param unit: such as ``records``, ``s`` or ``bytes``; empty for a text.
    """

    value: float | int | str | None
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check finds of a component.

    :param status: its state.
    :param sentence: why, for the person on call, without secrets and without content of rows.
    :param figures: name to value.
    :param memory: JSON that the next check of the component is given, such as offsets to compare with.
    :param news: whether it tells of something that the next check will not see any more.
    """

    status: Status
    sentence: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)
    news: bool = False


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of several states; healthy when there is none.

    :param statuses: in any order.
    """
    return min(statuses, key=WORST_FIRST.index, default=Status.HEALTHY)


def finding(
    problems: Iterable[tuple[Status, str]],
    otherwise: str,
    figures: Mapping[str, Figure] | None = None,
    memory: Mapping[str, Any] | None = None,
    *,
    news: bool = False,
) -> Finding:
    """A finding made of single problems: the worst state, all sentences.

    :param problems: state and sentence of each, without a full stop.
    :param otherwise: the sentence when there is no problem.
    :param figures: name to value.
    :param memory: for the next check.
    :param news: see :class:`Finding`.
    """
    found = sorted(problems, key=lambda problem: WORST_FIRST.index(problem[0]))
    return Finding(
        status=worst(status for status, _ in found),
        sentence="; ".join(sentence for _, sentence in found) or otherwise,
        figures=figures or {},
        memory=memory or {},
        news=news,
    )
