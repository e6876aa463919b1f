"""Execution of the pipeline's own stream part: AWS integrations of Kinesis with templates.

https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from pinterest_pipeline.provisioning import api
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.target import Target
from tests.running_sandbox import CHECKOUT

STAGE = "test"
DOCUMENT = CHECKOUT / "include" / "apigateway" / "pinterest.json"


@pytest.fixture(scope="module")
def url(target: Target) -> Iterator[str]:
    """Address of ``/streams`` of the API."""
    client = target.client("apigateway")
    specification = api.api_specification(
        DOCUMENT.read_text(encoding="utf-8"),
        api.ApiPart.STREAM,
        values=api.stream_values(client.meta.region_name, target.api_role_arn),
        require_api_key=False,
    )
    name = f"{target.prefix}-streams"
    api_id = client.create_rest_api(name=name)["id"]
    try:
        body = json.dumps(specification).encode()
        client.put_rest_api(restApiId=api_id, mode="merge", failOnWarnings=True, body=body)
        variables = api.stream_variables(target.api_role_arn)
        client.create_deployment(restApiId=api_id, stageName=STAGE, variables=variables)
        streams = f"{target.invoke_url(name, api_id, STAGE)}/streams"

        def deployed() -> None:
            answer = requests.get(streams, timeout=30)
            if answer.status_code != 200:
                raise NotReady(f"{answer.status_code}: {answer.text}")

        wait_until(deployed, what="deployed API", timeout=60, interval=0.2)
        yield streams
    finally:
        client.delete_rest_api(restApiId=api_id)


@pytest.fixture(scope="module")
def stream(target: Target, url: str) -> Iterator[str]:
    """Address of a stream with one shard."""
    made = f"{url}/{target.prefix}-api"
    answer = requests.post(made, json={"ShardCount": 1, "StreamName": "other"}, timeout=30)
    assert (answer.status_code, answer.text) in ((200, ""), (200, "{}")), answer.text
    try:
        wait_active(target, made)
        yield made
    finally:
        assert requests.delete(made, timeout=30).status_code == 200


def wait_active(target: Target, stream: str) -> dict[str, Any]:
    """The description of a stream, once it is there."""
    found: dict[str, Any] = {}

    def active() -> None:
        answer = requests.get(stream, timeout=30)
        assert answer.status_code == 200, answer.text
        found.update(answer.json()["StreamDescription"])
        if found["StreamStatus"] != "ACTIVE":
            raise NotReady(found["StreamStatus"])

    wait_until(active, what="active stream", timeout=target.pace.limit, interval=min(target.pace.interval, 2))
    return found


class Reader:
    """Reads what comes into the only shard of a stream from now on."""

    def __init__(self, target: Target, name: str) -> None:
        self._target = target
        self._client = target.client("kinesis")
        self._iterator = self._client.get_shard_iterator(
            StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="LATEST"
        )["ShardIterator"]

    def records(self, count: int) -> list[tuple[str, Any]]:
        """Partition key and value of the next ``count`` records."""
        found: list[tuple[str, Any]] = []

        def read() -> None:
            answer = self._client.get_records(ShardIterator=self._iterator)
            self._iterator = answer["NextShardIterator"]
            found.extend((record["PartitionKey"], json.loads(record["Data"])) for record in answer["Records"])
            if len(found) < count:
                raise NotReady(f"{len(found)} of {count} records")

        # A shard may be read five times a second.
        wait_until(read, what="records", timeout=60, interval=0.3)
        return found


@pytest.fixture
def reader(target: Target, stream: str) -> Reader:
    return Reader(target, stream.rpartition("/")[2])


VALUES = [
    {"index": 1, "zeta": "é\u00a0🎈", "alpha": [1, None, 1.5, True, {"z": [], "a": {}}]},
    [1, "two", None],
    "a string, \"quoted\" 'twice' \\ $input #end",
    "",
    12345678901234567890,
    0.25,
    False,
]


def test_a_value_is_put_as_equal_json(stream: str, reader: Reader) -> None:
    for value in VALUES:
        body = json.dumps({"Data": value, "PartitionKey": 'it\'s "1"'}, ensure_ascii=False).encode()
        answer = requests.put(
            f"{stream}/record", data=body, headers={"Content-Type": "application/json"}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() >= {"SequenceNumber", "ShardId"}

    found = reader.records(len(VALUES))

    assert found == [('it\'s "1"', value) for value in VALUES]
    assert list(found[0][1]) == ["index", "zeta", "alpha"]


def test_values_of_a_batch_are_put_as_equal_json(stream: str, reader: Reader) -> None:
    entries = [{"data": value, "partition-key": f"{number}"} for number, value in enumerate(VALUES)]

    answer = requests.put(f"{stream}/records", json={"records": entries}, timeout=30)

    assert (answer.status_code, answer.json()["FailedRecordCount"]) == (200, 0), answer.text
    assert len(answer.json()["Records"]) == len(VALUES)
    assert sorted(reader.records(len(VALUES))) == [(f"{n}", value) for n, value in enumerate(VALUES)]


def test_500_records_go_at_once(stream: str, reader: Reader) -> None:
    values = [{"index": number, "text": "x" * 400} for number in range(500)]
    entries = [{"data": value, "partition-key": str(value["index"])} for value in values]

    answer = requests.put(f"{stream}/records", json={"records": entries}, timeout=60)

    assert answer.status_code == 200, answer.text
    results = answer.json()["Records"]
    taken = [value for value, result in zip(values, results, strict=True) if "ErrorCode" not in result]
    found = [value for _, value in reader.records(len(taken))]
    assert sorted(found, key=lambda value: int(value["index"])) == taken


def test_the_path_names_the_stream_and_doubled_slashes_do_no_harm(stream: str, reader: Reader) -> None:
    doubled = stream.replace("/streams/", "//streams//")

    requests.put(f"{doubled}/record", json={"StreamName": "other", "Data": 1, "PartitionKey": 17}, timeout=30)

    assert reader.records(1) == [("17", 1)]


def test_streams_are_listed(stream: str, url: str) -> None:
    names = requests.get(url, timeout=30).json()["StreamNames"]

    # An account may have more than an answer holds.
    assert stream.rpartition("/")[2] in names or len(names) >= 10


def test_a_stream_has_five_shards_when_no_number_is_said(target: Target, url: str) -> None:
    made = f"{url}/{target.prefix}-five"

    answer = requests.post(made, timeout=30)
    try:
        assert answer.status_code == 200, answer.text
        assert len(wait_active(target, made)["Shards"]) == 5
    finally:
        assert requests.delete(made, timeout=30).status_code == 200


@pytest.mark.parametrize(
    ("verb", "path", "body", "kinds"),
    [
        ("GET", "", None, {"ResourceNotFoundException"}),
        ("DELETE", "", None, {"ResourceNotFoundException"}),
        ("POST", "%20", None, {"ValidationException"}),
        ("PUT", "/record", {"Data": 1, "PartitionKey": "1"}, {"ResourceNotFoundException"}),
        ("PUT", "/record", {"Data": 1}, {"ValidationException", "SerializationException"}),
        ("PUT", "/record", {"PartitionKey": "1"}, {"ValidationException", "SerializationException"}),
        ("PUT", "/records", {"records": []}, {"ValidationException", "SerializationException"}),
        (
            "PUT",
            "/records",
            {"records": [{"data": 1, "partition-key": "1"}] * 501},
            {"ValidationException"},
        ),
    ],
)
def test_refusals_of_kinesis(
    target: Target, url: str, verb: str, path: str, body: Any, kinds: set[str]
) -> None:
    answer = requests.request(verb, f"{url}/{target.prefix}-none{path}", json=body, timeout=30)

    assert answer.status_code == 400, answer.text
    assert answer.json()["__type"].rpartition("#")[2] in kinds


def test_a_stream_that_is_there_already(stream: str) -> None:
    answer = requests.post(stream, json={"ShardCount": 1}, timeout=30)

    assert (answer.status_code, answer.json()["__type"]) == (400, "ResourceInUseException")


def test_other_content_types_are_refused(stream: str) -> None:
    answer = requests.put(
        f"{stream}/record", data=b'{"Data": 1}', headers={"Content-Type": "text/plain"}, timeout=30
    )

    assert (answer.status_code, answer.json()) == (415, {"message": "Unsupported Media Type"})
