"""Kinesis of the running sandbox, as the operators and their waiters meet it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from cloud_operators.aws.operators.kinesis import (
    KinesisCreateStreamOperator,
    KinesisDeleteStreamOperator,
    KinesisPutRecordsOperator,
    KinesisUpdateStreamOperator,
)
from cloud_operators.aws.sensors.kinesis import KinesisStreamStateSensor
from cloud_operators.exceptions import ResourceDiffers
from pinterest_sandbox.aws.clients import aws_client
from tests.faults import Faults
from tests.running_sandbox import RunningSandbox
from tests.unit.cloud_operators import running

WAYS: dict[str, dict[str, Any]] = {"wait": {"deferrable": False}, "deferred": {"deferrable": True}}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"aws_conn_id": None, "waiter_delay": 1, "waiter_max_attempts": 10, **WAYS[request.param]}


@pytest.fixture(autouse=True)
def environment(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `sandbox env` prints: boto3 finds the sandbox by it."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in sandbox.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def client(sandbox: RunningSandbox) -> Any:
    return aws_client("kinesis", sandbox.url("moto"))


@pytest.fixture
def name(client: Any) -> Iterator[str]:
    """The name of a stream that is not there, nor after the test."""
    name = f"awsring-{uuid4().hex[:8]}"
    yield name
    with suppress(client.exceptions.ResourceNotFoundException):
        client.delete_stream(StreamName=name)


def run(operator: Any) -> tuple[Any, str | None]:
    """Run a task; gives its result and what it says to have done."""
    context = running.context()
    return running.run(operator, context), context["ti"].xcoms.get("action")


def create(name: str, **arguments: Any) -> tuple[Any, str | None]:
    settings = {"shard_count": 1, "aws_conn_id": None, **arguments}
    return run(KinesisCreateStreamOperator(task_id="create", name=name, **settings))


def described(client: Any, name: str) -> dict[str, Any]:
    summary: dict[str, Any] = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return summary


def read(client: Any, name: str) -> list[dict[str, Any]]:
    """All records of a stream, shard by shard."""
    records: list[dict[str, Any]] = []
    for shard in client.list_shards(StreamName=name)["Shards"]:
        iterator = client.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = client.get_records(ShardIterator=iterator)
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return records


def test_the_life_of_a_stream(client: Any, name: str, way: dict[str, Any]) -> None:
    arn, action = create(name, retention_hours=48, **way)

    assert action == "created"
    found = described(client, name)
    assert (found["StreamARN"], found["StreamStatus"]) == (arn, "ACTIVE")
    assert (found["OpenShardCount"], found["RetentionPeriodHours"]) == (1, 48)
    assert create(name, retention_hours=48, **way) == (arn, "adopted")
    with pytest.raises(ResourceDiffers, match="shard_count: wanted 2, found 1"):
        create(name, shard_count=2, **way)

    def update(**arguments: Any) -> tuple[Any, str | None]:
        return run(KinesisUpdateStreamOperator(task_id="update", stream=arn, **arguments, **way))

    assert update(shard_count=5, retention_hours=24) == (arn, "updated")
    assert update(shard_count=5, retention_hours=24) == (arn, "unchanged")
    found = described(client, name)
    assert (found["OpenShardCount"], found["RetentionPeriodHours"]) == (5, 24)
    assert update(stream_mode="ON_DEMAND") == (arn, "updated")
    assert update(stream_mode="PROVISIONED", shard_count=3) == (arn, "updated")
    assert described(client, name)["OpenShardCount"] == 3
    sensor = KinesisStreamStateSensor(task_id="sense", stream=name, aws_conn_id=None, **way_of_sensing(way))
    assert run(sensor)[0] == name

    delete = {"task_id": "delete", "stream": name, **way}
    assert run(KinesisDeleteStreamOperator(**delete))[0] == name
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        described(client, name)
    assert run(KinesisDeleteStreamOperator(**delete))[0] == name


def way_of_sensing(way: dict[str, Any]) -> dict[str, Any]:
    return {"deferrable": way["deferrable"], "poke_interval": 1, "timeout": 10}


def test_records_arrive_as_they_were_sent(client: Any, name: str) -> None:
    create(name, shard_count=2)
    posts = [{"index": n, "title": f"post {n} é"} for n in range(1200)]

    result, _ = run(
        KinesisPutRecordsOperator(
            task_id="put",
            stream=name,
            records=[{"Data": post, "PartitionKey": str(post["index"])} for post in posts],
            aws_conn_id=None,
        )
    )

    records = read(client, name)
    assert sorted((json.loads(each["Data"]) for each in records), key=lambda post: post["index"]) == posts
    assert all(each["PartitionKey"] == str(json.loads(each["Data"])["index"]) for each in records)
    assert (result["records"], result["refusals"]) == (1200, 0)
    assert sum(shard["records"] for shard in result["shards"].values()) == 1200
    assert set(result["shards"]) == {"shardId-000000000000", "shardId-000000000001"}
    for shard_id, shard in result["shards"].items():
        first = client.get_shard_iterator(
            StreamName=name,
            ShardId=shard_id,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=shard["first_sequence_number"],
        )
        (record,) = client.get_records(ShardIterator=first["ShardIterator"], Limit=1)["Records"]
        assert record["SequenceNumber"] == shard["first_sequence_number"]


def test_large_records_are_packed_into_requests_that_are_taken(client: Any, name: str) -> None:
    create(name)
    records = [{"Data": "x" * (1024 * 1024 - 1), "PartitionKey": str(n)} for n in range(7)]

    result, _ = run(KinesisPutRecordsOperator(task_id="put", stream=name, records=records, aws_conn_id=None))

    assert result["records"] == 7
    assert [len(each["Data"]) for each in read(client, name)] == [1024 * 1024 - 1] * 7


def test_records_that_are_refused_for_a_while_arrive_once(
    sandbox: RunningSandbox, client: Any, name: str
) -> None:
    create(name, shard_count=2)
    records = [{"Data": str(n), "PartitionKey": str(n % 40)} for n in range(1000)]
    faults = Faults(sandbox)
    faults.begin("kinesis", "--refuse-records", "--share", "0.4")
    try:
        result, _ = run(
            KinesisPutRecordsOperator(
                task_id="put",
                stream=name,
                records=records,
                ordered=True,
                max_attempts=30,
                first_pause=0,
                aws_conn_id=None,
            )
        )
        struck = faults.struck()
    finally:
        faults.clear()

    stored = read(client, name)
    assert sorted(int(each["Data"]) for each in stored) == list(range(1000))
    assert result["records"] == 1000
    assert [result["refusals"]] == struck
    assert result["refusals"] > 100
    # In the order in which they were sent, for each key.
    for key in {each["PartitionKey"] for each in stored}:
        numbers = [int(each["Data"]) for each in stored if each["PartitionKey"] == key]
        assert numbers == sorted(numbers)
