"""Kinesis Data Streams. https://docs.aws.amazon.com/kinesis/latest/APIReference/"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.target import Target

KIB = 1024


@pytest.fixture(scope="module")
def kinesis(target: Target) -> Any:
    return target.client("kinesis")


@pytest.fixture(scope="module")
def active(target: Target, kinesis: Any) -> Callable[..., dict[str, Any]]:
    """Wait until a stream is ACTIVE and shows what is wanted, and describe it."""

    def described(name: str, **wanted: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def check() -> None:
            answer = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
            seen = {key: answer.get(key) for key in ("StreamStatus", *wanted)}
            if seen != {"StreamStatus": "ACTIVE", **wanted}:
                raise NotReady(str(seen))
            found.update(answer)

        wait_until(check, what=f"stream {name}", timeout=target.pace.limit, interval=target.pace.interval)
        return found

    return described


@pytest.fixture(scope="module")
def make(target: Target, kinesis: Any, active: Any) -> Iterator[Callable[..., str]]:
    """Make a stream that is gone after the cases, and give its name."""
    names: list[str] = []

    def made(suffix: str, **settings: Any) -> str:
        name = f"{target.prefix}-{suffix}"
        names.append(name)
        kinesis.create_stream(StreamName=name, **settings)
        active(name)
        return name

    yield made
    for name in names:
        with suppress(kinesis.exceptions.ResourceNotFoundException):
            kinesis.delete_stream(StreamName=name)


@pytest.fixture(scope="module")
def stream(make: Any) -> str:
    """A stream of two shards."""
    name: str = make("stream", ShardCount=2)
    return name


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[str, int]:
    """The code and the status with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def read(
    kinesis: Any, target: Target, name: str, shard: str, count: int, **position: str
) -> list[dict[str, Any]]:
    """The first records of a shard, from a position."""
    iterator = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, **position)["ShardIterator"]
    records: list[dict[str, Any]] = []

    def check() -> None:
        nonlocal iterator
        # An empty answer is no end, and a closed shard has no further iterator.
        if iterator:
            answer = kinesis.get_records(ShardIterator=iterator)
            records.extend(answer["Records"])
            iterator = answer.get("NextShardIterator")
        if len(records) < count:
            raise NotReady(f"{len(records)} of {count} records")

    # A shard may be asked five times a second.
    wait_until(check, what=f"records of {shard}", timeout=60, interval=max(0.25, target.pace.interval / 10))
    return records


def test_a_new_stream_is_described(target: Target, kinesis: Any, stream: str, active: Any) -> None:
    found = active(stream)

    assert found["StreamName"] == stream
    assert found["StreamARN"].endswith(f":stream/{stream}")
    assert found["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert (found["OpenShardCount"], found["RetentionPeriodHours"]) == (2, 24)
    by_arn = kinesis.describe_stream_summary(StreamARN=found["StreamARN"])["StreamDescriptionSummary"]
    assert by_arn["StreamName"] == stream


def test_a_name_is_given_once(kinesis: Any, stream: str) -> None:
    assert refusal(kinesis.create_stream, StreamName=stream, ShardCount=2) == ("ResourceInUseException", 400)


def test_shards_divide_the_keys(kinesis: Any, stream: str) -> None:
    shards = kinesis.list_shards(StreamName=stream)["Shards"]

    ranges = [
        (int(each["HashKeyRange"]["StartingHashKey"]), int(each["HashKeyRange"]["EndingHashKey"]))
        for each in shards
    ]
    assert sorted(ranges) == [(0, 2**127 - 1), (2**127, 2**128 - 1)]


def test_records_come_back_from_the_shard_of_their_key(target: Target, kinesis: Any, stream: str) -> None:
    keys = [f"key {number} é" for number in range(20)]
    records = [{"Data": f"data {key}".encode(), "PartitionKey": key} for key in keys]

    answer = kinesis.put_records(StreamName=stream, Records=records)

    assert answer["FailedRecordCount"] == 0
    shards = {
        each["ShardId"]: each["HashKeyRange"] for each in kinesis.list_shards(StreamName=stream)["Shards"]
    }
    for key, result in zip(keys, answer["Records"], strict=True):
        hashed = int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16)
        keys_of_shard = shards[result["ShardId"]]
        assert int(keys_of_shard["StartingHashKey"]) <= hashed <= int(keys_of_shard["EndingHashKey"])
    for shard in {result["ShardId"] for result in answer["Records"]}:
        wanted = [
            (record["PartitionKey"], record["Data"], result["SequenceNumber"])
            for record, result in zip(records, answer["Records"], strict=True)
            if result["ShardId"] == shard
        ]
        first = min((number for *_, number in wanted), key=int)
        found = read(
            kinesis,
            target,
            stream,
            shard,
            len(wanted),
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=first,
        )
        told = [(each["PartitionKey"], each["Data"], each["SequenceNumber"]) for each in found]
        assert sorted(told) == sorted(wanted)
        numbers = [int(number) for *_, number in told]
        assert numbers == sorted(set(numbers))


