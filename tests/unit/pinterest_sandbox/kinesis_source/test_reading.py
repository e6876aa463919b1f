"""What a query reads over restarts, splits, merges and losses: every record once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.core.exceptions import JsonRESTError
from moto.kinesis.exceptions import ResourceNotFoundError
from moto.kinesis.models import KinesisBackend, kinesis_backends

from pyspark_kinesis.source import KinesisReader, StreamRecreated
from tests.kinesis_streams import HALF, StreamClient
from tests.unit.pinterest_sandbox.kinesis_source.queries import Query

MakeReader = Callable[..., KinesisReader]


@pytest.fixture
def query(make_reader: MakeReader) -> Query:
    return Query(make_reader())


def test_rows_have_databricks_columns(query: Query, stream: StreamClient) -> None:
    shard, number = stream.put('{"index": 1}', HALF)
    (row,) = query.rows()
    arrived = row.pop("approximateArrivalTimestamp")
    assert row == {
        "partitionKey": "k",
        "data": b'{"index": 1}',
        "stream": stream.name,
        "shardId": shard,
        "sequenceNumber": number,
    }
    assert abs(datetime.now(UTC) - arrived) < timedelta(seconds=10)


def test_batches_follow_each_other_without_gap_or_overlap(query: Query, stream: StreamClient) -> None:
    assert query.batch() == []
    stream.put("a"), stream.put("b", HALF)
    assert query.batch() == ["a", "b"]
    assert query.batch() == []
    stream.put("c")
    assert query.batch() == ["c"]


def test_pages_are_read_to_the_end(query: Query, stream: StreamClient, monkeypatch: Any) -> None:
    """A page holds two records here instead of 10,000."""
    monkeypatch.setattr("pinterest_sandbox.aws.kinesis._PAGE", 2)
    for number in range(5):
        stream.put(str(number))
    assert query.batch() == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("available_now", [False, True], ids=["processing-time", "available-now"])
def test_a_query_started_again_goes_on_and_repeats_what_was_not_committed(
    query: Query, stream: StreamClient, make_reader: MakeReader, available_now: bool
) -> None:
    stream.put("a")
    query.batch()
    stream.put("b"), stream.put("c", HALF)
    planned = query.plan()
    stream.put("d")
    query.restart(make_reader(), available_now=available_now)
    replayed = query.read(query.begin(), planned)
    assert [row["data"] for row in replayed] == [b"b", b"c"]
    query.checkpoint = planned
    assert query.batch() == ["d"]


@pytest.mark.parametrize("available_now", [False, True], ids=["processing-time", "available-now"])
def test_split_and_merge_between_runs(
    query: Query, stream: StreamClient, make_reader: MakeReader, available_now: bool
) -> None:
    first, second = stream.shards()
    stream.put("1 in the parent")
    assert query.batch() == ["1 in the parent"]
    stream.put("2 in the parent"), stream.put("2 beside it", HALF)
    stream.split(first)
    stream.put("3 in a child"), stream.put("3 beside it", HALF)
    query.restart(make_reader(), available_now=available_now)
    expected = ["2 in the parent", "2 beside it", "3 beside it", "3 in a child"]
    assert query.batch() == expected
    upper = stream.put("4 in the other child", HALF - 1)[0]
    stream.merge(upper, second)
    assert stream.put("5 in the merged one", HALF)[0] not in (first, second, upper)
    query.restart(make_reader(), available_now=available_now)
    assert query.batch() == ["4 in the other child", "5 in the merged one"]
    assert query.batch() == []


def test_a_split_while_a_query_runs(query: Query, stream: StreamClient) -> None:
    first, _ = stream.shards()
    stream.put("a")
    query.batch()
    stream.split(first)
    stream.put("b")
    assert query.batch() == ["b"]
    assert query.batch() == []


def test_a_closed_shard_that_is_no_longer_kept(
    query: Query, stream: StreamClient, make_reader: MakeReader, caplog: pytest.LogCaptureFixture
) -> None:
    """What was not read of it is lost, which is said, and its children go on."""
    first, _ = stream.shards()
    stream.put("a")
    query.batch()
    stream.put("lost")
    planned = query.plan()
    stream.split(first)
    stream.put("b")
    del kinesis_backends["123456789012"]["us-east-1"].streams[stream.name].shards[first]
    query.restart(make_reader())
    assert query.read(query.begin(), planned) == []
    assert query.batch() == ["b"]
    assert f"{first} of {stream.name} is no longer kept: what was not read of it is lost" in caplog.messages
    assert first not in query.begin()[stream.name]["shards"]


def test_a_shard_that_is_kept_and_cannot_be_found_is_an_error(
    query: Query, stream: StreamClient, monkeypatch: Any
) -> None:
    """To leave its records out would lose them."""

    def missing(*_: object, **__: object) -> None:
        raise ResourceNotFoundError("Shard does not exist")

    stream.put("a")
    planned = query.plan()
    monkeypatch.setattr(KinesisBackend, "get_shard_iterator", missing)
    with pytest.raises(Exception, match="Shard does not exist"):
        query.read(query.begin(), planned)


def test_a_stream_made_anew_needs_a_new_checkpoint(
    query: Query, stream: StreamClient, make_reader: MakeReader
) -> None:
    stream.put("old")
    query.batch()
    stream.recreate()
    with pytest.raises(StreamRecreated, match=rf"{stream.name} created at .* which was deleted"):
        query.batch()
    query.restart(make_reader(), available_now=True)
    with pytest.raises(StreamRecreated, match="needs a new checkpoint"):
        query.batch()
    stream.put("new")
    assert Query(make_reader()).batch() == ["new"]


def test_a_stream_that_is_gone_is_an_error(query: Query, stream: StreamClient) -> None:
    stream.put("a")
    query.batch()
    stream.client.delete_stream(StreamName=stream.name)
    with pytest.raises(Exception, match=f"Stream {stream.name} under account 123456789012 not found"):
        query.batch()


def test_throttling_and_errors_of_the_service_are_waited_out(
    query: Query, stream: StreamClient, monkeypatch: Any
) -> None:
    """Of the calls that read a shard the first is throttled, the second meets an error of the service."""
    errors = ["ProvisionedThroughputExceededException", "InternalFailure"]
    true = KinesisBackend.get_records

    class Refused(JsonRESTError):
        def __init__(self, kind: str) -> None:
            super().__init__(kind, "Rate exceeded for shard")
            self.code = 400 if kind.startswith("Prov") else 503

    def get_records(*arguments: Any, **named: Any) -> Any:
        if errors:
            raise Refused(errors.pop(0))
        return true(*arguments, **named)

    monkeypatch.setattr(KinesisBackend, "get_records", get_records)
    stream.put("a"), stream.put("b", HALF)
    assert query.batch() == ["a", "b"]
    assert errors == []


def test_an_iterator_that_expired_is_taken_anew(query: Query, stream: StreamClient, monkeypatch: Any) -> None:
    monkeypatch.setattr("pinterest_sandbox.aws.kinesis._PAGE", 1)
    calls, true = [0], KinesisBackend.get_records

    class Expired(JsonRESTError):
        def __init__(self) -> None:
            super().__init__("ExpiredIteratorException", "Iterator expired")

    def get_records(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] % 2 == 0:
            raise Expired
        return true(*arguments, **named)

    monkeypatch.setattr(KinesisBackend, "get_records", get_records)
    for number in range(4):
        stream.put(str(number))
    assert query.batch() == ["0", "1", "2", "3"]


def test_several_streams_of_one_query(stream: StreamClient, client: Any, make_reader: MakeReader) -> None:
    other = StreamClient(client, f"{stream.name}-other", shards=1)
    stream.put("a"), other.put("b")
    query = Query(make_reader(streamName=f"{other.name}, {stream.name}"))
    assert sorted((row["stream"], row["data"]) for row in query.rows()) == [
        (stream.name, b"a"),
        (other.name, b"b"),
    ]
    query.restart(make_reader(streamName=stream.name))
    with pytest.raises(ValueError, match="a changed list of streams needs a new checkpoint"):
        query.batch()


def test_a_stream_by_its_arn(stream: StreamClient, make_reader: MakeReader) -> None:
    stream.put("a")
    arn = f"arn:aws:kinesis:us-east-1:123456789012:stream/{stream.name}"
    query = Query(make_reader(streamName="", streamARN=arn))
    assert [(row["stream"], row["data"]) for row in query.rows()] == [(stream.name, b"a")]


def put_earlier(stream: StreamClient, text: str) -> None:
    """Put a record of an earlier millisecond than all that follows: those of one cannot be told apart."""
    stream.put(text)
    put = datetime.now(UTC)
    while datetime.now(UTC) < put + timedelta(milliseconds=1):
        pass


def test_latest_begins_with_what_comes_after_the_start(stream: StreamClient, make_reader: MakeReader) -> None:
    put_earlier(stream, "before")
    query = Query(make_reader(initialPosition="latest"))
    assert query.batch() == []
    stream.put("after")
    query.restart(make_reader(initialPosition="latest"), available_now=True)
    assert query.batch() == ["after"]


def test_latest_reads_what_comes_before_the_first_batch(
    stream: StreamClient, make_reader: MakeReader
) -> None:
    put_earlier(stream, "before")
    query = Query(make_reader(initialPosition="LATEST"))
    stream.put("meanwhile")
    assert query.batch() == ["meanwhile"]


@pytest.mark.parametrize(
    ("said", "begin"),
    [("2026-05-01T10:00:00.000900+00:00", 0), ("2026-05-01T10:00:00.123+00:00", 123)],
    ids=["between-two-milliseconds", "to-the-millisecond"],
)
def test_a_moment_is_never_rounded_up(
    stream: StreamClient, make_reader: MakeReader, said: str, begin: int
) -> None:
    """A record that follows the moment within the same millisecond would be left out."""
    reader = make_reader(initialPosition=f'{{"at_timestamp": "{said}"}}')
    assert reader.initialOffset()[stream.name]["from"] == {"at": 1777629600000 + begin}


def test_at_timestamp_begins_with_the_moment_itself(stream: StreamClient, make_reader: MakeReader) -> None:
    for text in ("a", "b", "c"):
        stream.put(text)
    arrived = Query(make_reader()).rows()[1]["approximateArrivalTimestamp"]
    moment = f'{{"at_timestamp": "{arrived.isoformat(timespec="milliseconds")}"}}'
    texts = Query(make_reader(initialPosition=moment)).batch()
    # Records of one millisecond cannot be told apart.
    assert texts[-1] == "c"
    assert "b" in texts
    later = (arrived + timedelta(minutes=1)).isoformat()
    assert Query(make_reader(initialPosition=f'{{"at_timestamp": "{later}"}}')).batch() == []


def test_a_role_is_assumed(
    stream: StreamClient, make_reader: MakeReader, kinesis_url: str, monkeypatch: Any
) -> None:
    """The keys that reach Kinesis are those that STS gave for the role."""
    from moto.sts.models import sts_backends

    stream.put("a")
    role = "arn:aws:iam::123456789012:role/reader"
    query = Query(make_reader(roleArn=role, roleExternalId="other-account", stsEndpoint=kinesis_url))
    assert query.batch() == ["a"]
    (assumed,) = [r for r in sts_backends["123456789012"]["global"].assumed_roles if r.role_arn == role]
    assert (assumed.session_name, assumed.external_id) == ("spark-kinesis", "other-account")
