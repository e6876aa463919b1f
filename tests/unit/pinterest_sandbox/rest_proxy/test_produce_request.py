from __future__ import annotations

import base64
import json

import pytest

from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import RestError
from pinterest_sandbox.rest_proxy.produce_request import parse_precisely, parse_produce
from pinterest_sandbox.rest_proxy.records import Record


def parse(body: str) -> list[Record]:
    records = parse_produce(body.encode(), Embedded.JSON)
    assert parse_precisely(body.encode(), Embedded.JSON) == records
    return records


def refusal(body: bytes, embedded: Embedded = Embedded.JSON) -> RestError:
    with pytest.raises(RestError) as caught:
        parse_produce(body, embedded)
    return caught.value


@pytest.mark.parametrize(
    "value",
    [
        '{"index": 7528, "title": "No Title Data Available", "a": 1}',
        '{"latitude":-88.8298000,"longitude":1E+2,"big":123456789012345678901234567890}',
        '{"z":1,"a":2,"z ":3}',
        '[1, [2], {"x": null}]',
        '"{\\"index\\": 1}"',
        '"Aydo\\u011fdu \\/ Aydoğdu"',
        "17.50",
        "true",
        "{}",
        '{\n  "index": 1\n}',
        # Python's int takes 4,300 digits.
        "[" + "9" * 5000 + "]",
    ],
)
def test_value_reaches_the_topic_in_its_own_text(value: str) -> None:
    assert parse(f'{{"records": [ {{"value": {value} }} ]}}') == [Record(None, value.encode(), None)]


@pytest.mark.parametrize("key", ["18446744073709551616", "-18446744073709551616", "1.0", '{"id": 1.50}'])
def test_key_reaches_the_topic_in_its_own_text(key: str) -> None:
    """2^64 fits no integer of 64 bits, and a float would round it."""
    assert parse(f'{{"records":[{{"key":{key},"value":1}}]}}') == [Record(key.encode(), b"1", None)]


@pytest.mark.parametrize("record", ['{"value":null}', "{}", '{"key":null}', '{"partition":null}'])
def test_null_is_a_record_without_a_value(record: str) -> None:
    assert parse(f'{{"records":[{record}]}}') == [Record(None, None, None)]


def test_key_and_partition_are_taken() -> None:
    body = '{"records":[{"key":"7528","value":1,"partition":2},{"partition":0,"value":[],"key":{"a":1.0}}]}'
    assert parse(body) == [Record(b'"7528"', b"1", 2), Record(b'{"a":1.0}', b"[]", 0)]


@pytest.mark.parametrize(
    "record",
    [
        '{"key":"a","value":{"x":[1]},"partition":1}',
        '{ "partition" : 1 ,\n "key" : "a" , "value" : {"x":[1]} }',
        '{"v\\u0061lue":{"x":[1]},"key":"a","partition":1}',
        '{"value":0,"partition":5,"key":"a","value":{"x":[1]},"partition":1}',
        '{"value":0,"partition":1,"key":"a","\\u0076alue":{"x":[1]}}',
    ],
    ids=["plain", "with blanks", "escaped name", "named twice", "named twice, once escaped"],
)
def test_member_names_may_be_spelt_in_any_way(record: str) -> None:
    assert parse(f'{{"records":[{record},{record}]}}') == [Record(b'"a"', b'{"x":[1]}', 1)] * 2


def test_schema_members_are_accepted() -> None:
    body = '{"key_schema_id":null,"value_schema":"x","records":[{"value":1}],"value_schema_id":3}'
    assert parse(body) == [Record(None, b"1", None)]


def test_order_is_kept() -> None:
    body = json.dumps({"records": [{"value": number} for number in range(1000)]})
    assert [record.value for record in parse(body)] == [str(number).encode() for number in range(1000)]


def test_base64_is_decoded_in_the_binary_format() -> None:
    body = json.dumps(
        {"records": [{"key": "a2V5", "value": base64.b64encode(b"\x00\xff not JSON").decode()}]}
    )
    assert parse_produce(body.encode(), Embedded.BINARY) == [Record(b"key", b"\x00\xff not JSON", None)]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"records"',
        b'{"records":[{"value":1}]} more',
        b'{"records":[{"value":1}',
        b'{"records":{"value":1}}',
        b'{"records":[1]}',
        b'{"records":[{"value":NaN}]}',
        b'{"records":[{"value":[' + b"9" * 5000 + b",NaN]}]}",
        b'{"records":[{"value":1,"partition":' + b"9" * 5000 + b"}]}",
        b'{"records":[{"value":1,"vaule":2}]}',
        b'{"records":[{"value":1,}]}',
        b'{"records":[{"value":1 "key":2}]}',
        b'{"records":[{"value":}]}',
        b'{"records":[{"value":1}{"value":2}]}',
        b'{"records":[{"value":1',
        b'{"record":[{"value":1}]}',
        b'{"records":[{"value":"\xff"}]}',
        b'{"records":[{"value":1,"partition":"0"}]}',
        b'{"records":[{"value":1,"partition":1.5}]}',
        b'{"records":[{"value":1,"partition":true}]}',
        b'{"records":[{"value":1,"partition":4294967296}]}',
    ],
)
def test_malformed_body_is_a_bad_request(body: bytes) -> None:
    error = refusal(body)
    assert (error.status, error.code) == (400, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"{}",
        b'{"records":[]}',
        b'{"records":null}',
        b'{"records":[{"value":1,"partition":-1}]}',
    ],
)
def test_body_that_lacks_what_is_needed_cannot_be_processed(body: bytes) -> None:
    error = refusal(body)
    assert (error.status, error.code) == (422, 422)


@pytest.mark.parametrize("value", ["{}", "1", '"not base64!"', '"YQ"'])
def test_binary_value_must_be_base64(value: str) -> None:
    error = refusal(f'{{"records":[{{"value":{value}}}]}}'.encode(), Embedded.BINARY)
    assert (error.status, error.code) == (400, 400)
