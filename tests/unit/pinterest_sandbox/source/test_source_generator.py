"""The generated rows against what was counted in the original database (11,154 rows of each table)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import pytest

from pinterest_sandbox.source.generator import generate
from pinterest_sandbox.source.tables import GEO, PIN, USER, Row, Table

type Records = list[dict[str, Any]]

NO_TAGS = "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"
STORY = "multi-video(story page format)"
FAILED = {
    "title": "No Title Data Available",
    "description": "No description available Story format",
    "poster_name": "User Info Error",
    "follower_count": "User Info Error",
    "tag_list": NO_TAGS,
    "is_image_or_video": STORY,
    "image_src": "Image src error.",
    "downloaded": 0,
}


def _records(table: Table, rows: list[Row]) -> Records:
    return [dict(zip([column.name for column in table.columns], row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    return generate()


@pytest.fixture(scope="module")
def pins(rows: dict[str, list[Row]]) -> Records:
    return _records(PIN, rows["pin"])


@pytest.fixture(scope="module")
def geos(rows: dict[str, list[Row]]) -> Records:
    return _records(GEO, rows["geo"])


@pytest.fixture(scope="module")
def users(rows: dict[str, list[Row]]) -> Records:
    return _records(USER, rows["user"])


def test_same_seed_gives_same_rows(rows: dict[str, list[Row]]) -> None:
    assert generate() == rows


def test_another_seed_gives_other_rows(rows: dict[str, list[Row]]) -> None:
    other = generate(7)
    assert other["pin"] != rows["pin"]
    assert len(other["pin"]) == 11_154


@pytest.mark.parametrize("entity", ["pin", "geo", "user"])
def test_keys_run_from_0_to_11153_in_order(rows: dict[str, list[Row]], entity: str) -> None:
    assert [row[0] for row in rows[entity]] == list(range(11_154))


def test_unique_ids_are_distinct_random_uuids(pins: Records) -> None:
    assert len({pin["unique_id"] for pin in pins}) == 11_154
    assert {UUID(pin["unique_id"]).version for pin in pins} == {4}


@pytest.mark.parametrize(
    ("column", "value", "count"),
    [
        ("description", "No description available Story format", 895),
        ("description", "No description available", 182),
        ("description", "Untitled", 1),
        ("title", "No Title Data Available", 88),
        ("title", "", 2),
        ("title", "Untitled", 1),
        ("poster_name", "User Info Error", 88),
        ("follower_count", "User Info Error", 88),
        ("tag_list", NO_TAGS, 171),
        ("image_src", "Image src error.", 323),
        ("image_src", None, 7),
        ("is_image_or_video", None, 7),
        ("is_image_or_video", "image", 9_920),
        ("is_image_or_video", STORY, 895),
        ("is_image_or_video", "video", 332),
        ("downloaded", 0, 331),
        ("downloaded", 1, 10_823),
    ],
)
def test_count_of_value(pins: Records, column: str, value: object, count: int) -> None:
    assert sum(pin[column] == value for pin in pins) == count


def test_failed_rows_have_every_sentinel(pins: Records) -> None:
    failed = [pin for pin in pins if pin["title"] == FAILED["title"]]
    assert len(failed) == 88
    assert all(pin[column] == value for pin in failed for column, value in FAILED.items())
    assert pins[7528]["title"] == FAILED["title"], "the first post of every emulation"


def test_story_pages_and_their_description_go_together(pins: Records) -> None:
    for pin in pins:
        assert (pin["is_image_or_video"] == STORY) == (pin["description"] == FAILED["description"])


def test_rows_without_image_are_those_of_the_original(pins: Records) -> None:
    without = [pin["index"] for pin in pins if pin["image_src"] is None and pin["is_image_or_video"] is None]
    assert without == [360, 4467, 4521, 4540, 4727, 4760, 4770]
    assert all(pins[key]["downloaded"] == 0 for key in without)


def test_empty_titles_are_those_of_the_original(pins: Records) -> None:
    assert [pin["index"] for pin in pins if not pin["title"]] == [5658, 5718]


def test_categories_lie_in_the_original_ranges(pins: Records) -> None:
    ranges = [
        (name, (keys := [pin["index"] for pin in group])[0], keys[-1])
        for name, group in groupby(pins, key=lambda pin: str(pin["category"]))
    ]
    assert ranges == [
        ("art", 0, 891),
        ("beauty", 892, 1637),
        ("christmas", 1638, 2636),
        ("diy-and-crafts", 2637, 3466),
        ("education", 3467, 4329),
        ("event-planning", 4330, 5077),
        ("finance", 5078, 5863),
        ("home-decor", 5864, 6724),
        ("mens-fashion", 6725, 7576),
        ("quotes", 7577, 8486),
        ("tattoos", 8487, 9456),
        ("travel", 9457, 10315),
        ("vehicles", 10316, 11153),
    ]
    assert all(pin["save_location"] == f"Local save in /data/{pin['category']}" for pin in pins)


def test_follower_counts_have_the_original_forms(pins: Records) -> None:
    form = re.compile(r"\d{1,3}|\d{1,3}k|\d{1,2}M|User Info Error")
    counts = Counter(pin["follower_count"] for pin in pins)
    assert all(form.fullmatch(value) for value in counts)
    assert {value for value in counts if value.endswith("M")} == {f"{n}M" for n in (1, 2, 3, 4, 5, 6, 8, 15)}
    assert counts["0"] > 0
    # Sample of the original: 2,686 thousands and 290 millions among 3,641.
    assert sum(n for value, n in counts.items() if value.endswith("k")) / 11_154 == pytest.approx(
        0.74, abs=0.06
    )
    assert sum(n for value, n in counts.items() if value.endswith("M")) / 11_154 == pytest.approx(
        0.08, abs=0.04
    )


def test_the_busiest_and_the_most_followed_poster(pins: Records) -> None:
    busiest, rows = Counter(pin["poster_name"] for pin in pins).most_common(1)[0]
    assert rows == 244
    assert {pin["follower_count"] for pin in pins if pin["poster_name"] == busiest} == {"942k"}
    assert len({pin["poster_name"] for pin in pins if pin["follower_count"] == "15M"}) == 1


def test_tags(pins: Records) -> None:
    numbers = Counter(len(pin["tag_list"].split(",")) for pin in pins)
    assert numbers[17] == 171
    assert numbers[9] > 10_900
    assert set(numbers) <= {3, 7, 8, 9, 17}
    assert max(len(pin["tag_list"]) for pin in pins) <= 254
    assert any("'" in pin["tag_list"] for pin in pins)


def test_image_addresses(pins: Records) -> None:
    addresses = [pin["image_src"] for pin in pins if (pin["image_src"] or "").startswith("https:")]
    start = r"https://i\.pinimg\.com/(originals|videos/thumbnails/originals)"
    form = re.compile(start + r"/(\w\w)/(\w\w)/(\w\w)/\2\3\4\w{26}(\.0{7})?\.(jpg|png|webp|gif)")
    assert len(addresses) == 11_154 - 323 - 7
    assert all(form.fullmatch(address) for address in addresses)
    assert {address.rpartition(".")[2] for address in addresses} == {"jpg", "png", "webp", "gif"}
    assert max(map(len, addresses)) == 102
    twice = [address for address, count in Counter(addresses).items() if count == 2]
    assert len(twice) == 60


def test_quirks_of_texts(pins: Records) -> None:
    titles, descriptions = [pin["title"] for pin in pins], [pin["description"] for pin in pins]
    assert sum(text.endswith("…\u00a0") for text in descriptions) == pytest.approx(3_986, rel=0.1)
    assert any(title.startswith('"') for title in titles)
    assert sum("\n" in title for title in titles) == 18
    assert any("\u00a0\n\u00a0" in title for title in titles)
    assert "\\" in titles[7332]
    assert '3\\" x 5\\"' in descriptions[10894]
    assert '"casual"' in descriptions[5730]
    assert sum(not title.isascii() for title in titles) == pytest.approx(1_146, rel=0.15)
    assert sum(any(ord(c) > 0xFFFF for c in title) for title in titles) == pytest.approx(123, rel=0.35)
    assert any(title != title.rstrip(" ") for title in titles)
    assert max(map(len, titles)) <= 199
    assert max(map(len, descriptions)) <= 180
    for script in ("[\u0430-\u044f]", "[\u03b1-\u03c9]", "[\u3041-\u3093]", "[öüğş]", "[éàñ]"):
        assert any(re.search(script, title) for title in titles), script


def test_poster_names(pins: Records) -> None:
    names = {pin["poster_name"] for pin in pins}
    assert len(pins[3020]["poster_name"]) == 268 == max(map(len, names))
    assert sum(pin["poster_name"] == pins[3020]["poster_name"] for pin in pins) == 1
    assert any("," in name for name in names)
    assert any(name.endswith(" ") for name in names)


def test_one_poster_is_one_person(pins: Records, geos: Records, users: Records) -> None:
    pairs = {
        (pin["poster_name"], geo["latitude"], geo["longitude"], geo["country"], *list(user.values())[1:])
        for pin, geo, user in zip(pins, geos, users, strict=True)
    }
    assert len(pairs) == 5_307
    assert len({pair[0] for pair in pairs}) == len({pair[1:3] for pair in pairs}) == 5_307
    persons = {pair[4:] for pair in pairs}
    assert len(persons) == 5_307
    assert len({person[:2] for person in persons}) < 5_307, "some names belong to more than one person"


def test_places(geos: Records) -> None:
    assert len({geo["country"] for geo in geos}) == 243
    assert {"Cote d'Ivoire", "Svalbard & Jan Mayen Islands", "Bouvet Island (Bouvetoya)"} <= {
        geo["country"] for geo in geos
    }
    for geo in geos:
        assert -90 <= geo["latitude"] <= 90
        assert -180 <= geo["longitude"] <= 180
        assert float(f"{geo['latitude']:.6g}") == geo["latitude"]
        assert float(f"{geo['longitude']:.6g}") == geo["longitude"]
    heavy = [country for country, _ in Counter(geo["country"] for geo in geos).most_common(5)]
    assert all(country.startswith("A") for country in heavy)


def test_moments_of_posts(geos: Records) -> None:
    moments = [datetime.fromisoformat(geo["timestamp"]) for geo in geos]
    assert len(set(moments)) == 11_154
    assert min(moments) >= datetime(2017, 10, 19, 15, 13, 42)
    assert max(moments) <= datetime(2022, 10, 19, 17, 54, 26)
    assert Counter(moment.year for moment in moments) == {
        2017: 432,
        2018: 2_316,
        2019: 2_192,
        2020: 2_172,
        2021: 2_208,
        2022: 1_834,
    }


def test_users(users: Records, geos: Records) -> None:
    joined = [datetime.fromisoformat(user["date_joined"]) for user in users]
    assert min(joined) >= datetime(2015, 10, 21, 3, 17, 47)
    assert max(joined) <= datetime(2017, 10, 19, 5, 34, 31)
    assert {moment.year for moment in joined} == {2015, 2016, 2017}
    assert {user["age"] for user in users} == set(range(20, 61))
    assert all(user["date_joined"] < geo["timestamp"] for user, geo in zip(users, geos, strict=True))
    assert all((user["first_name"] + user["last_name"]).isascii() for user in users)


def test_joining_years_and_ages_are_skewed_as_in_the_original(users: Records) -> None:
    years = Counter(user["date_joined"][:4] for user in users)
    # Sample of the original, 4,699 rows: 1,897, 2,031 and 771.
    assert years["2015"] / 11_154 == pytest.approx(0.40, abs=0.05)
    assert years["2016"] / 11_154 == pytest.approx(0.43, abs=0.05)
    assert sum(user["age"] == 20 for user in users) / 11_154 == pytest.approx(0.19, abs=0.05)
