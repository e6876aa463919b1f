"""Shards of moto's Kinesis as AWS has them: what closes, ends, takes over and is numbered how."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from moto.kinesis import models

from pinterest_sandbox.aws import kinesis
from pinterest_sandbox.aws.clients import aws_client
from tests.kinesis_streams import HALF, StreamClient


@pytest.fixture
def client(moto_url: str) -> Any:
    kinesis.mend()
    return aws_client("kinesis", moto_url)


@pytest.fixture
def stream(client: Any) -> Iterator[StreamClient]:
    made = StreamClient(client, uuid4().hex, shards=2)
    yield made
    client.delete_stream(StreamName=made.name)


def test_sequence_numbers_rise_over_all_shards(stream: StreamClient) -> None:
    placed = [stream.put("a"), stream.put("b", HALF), stream.put("c")]
    assert [shard[-1] for shard, _ in placed] == ["0", "1", "0"]
    numbers = [int(number) for _, number in placed]
    assert numbers == sorted(set(numbers))
    assert {len(number) for _, number in placed} == {56}


def test_the_time_at_which_a_record_came_is_never_told_as_later(
    stream: StreamClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads from that time on has to get it."""
    made = models.Record.__init__

    def just_before_a_second(record: Any, *args: Any) -> None:
        made(record, *args)
        record.created_at = 1777629600.9996

    monkeypatch.setattr(models.Record, "__init__", just_before_a_second)
    shard, _ = stream.put("a")
    iterator = stream.client.get_shard_iterator(
        StreamName=stream.name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = stream.client.get_records(ShardIterator=iterator)["Records"]
    assert record["ApproximateArrivalTimestamp"] == datetime(2026, 5, 1, 10, 0, 0, 999000, tzinfo=UTC)


def test_a_split_shard_keeps_its_records_ends_and_leaves_new_ones_to_its_children(
    stream: StreamClient,
) -> None:
    parent, _ = stream.put("before")
    stream.client.split_shard(StreamName=stream.name, ShardToSplit=parent, NewStartingHashKey=str(HALF // 2))
    left, right = stream.put("left")[0], stream.put("right", HALF // 2)[0]
    assert stream.read(parent) == (["before"], True)
    assert [stream.read(shard) for shard in (left, right)] == [(["left"], False), (["right"], False)]
    shards = stream.shards()
    assert {shards[child]["ParentShardId"] for child in (left, right)} == {parent}
    ranges = {name: shard["SequenceNumberRange"] for name, shard in shards.items()}
    assert int(ranges[left]["StartingSequenceNumber"]) > int(ranges[parent]["EndingSequenceNumber"])
    summary = stream.client.describe_stream_summary(StreamName=stream.name)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 3


@pytest.mark.parametrize("turned", [False, True], ids=["lower-first", "upper-first"])
def test_merged_shards_end_and_their_child_takes_the_keys_of_both(stream: StreamClient, turned: bool) -> None:
    pair = [stream.put("low")[0], stream.put("high", HALF)[0]]
    first, second = reversed(pair) if turned else pair
    stream.client.merge_shards(StreamName=stream.name, ShardToMerge=first, AdjacentShardToMerge=second)
    child = stream.put("next low")[0]
    assert stream.put("next high", 2**128 - 1)[0] == child
    assert [stream.read(shard) for shard in pair] == [(["low"], True), (["high"], True)]
    assert stream.read(child) == (["next low", "next high"], False)
    described = stream.shards()[child]
    assert (described["ParentShardId"], described["AdjacentParentShardId"]) == (first, second)
    assert described["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(2**128 - 1)}


def test_a_closed_shard_is_neither_split_nor_merged_again(stream: StreamClient) -> None:
    first, second = stream.shards()
    stream.client.merge_shards(StreamName=stream.name, ShardToMerge=first, AdjacentShardToMerge=second)
    refusal = stream.client.exceptions.InvalidArgumentException
    with pytest.raises(refusal, match="already been merged or split"):
        stream.client.split_shard(StreamName=stream.name, ShardToSplit=first, NewStartingHashKey="7")
    with pytest.raises(refusal, match="already been merged or split"):
        stream.client.merge_shards(StreamName=stream.name, ShardToMerge=first, AdjacentShardToMerge=second)


def test_an_update_of_the_shard_count_loses_nothing(stream: StreamClient) -> None:
    for key in (0, HALF):
        stream.put(f"at {key}", key)
    for count in (4, 1):
        stream.client.update_shard_count(
            StreamName=stream.name, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
        )
        stream.put(f"after {count}")
    read = [text for shard in stream.shards() for text in stream.read(shard)[0]]
    assert sorted(read) == sorted([f"at {0}", f"at {HALF}", "after 4", "after 1"])
    assert sum("EndingSequenceNumber" not in s["SequenceNumberRange"] for s in stream.shards().values()) == 1


def test_only_a_reader_that_has_caught_up_is_not_behind(stream: StreamClient) -> None:
    (shard,) = {stream.put(str(number))[0] for number in range(3)}
    iterator = stream.client.get_shard_iterator(
        StreamName=stream.name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    pages = []
    for _ in range(3):
        answer = stream.client.get_records(ShardIterator=iterator, Limit=2)
        pages.append((len(answer["Records"]), answer["MillisBehindLatest"] > 0))
        iterator = answer["NextShardIterator"]
    assert pages == [(2, True), (1, False), (0, False)]
