from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from pinterest_sandbox.faults.batches import REST_PROXY
from pinterest_sandbox.faults.records import sift
from tests.unit.pinterest_sandbox.faults.gates import Gate, Heard, RawServer, opened_gate, raw_server

CONTENT_TYPE = {"Content-Type": "application/vnd.kafka.json.v2+json"}
REFUSED = {
    "partition": None,
    "offset": None,
    "error_code": 50003,
    "error": "Broker: Not enough in-sync replicas",
}


def acknowledge(heard: Heard) -> bytes:
    """As the REST proxy does: an offset for each record; a body that is no batch is refused."""
    try:
        count = len(json.loads(heard.body)["records"])
    except (ValueError, KeyError, TypeError):
        return _answer("422 Unprocessable Entity", {"error_code": 422, "message": "no records"})
    offsets = [
        {"partition": 0, "offset": 100 + number, "error_code": None, "error": None} for number in range(count)
    ]
    return _answer("200 OK", {"offsets": offsets, "key_schema_id": None, "value_schema_id": None})


def _answer(status: str, content: object) -> bytes:
    body = json.dumps(content).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/vnd.kafka.v2+json\r\nX-Own: 1\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_server(acknowledge) as server:
        yield server


@pytest.fixture(scope="module")
def open_gate(server: RawServer) -> Iterator[Gate]:
    with opened_gate({"rest-proxy": server.port, "api": server.port}) as gate:
        yield gate


@pytest.fixture
def gate(open_gate: Gate) -> Gate:
    open_gate.book.clear()
    return open_gate


@pytest.fixture
def proxy(server: RawServer) -> RawServer:
    """The service, which has heard nothing yet."""
    server.heard.clear()
    return server


def post(url: str, body: bytes) -> requests.Response:
    return requests.post(url, data=body, headers=CONTENT_TYPE, timeout=10)


def batch(size: int) -> bytes:
    return json.dumps({"records": [{"value": {"index": number}} for number in range(size)]}).encode()


def values(heard: Heard) -> list[Any]:
    return [record["value"]["index"] for record in json.loads(heard.body)["records"]]


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("rest-proxy", "/topics/sandbox.pin"),
        ("rest-proxy", "//topics//sandbox.pin/"),
        ("rest-proxy", "/topics/sandbox.pin/partitions/0"),
        ("api", "/sandbox/test/topics/sandbox.pin"),
    ],
)
def test_refused_records_do_not_arrive_and_the_rest_stays_in_order(
    gate: Gate, proxy: RawServer, service: str, path: str
) -> None:
    active = gate.begin(service, refuse_records=True, share="0.3")
    answer = post(gate.url(service) + path, batch(10))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.kafka.v2+json"
    assert answer.headers["X-Own"] == "1"
    content = answer.json()
    assert set(content) == {"offsets", "key_schema_id", "value_schema_id"}
    offsets = content["offsets"]
    # Every third or fourth: after n records floor(0.3 n) are refused.
    assert [number for number, offset in enumerate(offsets) if offset == REFUSED] == [3, 6, 9]
    assert [offset["offset"] for offset in offsets if offset != REFUSED] == list(range(100, 107))
    (heard,) = proxy.heard
    assert values(heard) == [0, 1, 2, 4, 5, 7, 8]
    assert (active.seen, active.struck) == (10, 3)


def test_the_share_holds_over_batches(gate: Gate, proxy: RawServer) -> None:
    gate.begin("rest-proxy", refuse_records=True, share="0.05")
    answers = [post(gate.url("rest-proxy") + "/topics/t", batch(7)) for _ in range(20)]
    refused = sum(offset == REFUSED for answer in answers for offset in answer.json()["offsets"])
    assert refused == 7
    assert sum(len(values(heard)) for heard in proxy.heard) == 133


