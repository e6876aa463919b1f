"""What was measured, beside its budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure.

    :param name: what was measured.
    :param value: the figure.
    :param unit: its unit, e.g. ``s`` or ``records/s``.
    :param budget: the limit of a time, the least of a rate; ``None`` where there is none.
    :param more_is_better: whether ``budget`` is the least.
    :param note: on what it was measured.
    """

    name: str
    value: float
    unit: str
    budget: float | None = None
    more_is_better: bool = False
    note: str = ""

    @property
    def within(self) -> bool | None:
        """Whether the budget is kept; ``None`` without one."""
        if self.budget is None:
            return None
        return self.value >= self.budget if self.more_is_better else self.value <= self.budget

    def to_json(self) -> dict[str, Any]:
        """The figure as JSON."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "budget": self.budget,
            "within": self.within,
            "note": self.note,
        }


def burst_figures(
    name: str,
    *,
    rate: float,
    logged: float,
    ceiling: float,
    budget: float,
    share_budget: float | None,
    on: str,
) -> list[Figure]:
    """What a burst has reached, with its task's start and without, and beside its ceiling.

    :param name: of the burst.
    :param rate: records a second over the task's whole time.
    :param logged: records a second as the task itself counts them.
    :param ceiling: records a second of a bare load generator.
    :param budget: the least rate.
    :param share_budget: the least share of the ceiling, in per cent; ``None`` where there is none.
    :param on: what was sent.
    """
    return [
        Figure(
            name=name,
            value=rate,
            unit="records/s",
            budget=budget,
            more_is_better=True,
            note=f"{on}, through the API",
        ),
        Figure(
            name=f"{name} without its task's start",
            value=logged,
            unit="records/s",
            more_is_better=True,
            note=on,
        ),
        Figure(
            name=f"{name}, share of the ceiling",
            value=100 * rate / ceiling,
            unit="%",
            budget=share_budget,
            more_is_better=True,
        ),
    ]


def text(value: float) -> str:
    """A number as a person reads it: three digits that count, thousands parted."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
