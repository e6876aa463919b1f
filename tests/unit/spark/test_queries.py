"""The nine queries: against answers worked out by hand, and against an independent computation."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.reference import expected_clean, expected_results
from tests.unit.spark.lines import read_frame
from tests.unit.spark.queries import COLUMNS, QUERIES, ask, frame, register
from tests.unit.spark.rows import REAL, Rows, made_rows, real_rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PIN = "ind BIGINT, poster_name STRING, follower_count BIGINT, category STRING"
GEO = "ind BIGINT, country STRING, timestamp TIMESTAMP"
USER = "ind BIGINT, first_name STRING, last_name STRING, age INT, date_joined TIMESTAMP"


def _year(year: int, *, end: bool = False) -> datetime:
    return datetime(year, 12, 31, 23, 59, 59) if end else datetime(year, 1, 1)


PINS = [
    (1, "Ada", 100, "art"),
    (2, "Ada", 300, "art"),
    (3, "Bo", 300, "travel"),
    (4, "Bo", None, "travel"),
    (5, "Cy", None, "travel"),
    (6, None, 900, "finance"),
    (7, "Di", 300, None),
    (8, "Ed", 50, "quotes"),
    (9, "Ed", 60, "quotes"),
    (10, "Flo", 10, "art"),
    (11, "Gus", 999, "art"),
]
PLACES = [
    (1, "Aruba", _year(2018)),
    (2, "Aruba", _year(2018, end=True)),
    (3, "Aruba", _year(2019)),
    (4, "Aruba", _year(2022, end=True)),
    (5, "Benin", _year(2022)),
    (6, "Benin", _year(2017, end=True)),
    (7, "Chad", _year(2020)),
    (8, "Chad", _year(2023)),
    (9, "Chad", None),
    (10, None, _year(2019)),
]
USERS = [
    (1, "Ann", "Lee", 18, _year(2015)),
    (2, "Ann", "Lee", 18, _year(2015)),
    (3, "Ann", "Lee", 24, _year(2015)),
    (4, "Ann Lee", "", 24, _year(2015)),
    (5, "Max", None, 25, _year(2016)),
    (6, "Max", None, 25, _year(2016)),
    (7, "Ida", "Ek", 35, _year(2020, end=True)),
    (8, "Jo", "Ek", 36, _year(2014, end=True)),
    (9, "Jo", "Ek", 51, _year(2021)),
    (10, "Old", "Ek", None, None),
    (11, "Kid", "Ek", 17, _year(2016)),
]
# Worked out by hand from the rows above.
ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    # Aruba ties between art and travel, Benin has one of each; a post without a category is no candidate.
    "category_by_country": [
        ("Aruba", "art", 2),
        ("Aruba", "travel", 2),
        ("Benin", "finance", 1),
        ("Benin", "travel", 1),
        ("Chad", "quotes", 2),
    ],
    # 2017 and 2023 are out, 2020 has no category, 2021 no post; all countries together, unknown ones too.
    "category_by_year": [
        (2018, "art", 2),
        (2019, "art", 1),
        (2019, "travel", 1),
        (2022, "travel", 2),
    ],
    # Ada stands once, with her highest count, and ties with Bo. Benin's only count has no poster: no row.
    "top_user_by_country": [("Aruba", "Ada", 300), ("Aruba", "Bo", 300), ("Chad", "Di", 300)],
    # Gus has most followers but no place.
    "top_country": [("Aruba", "Ada", 300), ("Aruba", "Bo", 300), ("Chad", "Di", 300)],
    "category_by_age_group": [
        ("18-24", "art", 2),
        ("18-24", "travel", 2),
        ("25-35", "finance", 1),
        ("25-35", "travel", 1),
        ("36-50", "quotes", 1),
        ("50+", "quotes", 1),
    ],
    # 18-24: 100, 300, 300. 25-35: 900 and 300, the lower one. A count without a poster is a count.
    "median_followers_by_age_group": [("18-24", 300), ("25-35", 300), ("36-50", 50), ("50+", 60)],
    # 2015: Ann Lee of 18 with two posts, her namesake of 24, and Ann Lee without a last name.
    "users_joined_by_year": [(2015, 3), (2016, 2), (2020, 1)],
    # 2015: 100, 300, 300. 2016: 900 and 999.
    "median_followers_by_joining_year": [(2015, 300), (2016, 900), (2020, 300)],
    "median_followers_by_joining_year_and_age_group": [
        (2015, "18-24", 300),
        (2016, "25-35", 900),
        (2020, "25-35", 300),
    ],
}
SOURCES: dict[str, Callable[[], Rows]] = {
    "made": lambda: made_rows(seed=5, number=400),
    "made, few": lambda: made_rows(seed=6, number=12),
    "none": lambda: {"pin": [], "geo": [], "user": []},
    **({"real": real_rows} if REAL.is_dir() else {}),
}


@pytest.fixture(scope="module")
def by_hand(spark: SparkSession) -> dict[str, str]:
    return register(
        {
            "pin": spark.createDataFrame(PINS, PIN),
            "geo": spark.createDataFrame(PLACES, GEO),
            "user": spark.createDataFrame(USERS, USER),
        },
        "by_hand",
    )


@pytest.mark.parametrize("query", ANSWERS)
def test_answers_worked_out_by_hand(spark: SparkSession, by_hand: dict[str, str], query: str) -> None:
    assert ask(spark, f"queries/{query}", by_hand) == ANSWERS[query]


def test_every_query_has_its_columns(spark: SparkSession, by_hand: dict[str, str]) -> None:
    assert sorted(COLUMNS) == QUERIES
    assert {query: frame(spark, f"queries/{query}", by_hand).columns for query in QUERIES} == COLUMNS


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest, spark: SparkSession) -> tuple[Rows, dict[str, str]]:
    rows = SOURCES[request.param]()
    frames = {
        entity: read_frame(spark, entity, [json.dumps(row) for row in of]).localCheckpoint()
        for entity, of in rows.items()
    }
    return rows, register(frames, "sourced")


def test_cleaned_rows_agree_with_the_reference(
    spark: SparkSession, source: tuple[Rows, dict[str, str]]
) -> None:
    rows, views = source
    expected = expected_clean(rows["pin"], rows["geo"], rows["user"])
    for entity, cleaned in expected.items():
        found = spark.table(views[f"{entity}_batch_table"])
        names = list(cleaned[0]) if cleaned else ["ind"]
        assert [row.asDict() for row in found.orderBy("ind").select(*names).collect()] == cleaned


def test_results_agree_with_the_reference(spark: SparkSession, source: tuple[Rows, dict[str, str]]) -> None:
    rows, views = source
    expected = expected_results(rows["pin"], rows["geo"], rows["user"])
    assert {query: ask(spark, f"queries/{query}", views) for query in QUERIES} == expected
