"""The cleaning rules in plain Python, one record at a time.

Written from the rules in the documentation only. Unlike the pipeline it may be slow, and it may fail on a
value of another type than the rules speak of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]

_BLANKS = " \t\n\v\f\r\xa0"
_NOTHING = {
    "title": {"No Title Data Available"},
    "description": {"No description available Story format", "No description available"},
    "poster_name": {"User Info Error"},
    "follower_count": {"User Info Error"},
    "tag_list": {"N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"},
    "image_src": {"Image src error."},
}
_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000}
_TIME_FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y:%m:%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M:%S%z",
)


def expected_clean(
    pin_rows: Iterable[Row], geo_rows: Iterable[Row], user_rows: Iterable[Row]
) -> dict[str, list[dict[str, Any]]]:
    """Clean the rows of the three source tables.

    :param pin_rows: rows as the source has them or as they are sent: numbers may be texts, times are texts.
    :returns: ``pin``, ``geo`` and ``user`` to the cleaned rows in order of ``ind``; times are in UTC.
        Of several rows of one key the last is kept.
    """
    cleaned = {
        "pin": [clean_pin(row) for row in pin_rows],
        "geo": [clean_geo(row) for row in geo_rows],
        "user": [clean_user(row) for row in user_rows],
    }
    return {entity: _last_by_key(rows) for entity, rows in cleaned.items()}


def clean_pin(row: Row) -> dict[str, Any]:
    """Clean one row of ``pinterest_data``."""
    tags = _text(row, "tag_list")
    location = _text(row, "save_location")
    return {
        "ind": int(row["index"]),
        "unique_id": _text(row, "unique_id"),
        "title": _text(row, "title"),
        "description": _text(row, "description"),
        "poster_name": _text(row, "poster_name"),
        "follower_count": _followers(_text(row, "follower_count")),
        "tag_list": None if tags is None else tags.split(","),
        "is_image_or_video": _text(row, "is_image_or_video"),
        "image_src": _text(row, "image_src"),
        "downloaded": {"0": False, "1": True, "false": False, "true": True}.get(
            _text(row, "downloaded") or ""
        ),
        "save_location": None if location is None else location.removeprefix("Local save in ") or None,
        "category": _text(row, "category"),
    }


def clean_geo(row: Row) -> dict[str, Any]:
    """Clean one row of ``geolocation_data``."""
    latitude = _degrees(_text(row, "latitude"), most=90)
    longitude = _degrees(_text(row, "longitude"), most=180)
    return {
        "ind": int(row["ind"]),
        "country": _text(row, "country"),
        "coordinates": None if latitude is None or longitude is None else [latitude, longitude],
        "timestamp": _time(_text(row, "timestamp")),
    }


def clean_user(row: Row) -> dict[str, Any]:
    """Clean one row of ``user_data``."""
    first, last, age = _text(row, "first_name"), _text(row, "last_name"), _text(row, "age")
    return {
        "ind": int(row["ind"]),
        "user_name": None if first is None or last is None else f"{first} {last}",
        "age": int(age) if age is not None and re.fullmatch(r"-?[0-9]+", age) else None,
        "date_joined": _time(_text(row, "date_joined")),
        "first_name": first,
        "last_name": last,
    }


def _last_by_key(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    last = {row["ind"]: row for row in rows}
    return [last[key] for key in sorted(last)]


def _text(row: Row, column: str) -> str | None:
    value = row.get(column)
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = text.rstrip(_BLANKS)
    return None if not text or text in _NOTHING.get(column, ()) else text


def _followers(text: str | None) -> int | None:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kM]?)", text or "")
    if not match:
        return None
    count = Decimal(match[1]) * _FACTORS[match[2]]
    return int(count) if count == int(count) else None


def _degrees(text: str | None, *, most: int) -> float | None:
    if not text or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", text):
        return None
    degrees = float(text)
    return degrees if abs(degrees) <= most else None


def _time(text: str | None) -> datetime | None:
    for form in _TIME_FORMS if text else ():
        try:
            found = datetime.strptime(text or "", form)
        except ValueError:
            continue
        return found.replace(tzinfo=None) - (found.utcoffset() or found - found)
    return None
