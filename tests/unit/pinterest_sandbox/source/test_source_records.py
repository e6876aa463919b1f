from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_sandbox.source.records import BadRecord, parse_record
from pinterest_sandbox.source.tables import GEO, PIN, USER

PLACE = {
    "ind": 5,
    "timestamp": "2019-01-02 03:04:05",
    "latitude": -12.5,
    "longitude": 179.25,
    "country": "Cote d'Ivoire",
}
PERSON = {
    "ind": 11_153,
    "first_name": "Nora",
    "last_name": "Frost",
    "age": 44,
    "date_joined": "2016-02-29 23:59:59",
}
PIN_NULLS = dict.fromkeys((column.name for column in PIN.columns), None)


def _changed(**changes: Any) -> str:
    return json.dumps({**PLACE, **changes})


def test_values_come_in_column_order_whatever_the_record_s_order() -> None:
    line = json.dumps(dict(reversed(PLACE.items())))
    assert parse_record(GEO, line) == (5, "2019-01-02 03:04:05", -12.5, 179.25, "Cote d'Ivoire")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2016-02-29 23:59:59", "2016-02-29 23:59:59"),
        ("2016-02-29T23:59:59", "2016-02-29 23:59:59"),
        ("20160229T235959", "2016-02-29 23:59:59"),
        ("2016-02-29", "2016-02-29 00:00:00"),
    ],
)
def test_dates_may_have_any_iso_form(written: str, read: str) -> None:
    assert parse_record(USER, json.dumps({**PERSON, "date_joined": written}))[-1] == read


def test_every_column_but_the_key_may_be_null() -> None:
    assert parse_record(PIN, json.dumps({**PIN_NULLS, "index": 3})) == (3, *[None] * 11)


def test_a_whole_number_is_a_coordinate() -> None:
    assert parse_record(GEO, _changed(latitude=-7))[2] == -7.0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"ind": NaN}', "not JSON: NaN"),
        ("[1, 2]", r"not a JSON object but \[1, 2\]"),
        ('"text"', 'not a JSON object but "text"'),
        ('{"ind": 1, "ind": 2}', "a column occurs twice"),
        (_changed(city="Lima"), "unknown column 'city'; geolocation_data has ind, timestamp, latitude"),
        (json.dumps({"ind": 1}), "missing column 'timestamp', 'latitude', 'longitude', 'country'"),
        (_changed(ind="5"), "key 'ind' must be an integer, not \"5\""),
        (_changed(ind=None), "key 'ind' must be an integer, not null"),
        (_changed(ind=True), "key 'ind' must be an integer, not true"),
        (_changed(ind=5.0), r"key 'ind' must be an integer, not 5\.0"),
        (_changed(ind=-1), "key ind=-1 is out of range: 0 to 11153"),
        (_changed(ind=11_154), "key ind=11154 is out of range: 0 to 11153"),
        (_changed(latitude="12.5"), "'latitude' must be a number, not \"12.5\""),
        (_changed(latitude=False), "'latitude' must be a number, not false"),
        (_changed(longitude=10**400), "'longitude' is too great for a FLOAT"),
        (_changed(longitude=-1e39), "'longitude' is too great for a FLOAT"),
        (_changed(country=7), "'country' must be a string, not 7"),
        (_changed(country="x" * 256), "'country' has 256 characters; 255 are allowed"),
        (_changed(country="\ud83d"), "'country' has half of a surrogate pair at character 0"),
        (_changed(timestamp="yesterday"), "'timestamp' must be a date and time"),
        (_changed(timestamp="2019-02-29 00:00:00"), "'timestamp' must be a date and time"),
        (_changed(timestamp="2019-01-02T03:04:05Z"), "without a zone"),
        (_changed(timestamp="2019-01-02T03:04:05.5"), "whole seconds"),
        (_changed(timestamp=1_546_398_245), "'timestamp' must be a date and time"),
    ],
)
def test_bad_place_is_refused_with_the_reason(line: str, message: str) -> None:
    with pytest.raises(BadRecord, match=message):
        parse_record(GEO, line)


@pytest.mark.parametrize("age", ["44", 44.5, True, [44]])
def test_age_must_be_an_integer(age: object) -> None:
    with pytest.raises(BadRecord, match="'age' must be an integer"):
        parse_record(USER, json.dumps({**PERSON, "age": age}))


def test_age_must_fit_the_column() -> None:
    with pytest.raises(BadRecord, match="'age' is too great"):
        parse_record(USER, json.dumps({**PERSON, "age": 2**31}))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=255))
def test_any_text_comes_through_unchanged(text: str) -> None:
    assert parse_record(GEO, _changed(country=text))[-1] == text
