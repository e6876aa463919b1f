from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_pipeline.landing.objects import list_objects, object_key, parse_offset, read_lines, split_lines
from tests.unit.pinterest_pipeline.fakes import FakeS3

BUCKET = "user-sandbox-bucket"
TOPIC = "sandbox.pin"


def land(s3: FakeS3, *first_offsets: int, partition: int = 0) -> None:
    for offset in first_offsets:
        s3.objects[BUCKET, object_key(TOPIC, partition, offset)] = b'{"index":1}\n'


def test_names_are_those_of_confluents_sink() -> None:
    assert object_key(TOPIC, 0, 0) == "topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json"
    assert object_key(TOPIC, 12, 500) == "topics/sandbox.pin/partition=12/sandbox.pin+12+0000000500.json"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("topics/sandbox.geo/partition=0/sandbox.geo+0+0000000000.json", id="other-topic"),
        pytest.param("topics/sandbox.pin/partition=1/sandbox.pin+1+0000000000.json", id="other-partition"),
        pytest.param("topics/sandbox.pin/partition=0/sandbox.pin+1+0000000000.json", id="contradicts-itself"),
        pytest.param("topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json.tmp", id="suffix"),
        pytest.param("topics/sandbox.pin/partition=0/_SUCCESS", id="foreign"),
    ],
)
def test_other_keys_have_no_offset(key: str) -> None:
    assert parse_offset(key, TOPIC, 0) is None


@given(st.integers(0, 10**10 - 1), st.integers(0, 200))
def test_an_offset_comes_back_from_its_key(offset: int, partition: int) -> None:
    assert parse_offset(object_key(TOPIC, partition, offset), TOPIC, partition) == offset


def test_listing_begins_at_an_offset_and_does_not_even_see_what_is_before(s3: FakeS3) -> None:
    land(s3, 0, 500, 1000, 1500)
    s3.page_size = 2
    found = list_objects(s3, BUCKET, TOPIC, 0, from_offset=500)
    assert [item.first_offset for item in found] == [500, 1000, 1500]
    assert len(s3.listed) == 3
    assert (found[0].etag, found[0].size) == ("e", 12)


def test_listing_keeps_to_its_partition(s3: FakeS3) -> None:
    land(s3, 0, 5)
    land(s3, 7, partition=10)
    land(s3, 9, partition=1)
    assert [item.first_offset for item in list_objects(s3, BUCKET, TOPIC, 1)] == [9]
    assert [item.first_offset for item in list_objects(s3, BUCKET, TOPIC, 2)] == []


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"a\nb\n", [b"a", b"b"], id="usual"),
        pytest.param(b"a\nb", [b"a", b"b"], id="no-end"),
        pytest.param(b"a\n\nb\n", [b"a", b"", b"b"], id="blank-line"),
        pytest.param("a\u2028b\x85c\r\n".encode(), ["a\u2028b\x85c\r".encode()], id="other-separators"),
    ],
)
def test_only_a_line_feed_ends_a_line(content: bytes, lines: list[bytes]) -> None:
    assert split_lines(content) == lines


def test_lines_come_in_the_order_of_the_keys(s3: FakeS3) -> None:
    keys = [f"k{number}" for number in range(100)]
    s3.objects = {(BUCKET, key): f"{key}\n".encode() for key in keys}
    assert list(read_lines(s3, BUCKET, keys)) == [[key.encode()] for key in keys]
