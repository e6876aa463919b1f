"""Records that Kinesis has refused because too many came at once, counted once each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Stream to minute, ISO 8601, to the records that were refused in it.
Refused = Mapping[str, Mapping[str, int]]


def count_new(refused: Refused, known: Any) -> dict[str, int]:
    """How many are new. The metric comes a minute late, and a minute's number grows until it is over.

    :param refused: what CloudWatch says now of the last minutes.
    :param known: the same at the check before, as it was kept; what is malformed is not known.
    :returns: stream to records, those with none left out.
    """
    new = {}
    for stream, minutes in refused.items():
        before = known.get(stream) if isinstance(known, Mapping) else None
        before = before if isinstance(before, Mapping) else {}
        count = sum(max(0, number - _whole(before.get(minute))) for minute, number in minutes.items())
        if count:
            new[stream] = count
    return new


def to_remember(refused: Refused) -> dict[str, dict[str, int]]:
    """What the next check is given: minutes with refusals."""
    kept = {
        stream: {minute: number for minute, number in minutes.items() if number}
        for stream, minutes in refused.items()
    }
    return {stream: minutes for stream, minutes in kept.items() if minutes}


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
