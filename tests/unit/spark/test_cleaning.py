"""Every cleaning rule. Expected values come from the rules and from what is known of the source's values."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.spark.lines import line, read

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

NBSP = "\N{NO-BREAK SPACE}"
# field sent, value sent, column expected, value expected
PIN: list[tuple[str, Any, str, Any]] = [
    (
        "unique_id",
        "79dbcedb-4f96-4fcc-bcb2-70dc82f646e1",
        "unique_id",
        "79dbcedb-4f96-4fcc-bcb2-70dc82f646e1",
    ),
    # Sentinels, one a column as the source has them.
    ("description", "No description available Story format", "description", None),
    ("description", "No description available", "description", None),
    ("description", f"No description available{NBSP}", "description", None),
    ("title", "No Title Data Available", "title", None),
    ("poster_name", "User Info Error", "poster_name", None),
    ("follower_count", "User Info Error", "follower_count", None),
    ("tag_list", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e", "tag_list", None),
    ("image_src", "Image src error.", "image_src", None),
    ("is_image_or_video", None, "is_image_or_video", None),
    # A sentinel of one column is a text in another, and a part of a text is none.
    ("title", "No description available", "title", "No description available"),
    ("description", "No description available yet", "description", "No description available yet"),
    ("title", "", "title", None),
    ("title", " ", "title", None),
    ("category", f" {NBSP}\t", "category", None),
    ("title", "Untitled", "title", "Untitled"),
    ("description", "Untitled", "description", "Untitled"),
    # Blanks go from the end only; inside and before they belong to the text.
    ("description", f"a great challeng… {NBSP}", "description", "a great challeng…"),
    ("poster_name", " Nicki ", "poster_name", " Nicki"),
    ("title", f"TIE DYE{NBSP}\n{NBSP}T-SHIRTS", "title", f"TIE DYE{NBSP}\n{NBSP}T-SHIRTS"),
    ("title", '4" x 4" \\ "basic" 𝓕𝓪𝓷 🎄', "title", '4" x 4" \\ "basic" 𝓕𝓪𝓷 🎄'),
    ("title", "[Verse] {one}", "title", "[Verse] {one}"),
    ("title", "{not json", "title", "{not json"),
    ("title", 2022, "title", "2022"),
    # Numbers of followers are multiplied; what is not written so is null, never a wrong number.
    ("follower_count", "12k", "follower_count", 12_000),
    ("follower_count", "2M", "follower_count", 2_000_000),
    ("follower_count", "1.5M", "follower_count", 1_500_000),
    ("follower_count", "0.5k", "follower_count", 500),
    ("follower_count", "0", "follower_count", 0),
    ("follower_count", "998", "follower_count", 998),
    ("follower_count", 998, "follower_count", 998),
    ("follower_count", "12k ", "follower_count", 12_000),
    ("follower_count", "k", "follower_count", None),
    ("follower_count", "12kk", "follower_count", None),
    ("follower_count", "12 k", "follower_count", None),
    ("follower_count", "3B", "follower_count", None),
    ("follower_count", "1,234", "follower_count", None),
    ("follower_count", "1.5", "follower_count", None),
    ("follower_count", "1.2345k", "follower_count", None),
    ("follower_count", "-5", "follower_count", None),
    ("follower_count", "999999999999999999M", "follower_count", None),
    ("follower_count", "1" * 40, "follower_count", None),
    ("tag_list", "Surealism Art,Mom's Day,Unique", "tag_list", ["Surealism Art", "Mom's Day", "Unique"]),
    ("tag_list", "alone", "tag_list", ["alone"]),
    ("downloaded", 1, "downloaded", True),
    ("downloaded", 0, "downloaded", False),
    ("downloaded", "1", "downloaded", True),
    ("downloaded", False, "downloaded", False),
    ("downloaded", 1.0, "downloaded", True),
    ("downloaded", 2, "downloaded", None),
    ("save_location", "Local save in /data/home-decor", "save_location", "/data/home-decor"),
    ("save_location", "/data/art", "save_location", "/data/art"),
    ("save_location", "Local save in ", "save_location", None),
    ("category", ["art"], "category", None),
    ("category", {"name": "art"}, "category", None),
]
MOMENT = datetime(2020, 8, 28, 3, 52, 47)
GEO: list[tuple[str, Any, str, Any]] = [
    ("timestamp", "2020-08-28 03:52:47", "timestamp", MOMENT),
    ("timestamp", "2020-08-28T03:52:47", "timestamp", MOMENT),
    ("timestamp", "2020:08:28 03:52:47", "timestamp", MOMENT),
    ("timestamp", "2020-08-28T03:52:47.000+0000", "timestamp", MOMENT),
    ("timestamp", "2020-08-28T03:52:47Z", "timestamp", MOMENT),
    ("timestamp", "2020-08-28T05:52:47.000+02:00", "timestamp", MOMENT),
    ("timestamp", "2020-08-28 03:52:47.250", "timestamp", MOMENT.replace(microsecond=250_000)),
    ("timestamp", "2021-11-20", "timestamp", datetime(2021, 11, 20)),
    ("timestamp", "2020-02-29", "timestamp", datetime(2020, 2, 29)),
    ("timestamp", "2021-02-29", "timestamp", None),
    ("timestamp", "0000-00-00 00:00:00", "timestamp", None),
    ("timestamp", "2020-08-28 25:00:00", "timestamp", None),
    ("timestamp", "28/08/2020 03:52:47", "timestamp", None),
    ("timestamp", "yesterday", "timestamp", None),
    ("timestamp", 1598586767, "timestamp", None),
    ("timestamp", None, "timestamp", None),
    ("country", "Cote d'Ivoire", "country", "Cote d'Ivoire"),
    (
        "country",
        "Antarctica (the territory South of 60 deg S)",
        "country",
        "Antarctica (the territory South of 60 deg S)",
    ),
]
USER: list[tuple[str, Any, str, Any]] = [
    ("age", 20, "age", 20),
    ("age", "27", "age", 27),
    ("age", 27.0, "age", 27),
    ("age", "unknown", "age", None),
    ("age", 20.5, "age", None),
    ("age", "3000000000", "age", None),
    ("age", True, "age", None),
    ("date_joined", "2015-10-24T11:23:51", "date_joined", datetime(2015, 10, 24, 11, 23, 51)),
    ("date_joined", "2015-11-08", "date_joined", datetime(2015, 11, 8)),
]
# latitude and longitude sent, coordinates expected
PLACES: list[tuple[Any, Any, list[float] | None]] = [
    (-88.8298, -170.188, [-88.8298, -170.188]),
    ("-88.4642", "-171.061", [-88.4642, -171.061]),
    (0, 1e1, [0.0, 10.0]),
    (None, 12.5, None),
    ("north", 12.5, None),
    ("NaN", 12.5, None),
    ("1.5d", 12.5, None),
    (12.5, "Infinity", None),
    (90, -180, [90.0, -180.0]),
    (-90.0, "180", [-90.0, 180.0]),
    (100, 12.5, None),
    (-90.0001, 12.5, None),
    (12.5, 180.0001, None),
    (12.5, "-1e400", None),
]
NAMES = [
    ("Adam", "Acosta", "Adam Acosta"),
    ("Adam ", f"Acosta{NBSP}", "Adam Acosta"),
    ("Adam", None, None),
    ("", "Acosta", None),
]
CASES = {"pin": PIN, "geo": GEO, "user": USER}


def _ids(cases: list[tuple[str, Any, str, Any]]) -> list[str]:
    return [f"{number}-{case[0]}-{str(case[1])[:24]}" for number, case in enumerate(cases)]


@pytest.fixture(scope="module")
def cleaned(spark: SparkSession) -> dict[str, list[Row]]:
    lines = {
        entity: [line(entity, **{field: value}) for field, value, _, _ in cases]
        for entity, cases in CASES.items()
    }
    lines["place"] = [
        line("geo", latitude=latitude, longitude=longitude) for latitude, longitude, _ in PLACES
    ]
    lines["name"] = [line("user", first_name=first, last_name=last) for first, last, _ in NAMES]
    entities = {"place": "geo", "name": "user"}
    return {name: read(spark, entities.get(name, name), texts) for name, texts in lines.items()}


@pytest.mark.parametrize("number", range(len(PIN)), ids=_ids(PIN))
def test_pin(cleaned: dict[str, list[Row]], number: int) -> None:
    _, _, column, expected = PIN[number]
    assert cleaned["pin"][number]["reason"] is None
    assert cleaned["pin"][number][column] == expected


@pytest.mark.parametrize("number", range(len(GEO)), ids=_ids(GEO))
def test_geo(cleaned: dict[str, list[Row]], number: int) -> None:
    _, _, column, expected = GEO[number]
    assert cleaned["geo"][number]["reason"] is None
    assert cleaned["geo"][number][column] == expected


@pytest.mark.parametrize("number", range(len(USER)), ids=_ids(USER))
def test_user(cleaned: dict[str, list[Row]], number: int) -> None:
    _, _, column, expected = USER[number]
    assert cleaned["user"][number]["reason"] is None
    assert cleaned["user"][number][column] == expected


@pytest.mark.parametrize("number", range(len(PLACES)), ids=lambda n: f"{PLACES[n][0]}-{PLACES[n][1]}")
def test_coordinates_are_latitude_and_longitude(cleaned: dict[str, list[Row]], number: int) -> None:
    assert cleaned["place"][number]["coordinates"] == PLACES[number][2]


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_user_name_is_first_and_last(cleaned: dict[str, list[Row]], number: int) -> None:
    assert cleaned["name"][number]["user_name"] == NAMES[number][2]


def test_a_record_of_failures_is_kept_with_nulls(spark: SparkSession) -> None:
    """88 rows of the source, the first post of every emulation among them, are a record of error texts."""
    (row,) = read(
        spark,
        "pin",
        [
            line(
                "pin",
                7528,
                unique_id="fbe53c66-3442-4773-b19e-d3ec6f54dddf",
                title="No Title Data Available",
                description="No description available Story format",
                poster_name="User Info Error",
                follower_count="User Info Error",
                tag_list="N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e",
                is_image_or_video="multi-video(story page format)",
                image_src="Image src error.",
                downloaded=0,
                save_location="Local save in /data/mens-fashion",
                category="mens-fashion",
            )
        ],
    )
    assert row.asDict() == {
        "ind": 7528,
        "unique_id": "fbe53c66-3442-4773-b19e-d3ec6f54dddf",
        "title": None,
        "description": None,
        "poster_name": None,
        "follower_count": None,
        "tag_list": None,
        "is_image_or_video": "multi-video(story page format)",
        "image_src": None,
        "downloaded": False,
        "save_location": "/data/mens-fashion",
        "category": "mens-fashion",
        "_partition": 0,
        "_first_offset": 0,
        "_line": 0,
        "reason": None,
        "raw": None,
        "unreadable": [],
    }