def test_an_explicit_hash_key_chooses_the_shard(kinesis: Any, stream: str) -> None:
    records = [
        {"Data": b"x", "PartitionKey": "same", "ExplicitHashKey": key} for key in ("0", str(2**128 - 1))
    ]

    first, last = kinesis.put_records(StreamName=stream, Records=records)["Records"]

    shards = {
        each["ShardId"]: each["HashKeyRange"] for each in kinesis.list_shards(StreamName=stream)["Shards"]
    }
    assert shards[first["ShardId"]]["StartingHashKey"] == "0"
    assert shards[last["ShardId"]]["EndingHashKey"] == str(2**128 - 1)


def test_numbers_of_a_shard_grow(kinesis: Any, stream: str) -> None:
    numbers = [
        int(kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="one")["SequenceNumber"])
        for _ in range(5)
    ]

    assert numbers == sorted(set(numbers))


def test_a_request_with_too_many_records_is_refused(kinesis: Any, stream: str) -> None:
    records = [{"Data": b"x", "PartitionKey": "a"}] * 501

    code, status = refusal(kinesis.put_records, StreamName=stream, Records=records)

    assert (code, status) == ("ValidationException", 400)


def test_a_record_beyond_the_limit_of_its_stream_is_refused(kinesis: Any, stream: str) -> None:
    records = [{"Data": b"x" * (1024 * KIB + 1), "PartitionKey": "a"}]

    code, status = refusal(kinesis.put_records, StreamName=stream, Records=records)

    assert status == 400
    assert code in ("ValidationException", "InvalidArgumentException")


@pytest.mark.parametrize(
    "operation",
    ["describe_stream_summary", "delete_stream", "list_shards", "put_records", "update_shard_count"],
)
def test_an_unknown_stream(target: Target, kinesis: Any, operation: str) -> None:
    arguments: dict[str, Any] = {
        "put_records": {"Records": [{"Data": b"x", "PartitionKey": "a"}]},
        "update_shard_count": {"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"},
    }.get(operation, {})

    code, status = refusal(getattr(kinesis, operation), StreamName=f"{target.prefix}-none", **arguments)

    assert (code, status) == ("ResourceNotFoundException", 400)


def test_retention_goes_up_and_down(kinesis: Any, stream: str, active: Any) -> None:
    kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=48)
    active(stream, RetentionPeriodHours=48)

    longer, shorter = kinesis.increase_stream_retention_period, kinesis.decrease_stream_retention_period
    for call, hours in ((longer, 24), (shorter, 72), (longer, 8761), (shorter, 23)):
        code, status = refusal(call, StreamName=stream, RetentionPeriodHours=hours)
        assert (code, status) == ("InvalidArgumentException", 400)

    kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=24)
    active(stream, RetentionPeriodHours=24)


def test_more_shards_lose_no_record(target: Target, kinesis: Any, active: Any, make: Any) -> None:
    name = make("scaled", ShardCount=1)
    before = kinesis.put_record(StreamName=name, Data=b"before", PartitionKey="a")

    kinesis.update_shard_count(StreamName=name, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    active(name, OpenShardCount=2)

    after = kinesis.put_record(StreamName=name, Data=b"after", PartitionKey="a")
    assert after["ShardId"] != before["ShardId"]
    for answer, data in ((before, b"before"), (after, b"after")):
        (record,) = read(kinesis, target, name, answer["ShardId"], 1, ShardIteratorType="TRIM_HORIZON")
        assert (record["Data"], record["SequenceNumber"]) == (data, answer["SequenceNumber"])
    shards = {each["ShardId"]: each for each in kinesis.list_shards(StreamName=name)["Shards"]}
    assert "EndingSequenceNumber" in shards[before["ShardId"]]["SequenceNumberRange"]
    assert shards[after["ShardId"]]["ParentShardId"] == before["ShardId"]


def test_a_stream_on_demand_is_scaled_by_the_service(kinesis: Any, active: Any, make: Any) -> None:
    name = make("on-demand", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    found = active(name)

    assert found["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert found["OpenShardCount"] == 4
    code, status = refusal(
        kinesis.update_shard_count, StreamName=name, TargetShardCount=5, ScalingType="UNIFORM_SCALING"
    )
    assert (code, status) == ("ValidationException", 400)
    kinesis.update_stream_mode(StreamARN=found["StreamARN"], StreamModeDetails={"StreamMode": "PROVISIONED"})
    assert active(name, StreamModeDetails={"StreamMode": "PROVISIONED"})["OpenShardCount"] == 4


def test_a_deleted_stream_goes(target: Target, kinesis: Any, make: Any) -> None:
    name = make("deleted", ShardCount=1)

    kinesis.delete_stream(StreamName=name)

    def check() -> None:
        try:
            answer = kinesis.describe_stream_summary(StreamName=name)
        except kinesis.exceptions.ResourceNotFoundException:
            return
        raise NotReady(answer["StreamDescriptionSummary"]["StreamStatus"])

    wait_until(check, what="the deletion", timeout=target.pace.limit, interval=target.pace.interval)
    pages = kinesis.get_paginator("list_streams").paginate()
    assert name not in [found for page in pages for found in page["StreamNames"]]