def test_a_record_that_is_sent_again_gets_through(gate: Gate, proxy: RawServer) -> None:
    gate.begin("rest-proxy", refuse_records=True, share="0.5")
    left = list(range(16))
    rounds = 0
    while left:
        rounds += 1
        body = json.dumps({"records": [{"value": {"index": number}} for number in left]}).encode()
        offsets = post(gate.url("rest-proxy") + "/topics/t", body).json()["offsets"]
        left = [number for number, offset in zip(left, offsets, strict=True) if offset == REFUSED]
    assert sorted(number for heard in proxy.heard for number in values(heard)) == list(range(16))
    assert rounds > 1


def test_when_all_are_refused_nothing_arrives(gate: Gate, proxy: RawServer) -> None:
    gate.begin("rest-proxy", refuse_records=True)
    answer = post(gate.url("rest-proxy") + "/topics/t", batch(3))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.kafka.v2+json"
    assert answer.json() == {"offsets": [REFUSED] * 3, "key_schema_id": None, "value_schema_id": None}
    assert proxy.heard == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[1]", b'{"records":[]}', b'{"records":7}', b'{"records":[1]} x']
)
def test_a_body_that_is_no_batch_goes_through_as_it_is(gate: Gate, proxy: RawServer, body: bytes) -> None:
    active = gate.begin("rest-proxy", refuse_records=True)
    post(gate.url("rest-proxy") + "/topics/t", body)
    assert [heard.body for heard in proxy.heard] == [body]
    assert (active.seen, active.struck) == (0, 0)


def test_other_requests_and_other_clients_are_left_alone(gate: Gate, proxy: RawServer) -> None:
    gate.begin("rest-proxy", refuse_records=True, client="airflow")
    post(gate.url("rest-proxy", "other") + "/topics/t", batch(2))
    post(gate.url("rest-proxy") + "/consumers/group", batch(2))
    requests.get(gate.url("rest-proxy") + "/topics/t", timeout=10)
    assert [heard.body for heard in proxy.heard] == [batch(2), batch(2), b""]


def test_an_error_of_the_service_comes_through() -> None:
    refusing = _answer("404 Not Found", {"error_code": 40401, "message": "Topic not found."})
    with raw_server(refusing) as server, opened_gate({"rest-proxy": server.port}) as gate:
        gate.begin("rest-proxy", refuse_records=True, share="0.5")
        answer = post(gate.url("rest-proxy") + "/topics/t", batch(4))
    assert answer.status_code == 404
    assert answer.json() == {"error_code": 40401, "message": "Topic not found."}


def test_whole_requests_and_single_records_can_be_refused_at_the_same_time(
    gate: Gate, proxy: RawServer
) -> None:
    gate.begin("rest-proxy", status=500, share="0.5")
    gate.begin("rest-proxy", refuse_records=True, share="0.5")
    answers = [post(gate.url("rest-proxy") + "/topics/t", batch(4)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 500, 200, 500]
    assert [values(heard) for heard in proxy.heard] == [[0, 2], [0, 2]]


def every(number: int) -> Callable[[], bool]:
    """Strikes each ``number``-th."""
    counted = iter(range(1, 1000))
    return lambda: next(counted) % number == 0


def test_what_remains_keeps_its_text() -> None:
    body = (
        '{ "key_schema_id": null, "records" : [ {"value": {"b": 1.50, "a": "\\u00e9, ]}"}} ,\n'
        '  {"value": [1,2]},{"key": "k","value": 1e3 } ] , "value_schema_id":1}'
    )
    sifted = sift(body.encode(), "records", every(2))
    assert sifted is not None
    assert sifted.refused == [False, True, False]
    assert sifted.body == (
        b'{ "key_schema_id": null, "records" : [ {"value": {"b": 1.50, "a": "\\u00e9, ]}"}},'
        b'{"key": "k","value": 1e3 } ] , "value_schema_id":1}'
    )


def test_of_two_lists_the_last_counts() -> None:
    sifted = sift(b'{"records":[1,2,3],"records":[4,5]}', "records", every(2))
    assert sifted is not None
    assert sifted.body == b'{"records":[1,2,3],"records":[4]}'
    assert REST_PROXY.complete({"offsets": ["a"]}, sifted.refused) == {"offsets": ["a", REFUSED]}
