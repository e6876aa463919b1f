"""Looking for a post in its stream: moto's, which puts records to shards by their hash as Kinesis does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cloud_operators.aws.hooks.kinesis import KinesisHook
from pinterest_pipeline.entities import contracts
from pinterest_pipeline.tracing.readings import streams
from pinterest_pipeline.tracing.readings.streams import Known, StreamSide
from pinterest_pipeline.tracing.stream import Number

STREAM, IND = "streaming-sandbox-geo", 7528
SEVEN = {"ind": IND, "country": "Aruba"}


class Time:
    """Time that only pauses let pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def kinesis(account: None) -> Any:
    client = boto3.client("kinesis")
    client.create_stream(StreamName=STREAM, ShardCount=4)
    return client


@pytest.fixture
def put(kinesis: Any) -> Callable[..., Number]:
    """Puts a record; gives where it stands."""

    def write(value: Any, key: str = str(IND)) -> Number:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        answer = kinesis.put_record(StreamName=STREAM, Data=data, PartitionKey=key)
        return Number(answer["ShardId"], answer["SequenceNumber"])

    return write


def look(**known: Any) -> StreamSide:
    time = Time()
    return streams.read(contracts()["geo"], IND, Known(**known), clock=time, pause=time.pause)


def numbers(side: StreamSide) -> list[Number]:
    return [record.number for record in side.records]


def test_records_are_found_in_the_shard_of_their_key(put: Callable[..., Number]) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    own = [put(SEVEN), put(b"\xff"), put({"ind": 8})]
    beside = next(n for n in (put({"ind": 1}, str(k)) for k in range(200)) if n.shard == own[0].shard)
    side = look()
    assert numbers(side) == own
    assert beside.shard == own[0].shard
    assert [record.content.key for record in side.records] == [IND, None, 8]
    assert before <= datetime.fromisoformat(side.records[0].arrived_at) <= datetime.now(UTC)
    assert side.not_searched == [
        f"stream {STREAM}: 3 shards that records with the partition key {IND} do not go to"
    ]
    assert side.created is not None
    assert abs((datetime.now(UTC) - side.created).total_seconds()) < 600


def test_a_record_of_the_key_under_another_partition_key_is_found_in_that_shard_alone(
    put: Callable[..., Number],
) -> None:
    shard = put(SEVEN).shard
    under_others = [put(SEVEN, str(key)) for key in range(40)]
    inside = [number for number in under_others if number.shard == shard]
    assert 0 < len(inside) < 40
    assert numbers(look())[1:] == inside


def test_a_search_begins_some_time_before_what_the_ingest_has_read(
    put: Callable[..., Number], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = put(SEVEN)
    monkeypatch.setattr(streams, "LOOK_BACK", timedelta(0))
    read_to = datetime.now(UTC) + timedelta(hours=1)
    side = look(ends={number.shard: read_to})
    assert side.records == []
    assert side.not_searched[1] == (
        f"stream {STREAM}, {number.shard}: records that arrived before {read_to.isoformat()}"
    )
    # The one in the table is read wherever it lies.
    assert numbers(look(ends={number.shard: read_to}, row=number)) == [number]
    # What was read before the stream was made is of another one.
    side = look(ends={number.shard: datetime.now(UTC) - timedelta(days=1)})
    assert numbers(side) == [number]
    assert len(side.not_searched) == 1


def test_the_record_of_a_row_that_has_left_the_stream_is_not_found(put: Callable[..., Number]) -> None:
    number = put(SEVEN)
    gone = Number("shardId-000000000099", "5")
    assert numbers(look(row=gone)) == [number]


def test_a_shard_is_read_to_its_end_page_by_page(
    put: Callable[..., Number], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "RECORDS_AT_ONCE", 2)
    own = [put(SEVEN) for _ in range(7)]
    assert numbers(look()) == own


def test_too_many_records_are_left_and_told(
    put: Callable[..., Number], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "RECORDS_AT_ONCE", 2)
    monkeypatch.setattr(streams, "MOST_READ", 4)
    own = [put(SEVEN) for _ in range(7)]
    side = look()
    assert numbers(side) == own[:4]
    assert side.not_searched[-1].startswith(f"stream {STREAM}, {own[0].shard}: records that arrived after ")


def test_time_that_is_over_leaves_the_rest(
    put: Callable[..., Number], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "RECORDS_AT_ONCE", 1)
    # Two reads a second.
    monkeypatch.setattr(streams, "READING_S", 2.0)
    own = [put(SEVEN) for _ in range(9)]
    found = numbers(look())
    assert found == own[: len(found)]
    assert 3 <= len(found) <= 6


def test_a_reader_that_asks_for_too_much_waits(
    put: Callable[..., Number], monkeypatch: pytest.MonkeyPatch
) -> None:
    number, refused = put(SEVEN), ["LimitExceededException", "ProvisionedThroughputExceededException"]
    conn = KinesisHook.conn.func  # type: ignore[attr-defined]

    def throttled(hook: Any) -> Any:
        client = conn(hook)
        real = client.get_records

        def get_records(**request: Any) -> Any:
            if refused:
                raise ClientError({"Error": {"Code": refused.pop(), "Message": "m"}}, "GetRecords")
            return real(**request)

        client.get_records = get_records
        return client

    monkeypatch.setattr(KinesisHook, "conn", property(throttled))
    assert numbers(look()) == [number]
    assert refused == []


@pytest.mark.usefixtures("account")
def test_a_stream_that_is_not_there_is_told() -> None:
    side = look()
    assert (side.created, side.records) == (None, [])
    assert side.not_searched == [f"stream {STREAM}: it does not exist"]
