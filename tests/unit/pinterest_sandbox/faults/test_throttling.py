"""What Kinesis tells CloudWatch of throttled records, which the gate tells in its place."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import requests

from pinterest_sandbox.faults import throttling
from pinterest_sandbox.faults.throttling import ThrottlingMetric, refused_records
from tests.unit.pinterest_sandbox.faults.gates import opened_gate, raw_server

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/s-geo"
ANSWER = b'{"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "s-0"}]}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(ANSWER), ANSWER)


@pytest.mark.parametrize(
    ("target", "body", "expected"),
    [
        ("PutRecords", {"StreamName": "s-pin", "Records": [{}, {}, {}]}, ("s-pin", 3)),
        ("PutRecords", {"StreamARN": ARN, "Records": [{}]}, ("s-geo", 1)),
        ("PutRecord", {"StreamName": "s-pin", "Data": "", "PartitionKey": "1"}, ("s-pin", 1)),
        ("GetRecords", {"ShardIterator": "x", "StreamARN": ARN}, ("", 0)),
        ("PutRecords", {"Records": [{}]}, ("", 0)),
        ("PutRecords", ["no object"], ("", 0)),
    ],
)
def test_records_of_a_request(target: str, body: Any, expected: tuple[str, int]) -> None:
    headers = {"X-Amz-Target": f"Kinesis_20131202.{target}"}
    assert refused_records(headers, json.dumps(body).encode()) == expected


def test_a_body_that_is_no_json_writes_none() -> None:
    assert refused_records({"X-Amz-Target": "Kinesis_20131202.PutRecord"}, b"\xff{") == ("", 0)


def test_refusals_are_added_up_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "EVERY_S", 0.05)
    told: list[tuple[str, list[dict[str, Any]]]] = []

    async def scenario() -> None:
        metric = ThrottlingMetric(lambda namespace, data: told.append((namespace, data)))
        metric.count("s-pin", 3)
        metric.count("s-pin", 4)
        while not told:
            await asyncio.sleep(0.01)
        metric.count("s-geo", 1)
        while len(told) < 2:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(scenario(), 10))
    values = [
        (namespace, each["MetricName"], each["Dimensions"], each["Value"])
        for namespace, data in told
        for each in data
    ]
    name = "WriteProvisionedThroughputExceeded"
    assert values == [
        ("AWS/Kinesis", name, [{"Name": "StreamName", "Value": "s-pin"}], 7.0),
        ("AWS/Kinesis", name, [{"Name": "StreamName", "Value": "s-geo"}], 1.0),
    ]


class Counted(ThrottlingMetric):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.records: list[tuple[str, int]] = []

    def count(self, stream: str, records: int) -> None:
        self.records.append((stream, records))


def test_the_gate_counts_what_it_throttles_and_nothing_else() -> None:
    metric = Counted()
    with raw_server(OK) as kinesis, opened_gate({"kinesis": kinesis.port}, metric) as gate:

        def put() -> int:
            return requests.post(
                gate.url("kinesis", "api"),
                data=json.dumps({"StreamName": "s-pin", "Records": [{}, {}]}),
                headers={"X-Amz-Target": "Kinesis_20131202.PutRecords"},
                timeout=10,
            ).status_code

        gate.begin("kinesis", error="ProvisionedThroughputExceededException", share="1/2")
        assert [put(), put()] == [200, 400]
        gate.book.clear()
        gate.begin("kinesis", error="InternalFailure")
        assert put() == 500
        gate.book.clear()
        gate.begin("kinesis", refuse_records=True, share="1/2")
        assert put() == 200
    assert metric.records == [("s-pin", 2), ("s-pin", 1)]
