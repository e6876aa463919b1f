"""The quick way to read produce requests against the precise one: the same records, or none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import RestError
from pinterest_sandbox.rest_proxy.produce_request import parse_precisely
from pinterest_sandbox.rest_proxy.quick_records import quick_records
from pinterest_sandbox.rest_proxy.records import Record

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
).map(json.dumps)
#: What JSON readers disagree on, or are lax about.
fragments = st.sampled_from(
    [
        *("01", "1.", ".5", "-", "+1", "1e", "1E+2", "-0", "1e999", "NaN", "-Infinity", "nul", "truex"),
        *('"\\x"', '"\\u12"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"a\nb"', '"\x01"', '"\x7f"'),
        *("'a'", "[1,]", "[,]", '{"a":1,}', '{"a" 1}', "{1:1}", "{a:1}", '{"\\q":1}', "/**/1", "\x0b1"),
        *('{"a":1,"a":2}', '"\ud800"', '"\ufeff"', "\ufeff1", "[ ]", "\t{\r}\n", "[" * 50 + "]" * 50),
        *("9" * 30, "9" * 4301),
    ]
)
partitions = st.sampled_from(
    [
        "0",
        "7",
        "00",
        "07",
        "-1",
        "-0",
        "1.0",
        "1e0",
        "2147483647",
        "2147483648",
        "9" * 4301,
        "null",
        '"0"',
        "true",
    ]
)
base64_texts = st.binary(max_size=4).map(lambda raw: json.dumps(base64.b64encode(raw).decode()))
values = documents | fragments | base64_texts
names = st.sampled_from(["key", "value"] * 4 + ["partition", "v\\u0061lue", "kex", ""])
some_member = st.tuples(names, values) | st.tuples(st.just("partition"), partitions)
records = st.lists(some_member, max_size=4).map(
    lambda members: "{" + ",".join(f'"{name}": {value}' for name, value in members) + "}"
)
usual = st.fixed_dictionaries({"value": values}, optional={"key": values, "partition": partitions}).map(
    lambda members: "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"
)
arrays = st.lists(usual | records | values, max_size=4).map(lambda items: "[" + ", ".join(items) + "]")
members = st.tuples(
    st.sampled_from(["records"] * 3 + ["rec\\u006frds", "key_schema_id", "value_schema", "more"]),
    arrays | values,
).map(lambda member: f'"{member[0]}":{member[1]}')
texts = st.one_of(
    st.lists(usual, min_size=1, max_size=4).map(lambda items: '{"records":[' + ",".join(items) + "]}"),
    st.lists(members, max_size=3).map(lambda found: "{" + ",".join(found) + "}"),
)


def spoilt(body: bytes, place: float, length: int, put: bytes) -> bytes:
    """A body with some bytes in it replaced."""
    begin = int(place * len(body))
    return body[:begin] + put + body[begin + length :]


bytes_put = st.sampled_from([bytes([byte]) for byte in b'"\\{}[],:0-.e \t\n\x00\x1f\x80\xc3\xed\xff'] + [b""])
whole = texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
bodies = whole | st.builds(
    spoilt, whole, st.floats(0, 1), st.integers(0, 2), bytes_put | st.binary(max_size=3)
)


def precisely(body: bytes, embedded: Embedded) -> list[Record] | int:
    try:
        return parse_precisely(body, embedded)
    except RestError as error:
        return error.status


@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(body=bodies, embedded=st.sampled_from(Embedded))
@example(body=b'{"records":[{"value":"\xff"}]}', embedded=Embedded.JSON)
@example(body=b'{"records":[{"partition":-1}],"records":[{"value":1}]}', embedded=Embedded.JSON)
@example(body=b'{"records":[{"value":1}],"records":[{"value":2}]}', embedded=Embedded.JSON)
@example(body=b'{"records":[{"value":1}],"more":[{"value":2}]}', embedded=Embedded.JSON)
@example(body=b'{"records":[{"value":NaN,"value":2}]}', embedded=Embedded.JSON)
@example(body=b'{"records":[{"value":"YQ","value":"YQ=="}]}', embedded=Embedded.BINARY)
@example(body=b'{"records":[{"value":"YQ==\\n"}]}', embedded=Embedded.BINARY)
@example(body=b'{"records":[{"value":1}]]', embedded=Embedded.JSON)
@example(body=b'{"records":[{"value":1}]', embedded=Embedded.JSON)
@example(body=b'{"records":[{"value":1}]}}', embedded=Embedded.JSON)
@example(body=b'{"records":[null]}', embedded=Embedded.JSON)
@example(body=b'{"records":[["a"]]}', embedded=Embedded.JSON)
@example(body=b'\xef\xbb\xbf{"records":[{"value":1}]}', embedded=Embedded.JSON)
def test_what_is_read_quickly_is_what_is_read_precisely(body: bytes, embedded: Embedded) -> None:
    quick = quick_records(body, embedded)

    assert quick is None or quick == precisely(body, embedded)


@pytest.mark.parametrize("nested", ['{"a":%s}', "[%s]"])
def test_depth_is_limited(nested: str) -> None:
    opening, closing = nested.split("%s")
    for depth in range(1000, 3000):
        body = f'{{"records":[{{"value":{opening * depth}1{closing * depth}}}]}}'.encode()
        quick = quick_records(body, Embedded.JSON)
        assert quick is None or quick == precisely(body, Embedded.JSON), depth
        if quick is None:
            return
    pytest.fail("nothing was too deep")


@pytest.mark.parametrize(
    ("body", "embedded", "record"),
    [
        ('{"records":[{"value":{"b":1.50,"a":"é"}}]}', Embedded.JSON, (None, '{"b":1.50,"a":"é"}', None)),
        (' {\n"records" : [ { "key" : "k" , "value" : [ 1 ] } ] } ', Embedded.JSON, ('"k"', "[ 1 ]", None)),
        ('{"records":[{"key":null,"value":null,"partition":12}]}', Embedded.JSON, (None, None, 12)),
        ('{"records":[{"key":"aw==","value":"dg==","partition":0}]}', Embedded.BINARY, ("k", "v", 0)),
    ],
    ids=["as the burst writes it", "with blanks", "null", "binary"],
)
def test_usual_bodies_are_read_quickly(body: str, embedded: Embedded, record: tuple[Any, ...]) -> None:
    key, value, partition = (part.encode() if isinstance(part, str) else part for part in record)

    assert quick_records(body.encode(), embedded) == [Record(key, value, partition)]
