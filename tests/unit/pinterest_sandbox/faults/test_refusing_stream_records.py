"""Single records refused inside a 200 by Kinesis, whether it is asked itself or through the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from moto.server import ThreadedMotoServer

from pinterest_sandbox.aws.clients import aws_client
from tests.unit.pinterest_sandbox.faults.gates import Gate, Heard, RawServer, opened_gate, raw_server

REFUSED = "ProvisionedThroughputExceededException"
STREAM = "streaming-gate-pin"


@pytest.fixture(scope="module")
def moto_port() -> Iterator[int]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture(scope="module")
def api() -> Iterator[RawServer]:
    """The API as its stream part answers."""

    def answer(heard: Heard) -> bytes:
        count = len(json.loads(heard.body)["records"])
        entries = [{"SequenceNumber": str(number), "ShardId": "shardId-0"} for number in range(count)]
        body = json.dumps({"FailedRecordCount": 0, "Records": entries}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{head}Connection: close\r\n\r\n".encode() + body

    with raw_server(answer) as server:
        yield server


@pytest.fixture(scope="module")
def open_gate(moto_port: int, api: RawServer) -> Iterator[Gate]:
    with opened_gate({"kinesis": moto_port, "api": api.port}) as gate:
        aws_client("kinesis", gate.url("kinesis")).create_stream(StreamName=STREAM, ShardCount=1)
        yield gate


@pytest.fixture
def gate(open_gate: Gate) -> Gate:
    open_gate.book.clear()
    return open_gate


@pytest.fixture
def kinesis(gate: Gate) -> Any:
    """boto3's client, through Airflow's door."""
    return aws_client("kinesis", gate.url("kinesis"))


def numbers(kinesis: Any) -> list[int]:
    """What all records of the stream hold."""
    iterator = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return [int(record["Data"]) for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


def put(kinesis: Any, values: list[int]) -> dict[str, Any]:
    records = [{"Data": str(value).encode(), "PartitionKey": str(value)} for value in values]
    answer: dict[str, Any] = kinesis.put_records(StreamName=STREAM, Records=records)
    return answer


def test_refused_records_are_not_in_the_stream_until_they_are_sent_again(gate: Gate, kinesis: Any) -> None:
    before = len(numbers(kinesis))
    active = gate.begin("kinesis", refuse_records=True, share="0.3")

    answer = put(kinesis, list(range(10)))

    # Every third or fourth: after n records floor(0.3 n) are refused.
    refused = [number for number, entry in enumerate(answer["Records"]) if "ErrorCode" in entry]
    assert refused == [3, 6, 9]
    assert answer["FailedRecordCount"] == 3
    assert {entry["ErrorCode"] for entry in answer["Records"] if "ErrorCode" in entry} == {REFUSED}
    assert all(entry["ErrorMessage"] for entry in answer["Records"] if "ErrorCode" in entry)
    assert all(entry["SequenceNumber"] for entry in answer["Records"] if "ErrorCode" not in entry)
    assert numbers(kinesis)[before:] == [0, 1, 2, 4, 5, 7, 8]
    assert (active.seen, active.struck) == (10, 3)

    again = put(kinesis, refused)

    # Of 13 records 3.9 are due, so no further one is refused.
    assert again["FailedRecordCount"] == 0
    assert sorted(numbers(kinesis)[before:]) == list(range(10))


def test_when_all_are_refused_nothing_arrives(gate: Gate, kinesis: Any) -> None:
    before = len(numbers(kinesis))
    gate.begin("kinesis", refuse_records=True)

    answer = put(kinesis, [1, 2])

    assert answer["FailedRecordCount"] == 2
    assert [entry["ErrorCode"] for entry in answer["Records"]] == [REFUSED] * 2
    assert len(numbers(kinesis)) == before


def test_other_actions_and_other_clients_are_left_alone(gate: Gate, kinesis: Any) -> None:
    gate.begin("kinesis", refuse_records=True, client="api")

    assert put(kinesis, [1])["FailedRecordCount"] == 0
    gate.book.clear()
    gate.begin("kinesis", refuse_records=True)
    kinesis.put_record(StreamName=STREAM, Data=b"1", PartitionKey="1")
    assert kinesis.list_shards(StreamName=STREAM)["Shards"]


def test_an_error_of_kinesis_comes_through(gate: Gate, kinesis: Any) -> None:
    gate.begin("kinesis", refuse_records=True, share="0.5")
    record = {"Data": b"1", "PartitionKey": "1"}

    with pytest.raises(kinesis.exceptions.ResourceNotFoundException) as missing:
        kinesis.put_records(StreamName="none", Records=[record, record])

    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_boto_rides_out_that_kinesis_is_throttled(gate: Gate, kinesis: Any) -> None:
    active = gate.begin("kinesis", error=REFUSED, share="0.5")

    for _ in range(4):
        assert put(kinesis, [1])["FailedRecordCount"] == 0

    assert active.struck >= 3


@pytest.mark.parametrize("path", ["/sandbox/test/streams/s/records", "//sandbox/test//streams//s//records/"])
def test_the_apis_stream_part_refuses_single_records_too(gate: Gate, api: RawServer, path: str) -> None:
    api.heard.clear()
    gate.begin("api", refuse_records=True, share="0.5")
    records = [{"data": number, "partition-key": "k"} for number in range(4)]

    answer = requests.put(gate.url("api") + path, json={"records": records}, timeout=10)

    content = answer.json()
    assert answer.status_code == 200
    assert content["FailedRecordCount"] == 2
    assert [entry.get("ErrorCode") for entry in content["Records"]] == [None, REFUSED, None, REFUSED]
    assert [json.loads(heard.body)["records"] for heard in api.heard] == [[records[0], records[2]]]


def test_when_the_api_refuses_all_it_answers_as_json(gate: Gate, api: RawServer) -> None:
    api.heard.clear()
    gate.begin("api", refuse_records=True)

    answer = requests.put(
        f"{gate.url('api')}/sandbox/test/streams/s/records", json={"records": [{"data": 1}]}, timeout=10
    )

    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["FailedRecordCount"] == 1
    assert api.heard == []


@pytest.mark.parametrize(
    ("verb", "path"),
    [("PUT", "/streams/s/record"), ("POST", "/streams/s/records"), ("PUT", "/streams/s/records/x")],
)
def test_other_requests_to_the_api_are_left_alone(gate: Gate, api: RawServer, verb: str, path: str) -> None:
    api.heard.clear()
    active = gate.begin("api", refuse_records=True)

    requests.request(
        verb, f"{gate.url('api')}/sandbox/test{path}", json={"records": [{"data": 1}]}, timeout=10
    )

    assert len(api.heard) == 1
    assert active.seen == 0
