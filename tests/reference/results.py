"""The nine questions answered with DuckDB, from cleaned rows.

Each is asked in another way than the pipeline asks it: counts are compared with the group's maximum, medians
are taken by place in the sorted list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import duckdb

from tests.reference.cleaning import Row, expected_clean

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = {
    "pin": "ind BIGINT, poster_name VARCHAR, follower_count BIGINT, category VARCHAR",
    "geo": "ind BIGINT, country VARCHAR, timestamp TIMESTAMP",
    "user": "ind BIGINT, first_name VARCHAR, last_name VARCHAR, age BIGINT, date_joined TIMESTAMP",
}
_BANDS = [("18-24", 18, 24), ("25-35", 25, 35), ("36-50", 36, 50), ("50+", 51, 10**6)]

_POSTED = """
SELECT country, category, count(*) AS n FROM pin JOIN geo USING (ind)
WHERE category IS NOT NULL AND country IS NOT NULL GROUP BY ALL
"""
_YEARLY = """
SELECT year(timestamp) AS y, category, count(*) AS n FROM pin JOIN geo USING (ind)
WHERE category IS NOT NULL AND year(timestamp) IN (2018, 2019, 2020, 2021, 2022) GROUP BY ALL
"""
_FOLLOWED = """
SELECT DISTINCT country, poster_name, follower_count FROM pin JOIN geo USING (ind)
WHERE country IS NOT NULL AND poster_name IS NOT NULL AND follower_count IS NOT NULL
"""
_BANDED = """
SELECT band, category, count(*) AS n FROM pin JOIN "user" USING (ind) JOIN bands ON age BETWEEN least AND most
WHERE category IS NOT NULL GROUP BY ALL
"""
_MEDIAN = """
SELECT {groups}, list_sort(list(follower_count))[(count(*) + 1) // 2]
FROM pin JOIN "user" USING (ind) {bands}
WHERE follower_count IS NOT NULL {when} GROUP BY {groups} ORDER BY {groups}
"""
_WITH_BANDS = "JOIN bands ON age BETWEEN least AND most"
_JOINED = "AND year(date_joined) >= 2015 AND year(date_joined) <= 2020"


def _most(counted: str, group: str) -> str:
    return (
        f"WITH c AS ({counted}) SELECT {group}, category, n FROM c "
        f"WHERE n = (SELECT max(o.n) FROM c AS o WHERE o.{group} = c.{group}) ORDER BY 1, 2"
    )


_QUERIES = {
    "category_by_country": _most(_POSTED, "country"),
    "category_by_year": _most(_YEARLY, "y"),
    "top_user_by_country": (
        f"WITH f AS ({_FOLLOWED}) SELECT * FROM f "
        "WHERE follower_count = (SELECT max(o.follower_count) FROM f AS o WHERE o.country = f.country) "
        "ORDER BY 1, 2"
    ),
    "top_country": (
        f"WITH f AS ({_FOLLOWED}) SELECT * FROM f "
        "WHERE follower_count = (SELECT max(follower_count) FROM f) ORDER BY 1, 2"
    ),
    "category_by_age_group": _most(_BANDED, "band"),
    "median_followers_by_age_group": _MEDIAN.format(groups="band", bands=_WITH_BANDS, when=""),
    "users_joined_by_year": (
        "SELECT y, count(*) FROM "
        "(SELECT DISTINCT first_name, last_name, age, date_joined, year(date_joined) AS y "
        'FROM "user" WHERE year(date_joined) >= 2015 AND year(date_joined) <= 2020) GROUP BY y ORDER BY y'
    ),
    "median_followers_by_joining_year": _MEDIAN.format(groups="year(date_joined)", bands="", when=_JOINED),
    "median_followers_by_joining_year_and_age_group": _MEDIAN.format(
        groups="year(date_joined), band", bands=_WITH_BANDS, when=_JOINED
    ),
}


def expected_results(
    pin_rows: Iterable[Row], geo_rows: Iterable[Row], user_rows: Iterable[Row]
) -> dict[str, list[tuple[Any, ...]]]:
    """Answer the nine questions for the posts made of these rows.

    :param pin_rows: rows of ``pinterest_data``, only those of the keys that were posted; the others likewise.
    :returns: query name to the rows of its result in order.
    """
    cleaned = expected_clean(pin_rows, geo_rows, user_rows)
    with duckdb.connect() as base:
        for table, columns in _TABLES.items():
            _fill(base, table, columns, cleaned[table])
        base.execute("CREATE TABLE bands (band VARCHAR, least BIGINT, most BIGINT)")
        base.executemany("INSERT INTO bands VALUES (?, ?, ?)", _BANDS)
        return {name: base.execute(query).fetchall() for name, query in _QUERIES.items()}


def _fill(base: DuckDBPyConnection, table: str, columns: str, rows: list[dict[str, Any]]) -> None:
    names = [column.split()[0] for column in columns.split(", ")]
    base.execute(f'CREATE TABLE "{table}" ({columns})')
    if not rows:
        return
    lists = {name: [row[name] for row in rows] for name in names}
    marks = ", ".join(f"unnest(${name})" for name in names)
    base.execute(f'INSERT INTO "{table}" SELECT {marks}', lists)
