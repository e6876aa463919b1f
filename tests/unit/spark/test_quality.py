"""What is put into quarantine and why, what is unwrapped instead, and which unreadable values are counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.spark.lines import line, read, record

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

PLACE = {
    "timestamp": "2020-08-28T03:52:47",
    "latitude": "-89.9787",
    "longitude": "-173.293",
    "country": "Albania",
}
PERSON = {"first_name": "Ada", "last_name": "Boyd", "age": "27", "date_joined": "2016-03-08 13:38:37"}
POST = {"title": "x", "category": "art"}
PIN_LINE = line("pin", 5, title="x")


def _twice(value: Any) -> str:
    return json.dumps(json.dumps(value))


# entity, line, reason
REFUSED = {
    "empty line": ("pin", "", "not_json"),
    "blank line": ("pin", "   ", "not_json"),
    "plain text": ("pin", "hello", "not_json"),
    "half a record": ("pin", PIN_LINE[:-4], "not_json"),
    "single quotes": ("pin", "{'index': 5, 'title': 'x'}", "not_json"),
    "NaN": ("geo", '{"ind": 5, "latitude": NaN}', "not_json"),
    "text behind the record": ("pin", PIN_LINE + " x", "not_json"),
    "two records on a line": ("pin", PIN_LINE + PIN_LINE, "not_json"),
    "two records and a comma": ("pin", f"{PIN_LINE},{PIN_LINE}", "not_json"),
    "a bracket too many": ("pin", PIN_LINE + "]", "not_json"),
    "an object cut by a bracket": ("pin", PIN_LINE + "],[1", "not_json"),
    "null": ("pin", "null", "not_an_object"),
    "number": ("pin", "5", "not_an_object"),
    "text": ("pin", '"hello"', "not_an_object"),
    "text of half a record": ("pin", json.dumps(PIN_LINE[:-4]), "not_an_object"),
    "empty list": ("pin", "[]", "not_an_object"),
    "list of two records": ("pin", f"[{PIN_LINE}, {PIN_LINE}]", "not_an_object"),
    "list of a number": ("pin", "[5]", "not_an_object"),
    "empty object": ("pin", "{}", "key_missing"),
    "no key": ("user", json.dumps(PERSON), "key_missing"),
    "null key": ("pin", line("pin", None, **POST), "key_missing"),
    "the key of another name": ("geo", json.dumps({"index": 5, **PLACE}), "key_missing"),
    "text key": ("pin", line("pin", "abc", **POST), "key_not_an_integer"),
    "empty key": ("pin", line("pin", "", **POST), "key_not_an_integer"),
    "fraction key": ("pin", line("pin", 1.5, **POST), "key_not_an_integer"),
    "key with a small fraction": ("pin", '{"index": 5.0000000001, "title": "x"}', "key_not_an_integer"),
    "key with a small fraction below": ("pin", '{"index": 4.9999999999, "title": "x"}', "key_not_an_integer"),
    "key close to nothing": ("pin", '{"index": 1E-7, "title": "x"}', "key_not_an_integer"),
    "text of a fraction key": ("pin", line("pin", "1.0", **POST), "key_not_an_integer"),
    "true key": ("pin", line("pin", True, **POST), "key_not_an_integer"),
    "list key": ("pin", line("pin", [5], **POST), "key_not_an_integer"),
    "object key": ("pin", line("pin", {"a": 5}, **POST), "key_not_an_integer"),
    "key beyond 64 bits": ("pin", line("pin", 2**64, **POST), "key_not_an_integer"),
    "user in the pin topic": ("pin", json.dumps({"ind": "2015", **PERSON}), "other_entity"),
    "geo in the pin topic, with its key": ("pin", json.dumps({"index": "7528", **PLACE}), "other_entity"),
    "geo in the user topic": ("user", json.dumps({"ind": 5, **PLACE}), "other_entity"),
    "pin in the geo topic": ("geo", line("pin", 5, **POST), "other_entity"),
    "user of nulls in the geo topic": ("geo", '{"ind": 5, "age": null}', "other_entity"),
    "wrapped user in the pin topic": ("pin", _twice([{"ind": 5, **PERSON}]), "other_entity"),
    "envelope of two records": (
        "pin",
        json.dumps({"records": [{"value": record("pin", 5)}, {"value": record("pin", 6)}]}),
        "key_missing",
    ),
    "raw Kinesis row": (
        "pin",
        json.dumps(
            {"partitionKey": "pin", "data": "eyJpbmRleCI6NDk3fQ==", "shardId": "shardId-000000000002"}
        ),
        "key_missing",
    ),
}
ENVELOPE = {"records": [{"value": record("pin", 5, title="x")}]}
# line of a pin with key 5 and title x
TAKEN = {
    "plain": PIN_LINE,
    "blanks around": f"  {PIN_LINE}\t",
    "text digits": line("pin", "5", title="x"),
    "whole number with a point": '{"index": 5.0, "title": "x"}',
    "whole number with an exponent": '{"index": 0.5e1, "title": "x"}',
    "whole number with many zeros": '{"index": 0.0000005000e7, "title": "x"}',
    "in a list": f"[{PIN_LINE}]",
    "in two lists": f"[[{PIN_LINE}]]",
    "encoded twice": json.dumps(PIN_LINE),
    "encoded three times": json.dumps(json.dumps(PIN_LINE)),
    "list encoded twice": json.dumps(f"[{PIN_LINE}]"),
    "envelope": json.dumps(ENVELOPE),
    "envelope encoded twice": _twice(ENVELOPE),
    "envelope of a list": json.dumps({"records": [{"value": [record("pin", 5, title="x")]}]}),
    "envelope of a text": json.dumps({"records": [{"value": PIN_LINE}]}),
    "envelope with its key": json.dumps({"records": [{"key": 5, "value": record("pin", 5, title="x")}]}),
    "unknown columns": line("pin", 5, title="x", extra=1, records="y"),
    "columns of another entity as well": line("pin", 5, title="x", country="Albania"),
    "duplicate name": '{"index": 4, "title": "y", "index": 5, "title": "x"}',
    "other order": '{"title": "x", "index": 5}',
}
# entity, field, value, is it counted
COUNTED = {
    "followers": ("pin", "follower_count", "many", True),
    "followers sentinel": ("pin", "follower_count", "User Info Error", False),
    "followers blank": ("pin", "follower_count", f" {chr(160)}", False),
    "followers null": ("pin", "follower_count", None, False),
    "downloaded": ("pin", "downloaded", "maybe", True),
    "title list": ("pin", "title", ["x"], True),
    "title empty list": ("pin", "title", [], True),
    "title sentinel": ("pin", "title", "No Title Data Available", False),
    "tags sentinel": ("pin", "tag_list", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e", False),
    "timestamp": ("geo", "timestamp", "2020-13-45 00:00:00", True),
    "latitude": ("geo", "latitude", "north", True),
    "longitude": ("geo", "longitude", {"deg": 5}, True),
    "latitude of no place": ("geo", "latitude", 100, True),
    "latitude of a pole": ("geo", "latitude", "-90", False),
    "longitude of no place": ("geo", "longitude", "-180.5", True),
    "longitude beyond all numbers": ("geo", "longitude", "1e400", True),
    "longitude NaN": ("geo", "longitude", "NaN", True),
    "country": ("geo", "country", "Albania", False),
    "age": ("user", "age", "old", True),
    "joined": ("user", "date_joined", "once", True),
}


@pytest.fixture(scope="module")
def lines_read(spark: SparkSession) -> dict[str, Row]:
    found: dict[str, Row] = {}
    counted = {
        name: (entity, line(entity, **{field: value})) for name, (entity, field, value, _) in COUNTED.items()
    }
    given = {
        **{f"refused {name}": (entity, text) for name, (entity, text, _) in REFUSED.items()},
        **{f"taken {name}": ("pin", text) for name, text in TAKEN.items()},
        **{f"counted {name}": case for name, case in counted.items()},
    }
    for entity in ("pin", "geo", "user"):
        texts = {name: text for name, (of, text) in given.items() if of == entity}
        found.update(zip(texts, read(spark, entity, list(texts.values())), strict=True))
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_reason_and_text(lines_read: dict[str, Row], name: str) -> None:
    _, text, reason = REFUSED[name]
    row = lines_read[f"refused {name}"]
    assert (row["reason"], row["raw"], row["unreadable"]) == (reason, text, None)


@pytest.mark.parametrize("name", TAKEN)
def test_taken_as_the_record_inside(lines_read: dict[str, Row], name: str) -> None:
    row = lines_read[f"taken {name}"]
    assert (row["reason"], row["raw"], row["ind"], row["title"]) == (None, None, 5, "x")


@pytest.mark.parametrize("name", COUNTED)
def test_unreadable_value_is_null_and_counted(lines_read: dict[str, Row], name: str) -> None:
    _, field, _, is_counted = COUNTED[name]
    row = lines_read[f"counted {name}"]
    assert row["reason"] is None
    assert row["unreadable"] == ([field] if is_counted else [])


def test_reasons_are_a_fixed_set() -> None:
    from pinterest_spark.quality import REASONS

    assert {reason for _, _, reason in REFUSED.values()} == set(REASONS)
