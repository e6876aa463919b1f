"""The present time, in one form."""

from __future__ import annotations

from datetime import UTC, datetime


def now_text() -> str:
    """The present time in UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")
