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


def text(value: float) -> str:
    """A number as a person reads it: three digits that count, thousands parted."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
