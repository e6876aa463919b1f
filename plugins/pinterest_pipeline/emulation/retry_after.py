"""How long a server asks to wait before a request is sent again."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds_asked(value: str, now: datetime) -> float | None:
    """Read the header ``Retry-After``: seconds, or a date.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after

    :param value: the header's value.
    :param now: the present time.
    :returns: seconds, 0 for a date that is over; ``None`` when it asks for nothing that can be understood.
    """
    value = value.strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        # The zone -0000: UTC, from somebody who does not know the local one.
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
