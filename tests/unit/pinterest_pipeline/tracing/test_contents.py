"""What is told of a record's content."""

from __future__ import annotations

import hashlib
import json

import pytest

from pinterest_pipeline.tracing.contents import describe, may_hold


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param('{"ind": 7, "country": "Aruba"}', 7, id="plain"),
        pytest.param('{"ind": "7"}', 7, id="text"),
        pytest.param('{"ind": "7 "}', 7, id="blanks-at-the-end"),
        pytest.param('{"ind": " 7"}', None, id="blanks-at-the-start"),
        pytest.param('{"ind": 7.0}', 7, id="whole-float"),
        pytest.param('{"ind": 7.5}', None, id="fraction"),
        pytest.param('{"ind": true}', None, id="boolean"),
        pytest.param('{"ind": null}', None, id="null"),
        pytest.param('{"ind": "7th"}', None, id="other-text"),
        pytest.param('{"ind": [7]}', None, id="list-as-key"),
        pytest.param('{"index": 7}', None, id="key-of-another-entity"),
        pytest.param('[{"ind": 7}]', 7, id="in-a-list"),
        pytest.param('[{"ind": 7}, {"ind": 7}]', None, id="two-in-a-list"),
        pytest.param(json.dumps('{"ind": 7}'), 7, id="encoded-twice"),
        pytest.param('{"records": [{"value": {"ind": 7}}]}', 7, id="in-an-envelope"),
        pytest.param(json.dumps('{"records": [{"value": [{"ind": 7}]}]}'), 7, id="three-layers"),
        pytest.param('{"records": [{"value": {"ind": 7}}, {"value": {"ind": 8}}]}', None, id="two-records"),
        pytest.param("7", None, id="number"),
        pytest.param("no JSON", None, id="no-json"),
        pytest.param("", None, id="empty"),
        pytest.param("[" * 100_000, None, id="deep"),
    ],
)
def test_the_key_is_read_as_the_cleaning_reads_it(text: str, key: int | None) -> None:
    assert describe(text.encode(), "ind").key == key


def test_bytes_that_are_no_text_have_no_key() -> None:
    assert describe(b'{"ind": 7, "country": "\xff"}', "ind").key is None


def test_length_and_hash_are_of_the_bytes() -> None:
    data = '{"ind": 7, "country": "Åland"}'.encode()
    content = describe(data, "ind")
    assert (content.length, content.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert set(content.told()) == {"length", "sha256", "content_sha256"}


def test_what_connect_writes_anew_is_the_same_content() -> None:
    sent = describe(b'{"index": 7, "title": "\\u00c5 ", "a": {"c": 1e3, "b": 2}}', "index")
    landed = describe('{"a":{"b":2,"c":1000.0},"title":"Å ","index":7}'.encode(), "index")
    other = describe(b'{"index": 7, "title": "A ", "a": {"c": 1e3, "b": 2}}', "index")
    assert sent.sha256 != landed.sha256
    assert sent.same == landed.same
    assert sent.same != other.same


def test_a_record_without_a_value_has_no_content() -> None:
    assert describe(None, "ind") == describe(b"", "ind")
    assert not may_hold(None, 7)


@pytest.mark.parametrize(
    ("text", "held"), [('{"ind": 17}', True), ('{"ind": "7"}', True), ('{"ind": 8}', False)]
)
def test_a_quick_look_leaves_out_no_record_of_the_key(text: str, held: bool) -> None:
    assert may_hold(text.encode(), 7) is held
