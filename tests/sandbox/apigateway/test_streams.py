"""The API's stream part as AWS's tutorial has its clients use it, with plain HTTP.

https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from pinterest_pipeline.provisioning.api import ApiPart
from pinterest_sandbox.aws.clients import aws_client
from tests.faults import Faults
from tests.running_sandbox import RunningSandbox
from tests.sandbox.apigateway.product_api import deployed

NAME = "streamring"
THROTTLED = "ProvisionedThroughputExceededException"


@pytest.fixture(scope="module")
def invoke(sandbox: RunningSandbox) -> Iterator[str]:
    """Invoke URL of the stream part."""
    with deployed(sandbox, NAME, ApiPart.STREAM) as url:
        yield url


@pytest.fixture
def kinesis(sandbox: RunningSandbox) -> Any:
    """Kinesis as a client outside finds it."""
    return aws_client("kinesis", sandbox.environment["AWS_ENDPOINT_URL_KINESIS"])


@pytest.fixture
def stream(kinesis: Any, invoke: str) -> Iterator[str]:
    """The name of a stream with one shard."""
    name = f"{NAME}-{uuid4().hex[:8]}"
    answer = requests.post(f"{invoke}/streams/{name}", json={"ShardCount": 1}, timeout=30)
    assert (answer.status_code, answer.json()) == (200, {})
    yield name
    kinesis.delete_stream(StreamName=name)


@pytest.fixture
def faults(sandbox: RunningSandbox) -> Iterator[Faults]:
    faults = Faults(sandbox)
    yield faults
    faults.clear()


def arrived(kinesis: Any, stream: str) -> list[tuple[str, Any]]:
    """Partition key and value of every record of the stream."""
    found = []
    for shard in kinesis.describe_stream(StreamName=stream)["StreamDescription"]["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator)["Records"]
        found += [(record["PartitionKey"], json.loads(record["Data"])) for record in records]
    return found


@pytest.mark.parametrize("slashes", ["/", "//"])
def test_the_tutorial_step_by_step(kinesis: Any, invoke: str, slashes: str) -> None:
    name = f"{NAME}-{uuid4().hex[:8]}"
    streams = f"{invoke}{slashes}streams"

    made = requests.post(f"{streams}/{name}", timeout=30)
    listed = requests.get(streams, timeout=30)
    described = requests.get(f"{streams}/{name}", timeout=30)
    one = requests.put(
        f"{streams}/{name}/record", json={"Data": "some data", "PartitionKey": "some key"}, timeout=30
    )
    entries = [{"data": "some data", "partition-key": "some key"}, {"data": "more", "partition-key": "other"}]
    several = requests.put(f"{streams}/{name}/records", json={"records": entries}, timeout=30)
    found = arrived(kinesis, name)
    deleted = requests.delete(f"{streams}/{name}", timeout=30)
    gone = requests.get(f"{streams}/{name}", timeout=30)

    assert (made.status_code, made.json()) == (200, {})
    assert name in listed.json()["StreamNames"]
    description = described.json()["StreamDescription"]
    assert (description["StreamName"], description["StreamStatus"]) == (name, "ACTIVE")
    # As many as the tutorial's template asks for when the client names none.
    assert len(description["Shards"]) == 5
    assert set(one.json()) == {"SequenceNumber", "ShardId"}
    assert several.json()["FailedRecordCount"] == 0
    assert len(several.json()["Records"]) == 2
    # In the order of shards, which is not that of sending.
    assert sorted(found) == [("other", "more"), ("some key", "some data"), ("some key", "some data")]
    assert (deleted.status_code, deleted.json()) == (200, {})
    assert (gone.status_code, gone.json()["__type"]) == (400, "ResourceNotFoundException")
    assert {answer.headers["Content-Type"] for answer in (made, listed, one, several, gone)} == {
        "application/json"
    }


def test_values_of_every_kind_arrive_as_equal_json(kinesis: Any, invoke: str, stream: str) -> None:
    values = [
        {"index": 7528, "title": "é\u00a0🎈", "tags": [1, None, 1.5, True, {"z": [], "a": {}}]},
        [1, "two", None],
        "a string, \"quoted\" 'twice' \\ $input #end",
        "",
        -3.25e-7,
        12345678901234567890,
        False,
        None,
    ]
    for value in values:
        answer = requests.put(
            f"{invoke}/streams/{stream}/record",
            data=json.dumps({"Data": value, "PartitionKey": 'it\'s "1"'}, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
    entries = [{"data": value, "partition-key": str(number)} for number, value in enumerate(values)]
    requests.put(f"{invoke}/streams/{stream}/records", json={"records": entries}, timeout=30)

    found = arrived(kinesis, stream)

    assert found[: len(values)] == [('it\'s "1"', value) for value in values]
    assert found[len(values) :] == [(str(number), value) for number, value in enumerate(values)]
    assert list(found[0][1]) == list(values[0])  # type: ignore[call-overload]


def test_the_stream_is_that_of_the_path_whatever_the_body_says(
    kinesis: Any, invoke: str, stream: str
) -> None:
    url = f"{invoke}/streams/{stream}"
    other = {"StreamName": "other", "stream-name": "other"}

    requests.put(f"{url}/record", json={**other, "Data": 1, "PartitionKey": "1"}, timeout=30)
    requests.put(
        f"{url}/records?stream-name=other",
        json={**other, "records": [{**other, "data": 2, "partition-key": "2"}]},
        headers={"stream-name": "other"},
        timeout=30,
    )

    assert arrived(kinesis, stream) == [("1", 1), ("2", 2)]


@pytest.mark.parametrize(
    ("verb", "path", "body", "kind"),
    [
        ("GET", "/none", None, "ResourceNotFoundException"),
        ("DELETE", "/none", None, "ResourceNotFoundException"),
        ("PUT", "/none/record", {"Data": 1, "PartitionKey": "1"}, "ResourceNotFoundException"),
        (
            "PUT",
            "/none/records",
            {"records": [{"data": 1, "partition-key": "1"}]},
            "ResourceNotFoundException",
        ),
        ("POST", "/{stream}", {}, "ResourceInUseException"),
        ("POST", "/a b", {}, "ValidationException"),
        ("PUT", "/{stream}/record", {"Data": 1}, "ValidationException"),
        ("PUT", "/{stream}/records", {"records": []}, "ValidationException"),
    ],
)
def test_errors_of_kinesis_come_back_with_its_body(
    invoke: str, stream: str, verb: str, path: str, body: Any, kind: str
) -> None:
    url = f"{invoke}/streams{path.format(stream=stream)}"

    answer = requests.request(verb, url, json=body, timeout=30)

    assert answer.status_code == 400
    assert answer.json()["__type"] == kind
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("error", "status"), [(THROTTLED, 400), ("InternalFailure", 500), ("ServiceUnavailable", 500)]
)
def test_trouble_of_kinesis_reaches_the_client_with_the_mapped_status(
    kinesis: Any, invoke: str, stream: str, faults: Faults, error: str, status: int
) -> None:
    faults.begin("kinesis", "--client", "api", "--error", error)

    answer = requests.put(
        f"{invoke}/streams/{stream}/record", json={"Data": 1, "PartitionKey": "1"}, timeout=30
    )

    assert (answer.status_code, answer.json()["__type"]) == (status, error)
    # Others ask Kinesis through doors of their own.
    assert arrived(kinesis, stream) == []


def test_records_that_kinesis_refuses_inside_a_200_arrive_when_they_are_sent_again(
    kinesis: Any, invoke: str, stream: str, faults: Faults
) -> None:
    faults.begin("kinesis", "--client", "api", "--refuse-records", "--share", "0.2")
    left, requests_sent = list(range(500)), 0
    while left:
        entries = [{"data": {"index": number}, "partition-key": str(number)} for number in left]
        answer = requests.put(f"{invoke}/streams/{stream}/records", json={"records": entries}, timeout=30)
        assert answer.status_code == 200, answer.text
        results = answer.json()["Records"]
        refused = [number for number, result in zip(left, results, strict=True) if "ErrorCode" in result]
        assert answer.json()["FailedRecordCount"] == len(refused)
        assert {result["ErrorCode"] for result in results if "ErrorCode" in result} <= {THROTTLED}
        left, requests_sent = refused, requests_sent + 1

    assert requests_sent > 1
    assert faults.struck()[0] >= 100
    assert sorted(value["index"] for _, value in arrived(kinesis, stream)) == list(range(500))


def test_a_role_that_is_not_there_is_the_gateways_own_error(sandbox: RunningSandbox, invoke: str) -> None:
    client = aws_client("apigateway", sandbox.url("moto"))
    [found] = [item["id"] for item in client.get_rest_apis()["items"] if item["name"] == NAME]
    client.create_deployment(restApiId=found, stageName="roleless", variables={"kinesisRole": "absent"})

    answer = requests.get(f"{invoke.removesuffix('test')}roleless/streams", timeout=30)

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error"})
