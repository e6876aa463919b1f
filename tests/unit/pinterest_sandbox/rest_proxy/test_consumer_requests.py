from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pinterest_sandbox.rest_proxy.consumer_requests import (
    Partition,
    PartitionOffset,
    PartitionTime,
    parse_instance,
    parse_offsets,
    parse_partitions,
    parse_positions,
    parse_subscription,
)
from pinterest_sandbox.rest_proxy.embedded import Embedded
from pinterest_sandbox.rest_proxy.errors import RestError


def refusal(parse: Callable[[bytes], object], body: object) -> tuple[int, int]:
    with pytest.raises(RestError) as caught:
        parse(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value.status, caught.value.code


def test_instance_without_a_body_is_as_by_default() -> None:
    options = parse_instance(b"")
    assert options.name.startswith("rest-consumer-")
    assert options[1:] == (Embedded.BINARY, "latest", True, None, 1.0)
    assert parse_instance(b"{}").name != options.name


@pytest.mark.parametrize("written", ["false", "FALSE", False])
def test_instance_with_options(written: object) -> None:
    body = {
        "name": "mine",
        "format": "JSON",
        "auto.offset.reset": "none",
        "auto.commit.enable": written,
        "fetch.min.bytes": "1000",
        "consumer.request.timeout.ms": 250,
    }
    assert parse_instance(json.dumps(body).encode()) == ("mine", Embedded.JSON, "error", False, 1000, 0.25)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"format": "avro"}, (422, 42204)),
        ({"format": "xml"}, (422, 422)),
        ({"name": ""}, (422, 422)),
        ({"auto.offset.reset": "smallest"}, (422, 42204)),
        ({"auto.commit.enable": "maybe"}, (422, 42204)),
        ({"fetch.min.bytes": -2}, (422, 40001)),
        ({"fetch.min.bytes": 10_000_001}, (422, 40001)),
        ({"fetch.min.bytes": "many"}, (400, 400)),
        ({"consumer.request.timeout.ms": 2**31}, (400, 400)),
        ({"group.instance.id": "x"}, (400, 400)),
        ({"name": ["x"]}, (400, 400)),
        (b'{"name":', (400, 400)),
        (b"[]", (400, 400)),
        (b"\xff", (400, 400)),
    ],
)
def test_instance_refused(body: object, error: tuple[int, int]) -> None:
    assert refusal(parse_instance, body) == error


def test_subscription() -> None:
    topics, pattern = parse_subscription(b'{"topics":["a.pin","b","a.pin"]}')
    assert (topics, pattern) == (("a.pin", "b"), None)
    topics, pattern = parse_subscription(b'{"topics":null,"topic_pattern":"a\\\\..*"}')
    assert topics is None
    assert pattern is not None
    assert pattern.fullmatch("a.pin")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", (422, 422)),
        ({}, (422, 422)),
        ({"topics": ["a"], "topic_pattern": "a"}, (409, 40903)),
        ({"topics": ["a b"]}, (422, 422)),
        ({"topics": ["^a.*"]}, (422, 422)),
        ({"topics": [None]}, (422, 422)),
        ({"topics": "a"}, (400, 400)),
        ({"topic_pattern": "("}, (422, 422)),
        ({"topic": ["a"]}, (400, 400)),
    ],
)
def test_subscription_refused(body: object, error: tuple[int, int]) -> None:
    assert refusal(parse_subscription, body) == error


def test_partitions_offsets_and_times() -> None:
    place = {"topic": "t", "partition": 1}
    assert parse_partitions(json.dumps({"partitions": [place, place]}).encode()) == [Partition("t", 1)]
    body: Any = {"offsets": [{**place, "offset": 0}, {**place, "offset": "7", "metadata": "m"}]}
    offsets = [PartitionOffset(Partition("t", 1), 0, None), PartitionOffset(Partition("t", 1), 7, "m")]
    assert parse_offsets(json.dumps(body).encode()) == offsets
    body["timestamps"] = [{**place, "timestamp": "2026-01-31T02:00:00.5+01:00"}]
    # 2026-01-31 01:00:00 UTC by ``date -u -d ... +%s``
    times = [PartitionTime(Partition("t", 1), 1_769_821_200_500)]
    assert parse_positions(json.dumps(body).encode()) == (offsets, times)


@pytest.mark.parametrize(
    ("offset", "error"),
    [
        ({"topic": "t", "partition": 0, "offset": -1}, (422, 422)),
        ({"topic": "t", "partition": 0}, (422, 422)),
        ({"topic": "t", "offset": 0}, (422, 422)),
        ({"partition": 0, "offset": 0}, (422, 422)),
        ({"topic": "", "partition": 0, "offset": 0}, (422, 422)),
        ({"topic": "t", "partition": -1, "offset": 0}, (422, 422)),
        ({"topic": "t", "partition": 0, "offset": 2**63 - 1}, (400, 400)),
        ({"topic": "t", "partition": 0, "offset": 1.5}, (400, 400)),
        ({"topic": "t", "partition": 0, "offset": 0, "metadata": "m" * 4097}, (422, 422)),
        ({"topic": "t", "partition": 0, "offset": 0, "metadata": "\ud800"}, (422, 422)),
        ("t", (400, 400)),
    ],
)
def test_offsets_refused(offset: object, error: tuple[int, int]) -> None:
    assert refusal(parse_offsets, {"offsets": [offset]}) == error
    assert refusal(parse_positions, {"offsets": [offset]}) == error


@pytest.mark.parametrize("body", [b"", {}, {"offsets": None}, {"partitions": None}])
def test_lists_are_needed(body: object) -> None:
    for parse in (parse_offsets, parse_positions, parse_partitions):
        status, code = refusal(parse, body)
        assert status == code
        assert status in (400, 422)


@pytest.mark.parametrize(
    ("written", "status"), [("yesterday", 400), ("2026-01-31T01:00:00", 400), ("1969-01-01T00:00Z", 422)]
)
def test_times_refused(written: str, status: int) -> None:
    body = {"timestamps": [{"topic": "t", "partition": 0, "timestamp": written}]}
    assert refusal(parse_positions, body)[0] == status
