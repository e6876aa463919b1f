"""Posters and the persons behind them.

In the original, one poster is one person with one place, and of a poster with n rows each attribute is the
smallest of n draws: the heavy users come first in the alphabet, are young, joined early and live at the south
pole. Drawing them the same way gives the original's skewed countries, ages and joining years by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from pinterest_sandbox.source.countries import COUNTRIES
from pinterest_sandbox.source.names import FIRST_NAMES, LAST_NAMES

#: Number of rows of a poster -> number of such posters: 5,307 posters, 11,154 rows.
POSTERS_BY_ROWS = {
    244: 1, 140: 1, 88: 2, 86: 2, 81: 1, 68: 1, 60: 1, 54: 1, 53: 1, 49: 1, 47: 1, 45: 2, 44: 1, 38: 1, 36: 1,
    35: 3, 32: 1, 31: 1, 30: 1, 28: 3, 26: 1, 24: 4, 23: 1, 21: 3, 20: 3, 19: 5, 18: 7, 17: 1, 16: 5, 15: 6,
    14: 8, 13: 8, 12: 9, 11: 11, 10: 25, 9: 22, 8: 35, 7: 36, 6: 65, 5: 88, 4: 156, 3: 272, 2: 640, 1: 3869,
}  # fmt: skip

_FIRST_JOINING = datetime(2015, 10, 21, 3, 17, 47)
_LAST_JOINING = datetime(2017, 10, 19, 5, 34, 31)
_YOUNGEST, _OLDEST = 20, 60


@dataclass(frozen=True)
class Person:
    """One user: the columns that repeat in each of its rows.

    :param latitude: degrees, at most six significant digits; it does not lie in the country.
    :param longitude: degrees, likewise.
    :param date_joined: ``YYYY-MM-DD HH:MM:SS``, without a zone.
    """

    first_name: str
    last_name: str
    age: int
    date_joined: str
    latitude: float
    longitude: float
    country: str


def draw_people(random: Random) -> list[tuple[int, Person]]:
    """Draw (number of rows, person), the persons of most rows first; no two share a place."""
    people: list[tuple[int, Person]] = []
    places: set[tuple[float, float]] = set()
    for rows, posters in POSTERS_BY_ROWS.items():
        for _ in range(posters):
            person = _draw(random, rows)
            while (person.latitude, person.longitude) in places:
                person = _draw(random, rows)
            places.add((person.latitude, person.longitude))
            people.append((rows, person))
    return people


def _draw(random: Random, rows: int) -> Person:
    def smallest() -> float:
        """The smallest of ``rows`` numbers drawn evenly from 0 to 1, by its distribution."""
        return 1.0 - math.pow(1.0 - random.random(), 1.0 / rows)

    span = (_LAST_JOINING - _FIRST_JOINING).total_seconds()
    joined = _FIRST_JOINING + timedelta(seconds=int(smallest() * span))
    return Person(
        first_name=FIRST_NAMES[int(smallest() * len(FIRST_NAMES))],
        last_name=LAST_NAMES[int(smallest() * len(LAST_NAMES))],
        age=_YOUNGEST + int(smallest() * (_OLDEST - _YOUNGEST + 1)),
        date_joined=joined.strftime("%Y-%m-%d %H:%M:%S"),
        latitude=float(f"{180.0 * smallest() - 90.0:.6g}"),
        longitude=float(f"{360.0 * smallest() - 180.0:.6g}"),
        country=COUNTRIES[int(smallest() * len(COUNTRIES))],
    )
