"""Times that a check has kept for the next one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def remembered_time(value: Any, at: datetime) -> datetime | None:
    """A time from the memory of a check.

    :param value: what the memory has.
    :param at: the present time.
    :returns: the time; ``None`` when it is none, or lies ahead: then a clock was set back.
    """
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    known = found if found.tzinfo else found.replace(tzinfo=UTC)
    return known if known <= at else None
