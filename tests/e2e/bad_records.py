"""Records as careless clients send them, each with what must become of it.

The forms are those seen in the wild; the values are made up. Keys lie far above those of the source.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """A value as JSON text, for what Python cannot hold."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One record and its outcome: a row, or a reason for quarantine.

    :param entity: of the topic that it is posted to.
    :param value: what is posted.
    :param row: columns that the cleaned row must have, the key ``ind`` among them.
    :param reason: why it is quarantined instead.
    :param unreadable: columns whose value becomes null and is counted.
    """

    entity: str
    value: Any
    row: Row = field(default_factory=dict)
    reason: str | None = None
    unreadable: tuple[str, ...] = ()


def place(key: Any, **fields: Any) -> Row:
    said = {"timestamp": "2021-03-04 05:06:07", "latitude": "12.5", "longitude": "-45.25", "country": "Chad"}
    return {"ind": key, **said, **fields}


def person(key: Any, **fields: Any) -> Row:
    said = {"first_name": "Ida", "last_name": "Moss", "age": "33", "date_joined": "2016-07-08 09:10:11"}
    return {"ind": key, **said, **fields}


def post(key: Any, **fields: Any) -> Row:
    said = {
        "unique_id": "00000000-0000-4000-8000-000000000000",
        "title": "Ten knots",
        "description": "A rope and patience",
        "poster_name": "Knot Club",
        "follower_count": "3k",
        "tag_list": "rope,knots",
        "is_image_or_video": "image",
        "image_src": "https://example.org/knot.png",
        "downloaded": 1,
        "save_location": "Local save in /data/diy",
        "category": "diy",
    }
    return {"index": key, **said, **fields}


def in_envelope(*values: Any) -> Row:
    return {"records": [{"value": value} for value in values]}


def stream_record(data: str) -> Row:
    """What a stream reader shows of a record."""
    return {
        "partitionKey": "someone-pin",
        "data": base64.b64encode(data.encode()).decode(),
        "stream": "A-Stream",
        "shardId": "shardId-000000000007",
        "sequenceNumber": "4" * 56,
        "approximateArrivalTimestamp": "2024-05-06T07:08:09.101Z",
    }


def _date(key: int, written: str, read: str) -> tuple[Case, Case]:
    """A form of the date, in a place and in a person."""
    return (
        Case(entity="geo", value=place(str(key), timestamp=written), row={"ind": key, "timestamp": read}),
        Case(
            entity="user", value=person(str(key), date_joined=written), row={"ind": key, "date_joined": read}
        ),
    )


def _taken(key: int, value: Any, **row: Any) -> Case:
    return Case(
        entity="pin", value=value, row={"ind": key, "title": "Ten knots", "follower_count": 3000, **row}
    )


def _refused(entity: str, value: Any, reason: str) -> Case:
    return Case(entity=entity, value=value, reason=reason)


_DATES = {
    "date with a blank": _date(900001, "2021-12-31 23:59:58", "2021-12-31 23:59:58"),
    "date with a T": _date(900002, "2021-12-31T23:59:58", "2021-12-31 23:59:58"),
    "date alone": _date(900003, "2021-12-31", "2021-12-31 00:00:00"),
    "date with a fraction and a zone": _date(900004, "2021-12-31T23:59:58.000+0000", "2021-12-31 23:59:58"),
    "date with a Z": _date(900005, "2021-12-31T23:59:58Z", "2021-12-31 23:59:58"),
    "date with colons": _date(900006, "2021:12:31 23:59:58", "2021-12-31 23:59:58"),
    "date of another zone": _date(900007, "2021-12-31T23:59:58+0130", "2021-12-31 22:29:58"),
}

CASES: dict[str, Case] = {
    **{f"{name}, {case.entity}": case for name, cases in _DATES.items() for case in cases},
    # Wrapped, but a record.
    "text digits as key": _taken(900011, post("900011")),
    "whole number with a point as key": _taken(900012, post(900012.0)),
    "in a list": _taken(900013, [post(900013)]),
    "encoded twice": _taken(900014, json.dumps(post(900014))),
    "payload encoded twice": _taken(900015, json.dumps(in_envelope(post(900015)))),
    "payload as the value": _taken(900016, in_envelope(post(900016))),
    "text of a stream record": _taken(900017, json.dumps(post(900017, title="Ten knots  "))),
    "line ends and separators in a text": _taken(
        900018, post(900018, description="a\nb\r\nc\u2028d"), description="a\nb\r\nc\u2028d"
    ),
    "columns of another entity beside its own": _taken(900019, post(900019, country="Chad")),
    # A record with values that cannot be read.
    "unreadable followers": Case(
        entity="pin",
        value=post(900021, follower_count="many", downloaded="perhaps"),
        row={"ind": 900021, "follower_count": None, "downloaded": None, "category": "diy"},
        unreadable=("follower_count", "downloaded"),
    ),
    "a place that is none": Case(
        entity="geo",
        value=place(900022, latitude="north", timestamp="once"),
        row={"ind": 900022, "coordinates": None, "timestamp": None, "country": "Chad"},
        unreadable=("latitude", "timestamp"),
    ),
    "unreadable age": Case(
        entity="user",
        value=person(900023, age="unknown", date_joined="2021-02-30"),
        row={"ind": 900023, "age": None, "date_joined": None, "user_name": "Ida Moss"},
        unreadable=("age", "date_joined"),
    ),
    # Kafka Connect makes another number of these; see docs/data.md.
    "whole number beyond 64 bits as key": _taken(900024, post(2**64 + 900024)),
    "whole number beyond 64 bits": Case(
        entity="pin", value=post(900025, follower_count=2**64 + 7), row={"ind": 900025, "follower_count": 7}
    ),
    "number beyond all doubles": Case(
        entity="geo",
        value=Written(json.dumps(place(900026, latitude="?")).replace('"?"', "1e999")),
        row={"ind": 900026, "coordinates": None, "country": "Chad"},
        unreadable=("latitude",),
    ),
    # Texts that stretch what a text can be.
    "half a surrogate pair": _taken(900027, post(900027, title="a\ud800b"), title="a?b"),
    "NUL": _taken(900028, post(900028, title="a\0b"), title="a\0b"),
    # In the wrong topic.
    "user in the pin topic": _refused("pin", person("900031"), "other_entity"),
    "place in the pin topic, by its key": _refused(
        "pin",
        {"index": "900032", **{name: value for name, value in place(0).items() if name != "ind"}},
        "other_entity",
    ),
    "place in the user topic": _refused("user", place(900033), "other_entity"),
    "pin in the geo topic": _refused("geo", post(900034), "other_entity"),
    # No key, or none that is one.
    "person without a key": _refused(
        "user", {name: value for name, value in person(0).items() if name != "ind"}, "key_missing"
    ),
    "null key": _refused("geo", place(None), "key_missing"),
    "word as key": _refused("pin", post("nine"), "key_not_an_integer"),
    "fraction as key": _refused("geo", place(900035.5), "key_not_an_integer"),
    "text of a key beyond 64 bits": _refused("user", person("18446744073709551616"), "key_not_an_integer"),
    "raw stream record": _refused("pin", stream_record(json.dumps(post(900036))), "key_missing"),
    "payload of two records": _refused("pin", in_envelope(post(900037), post(900038)), "key_missing"),
    # No record at all.
    "text of half a record": _refused("pin", json.dumps(post(900039))[:-30], "not_an_object"),
    "a number": _refused("geo", 900040, "not_an_object"),
    "half a surrogate pair alone": _refused("geo", "\ud800", "not_an_object"),
    "an empty list": _refused("user", [], "not_an_object"),
    "a list of two records": _refused("user", [person(900041), person(900042)], "not_an_object"),
}
#: What the sink cannot land: by the content type's format, the value as the body has it.
DEAD: dict[str, tuple[str, Any]] = {
    "null": ("json", None),
    "bytes that are no JSON": ("binary", base64.b64encode(b"<p>index: 900050</p>").decode()),
}


def observed_case(kind: str, observed: Any) -> list[tuple[str, Any, str | None]]:
    """A value seen in the wild, as it is posted.

    :param kind: kind of the quirk, as its file says.
    :returns: entity of the topic, value, and the reason for quarantine or None, of each record to post.
    :raises ValueError: for a kind that nobody has thought about.
    """
    if kind.startswith("date_form "):
        return [
            ("user" if "age" in observed else "geo", observed, None if "ind" in observed else "key_missing")
        ]
    if kind == "kinesis_record":
        entity = observed["partitionKey"].rpartition("-")[2]
        encoded, _, truncated = observed["data"].partition(" ")
        text = base64.b64decode(encoded).decode(errors="ignore")
        return [(entity, observed, "key_missing"), (entity, text, "not_an_object" if truncated else None)]
    if kind in ("user_row_in_pin_topic", "geo_row_in_pin_topic"):
        return [("pin", observed, "other_entity")]
    if kind == "double_encoded_payload":
        return [("pin", json.loads(observed), None)]
    raise ValueError(kind)


def record_inside(value: Any) -> Row:
    """The record of an observed value that is one."""
    said = json.loads(value) if isinstance(value, str) else value
    return dict(said["records"][0]["value"] if "records" in said else said)
