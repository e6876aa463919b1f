"""In which results a post counts, and why not in the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What a query needs of a post, by what it is called where it is missing.
_PIN, _GEO, _USER = ("has_pin", "no pin"), ("has_geo", "no geo"), ("has_user", "no user")
_CATEGORY, _COUNTRY = ("category", "no category"), ("country", "no country")
_POSTER, _FOLLOWERS = ("has_poster", "no poster"), ("has_followers", "no follower count")
_AGE_GROUP = ("age_group", "no age, or one below 18")


@dataclass(frozen=True, kw_only=True)
class Input:
    """What a query takes of a post.

    :param needs: columns of ``trace/results.sql`` that must have a value, and what it is called if not.
    :param group: columns by which it is counted.
    :param years: column of a year to the first and the last that counts.
    """

    needs: tuple[tuple[str, str], ...]
    group: tuple[str, ...]
    years: Mapping[str, tuple[int, int]]

    @property
    def entities(self) -> tuple[str, ...]:
        """Entities whose tables it reads."""
        names = {"has_pin": "pin", "has_geo": "geo", "has_user": "user"}
        return tuple(names[column] for column, _ in self.needs if column in names)


def _input(*needs: tuple[str, str], group: tuple[str, ...], **years: tuple[int, int]) -> Input:
    return Input(needs=needs, group=group, years=years)


#: By query, in the order of :data:`pinterest_pipeline.results.queries.QUERIES`.
INPUTS = {
    "category_by_country": _input(_PIN, _GEO, _CATEGORY, _COUNTRY, group=("country", "category")),
    "category_by_year": _input(
        _PIN, _GEO, _CATEGORY, group=("post_year", "category"), post_year=(2018, 2022)
    ),
    "top_user_by_country": _input(_PIN, _GEO, _POSTER, _FOLLOWERS, _COUNTRY, group=("country",)),
    "top_country": _input(_PIN, _GEO, _POSTER, _FOLLOWERS, _COUNTRY, group=("country",)),
    "category_by_age_group": _input(_PIN, _USER, _CATEGORY, _AGE_GROUP, group=("age_group", "category")),
    "median_followers_by_age_group": _input(_PIN, _USER, _FOLLOWERS, _AGE_GROUP, group=("age_group",)),
    "users_joined_by_year": _input(_USER, group=("joining_year",), joining_year=(2015, 2020)),
    "median_followers_by_joining_year": _input(
        _PIN, _USER, _FOLLOWERS, group=("joining_year",), joining_year=(2015, 2020)
    ),
    "median_followers_by_joining_year_and_age_group": _input(
        _PIN, _USER, _FOLLOWERS, _AGE_GROUP, group=("joining_year", "age_group"), joining_year=(2015, 2020)
    ),
}


def counts_in(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """In which queries a post counts.

    :param row: the row of ``trace/results.sql``.
    :returns: query to ``counts``, ``group`` (grouping columns to values, empty where it does not count) and
        ``missing`` (why it does not count).
    """
    return {query: _look(each, row) for query, each in INPUTS.items()}


def _look(each: Input, row: Mapping[str, Any]) -> dict[str, Any]:
    missing = [word for column, word in each.needs if row[column] in (None, False)]
    for column, (first, last) in each.years.items():
        year = row[column]
        if year is None or not first <= year <= last:
            missing.append(f"no {column} from {first} to {last}")
    # Without the record all else is missing, too.
    absent = [word for word in missing if word in {_PIN[1], _GEO[1], _USER[1]}]
    return {
        "counts": not missing,
        "group": {} if missing else {column: row[column] for column in each.group},
        "missing": absent or missing,
    }
