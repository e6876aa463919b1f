"""Times as ``initialPosition`` has them: ISO 8601, or with a pattern of Java's letters."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_NUMBERS = {
    "y": "year",
    "M": "month",
    "d": "day",
    "H": "hour",
    "m": "minute",
    "s": "second",
    "S": "fraction",
}
_ZONE_LETTERS = "zZXxV"
_ZONE = r"(?P<zone>Z|[A-Za-z]{3,4}|[+-]\d\d:?\d\d)"
#: Zones whose short names Java reads, in hours from UTC.
_SHORT_NAMES = {
    **dict.fromkeys(("Z", "UTC", "GMT"), 0),
    **{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
}
_TOKEN = re.compile(r"'([^']*)'|([A-Za-z])\2*|([^A-Za-z'])")


def parse_timestamp(text: str, pattern: str | None) -> datetime:
    """Read a time; without a zone it is in UTC.

    :param pattern: such as ``MM/dd/yyyy HH:mm:ss ZZZ``; ``None`` for ISO 8601.
    :raises ValueError: when the text is not of that form, or the pattern has letters that are not known here.
    """
    if pattern is None:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    match = re.fullmatch("".join(_expression(token) for token in _TOKEN.finditer(pattern)), text)
    if match is None:
        raise ValueError(f"{text!r} is not of the form {pattern!r}")
    parts = match.groupdict()
    zone, fraction = parts.pop("zone", None), parts.pop("fraction", None)
    numbers = {"month": 1, "day": 1, **{name: int(value) for name, value in parts.items()}}
    local = datetime(**numbers, microsecond=int((fraction or "0")[:6].ljust(6, "0")), tzinfo=UTC)
    return local - (_offset(zone) if zone else timedelta())


def _expression(token: re.Match[str]) -> str:
    quoted, letter, other = token.groups()
    if letter is None:
        return re.escape(quoted if quoted is not None else other)
    if letter in _ZONE_LETTERS:
        return _ZONE
    if letter not in _NUMBERS:
        raise ValueError(f"the letter {letter!r} of a time's format is not known here")
    width = len(token.group())
    digits = f"{{{width}}}" if width > 1 else "+"
    return rf"(?P<{_NUMBERS[letter]}>\d{digits})"


def _offset(zone: str) -> timedelta:
    if zone[0] in "+-":
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    if zone not in _SHORT_NAMES:
        raise ValueError(f"the time zone {zone!r} is not known here")
    return timedelta(hours=_SHORT_NAMES[zone])
