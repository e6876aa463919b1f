"""Reading acknowledged records back from their stream."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pinterest_pipeline.emulation import streamed
from pinterest_pipeline.emulation.shards import ShardSpan, add_records, from_json, to_json
from pinterest_pipeline.emulation.streamed import count_records
from pinterest_pipeline.errors import PipelineError
from tests.unit.pinterest_pipeline.fake_streams import FakeStreams

STREAM = "streaming-sandbox-pin"


class Time:
    """Time that only pauses let pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


class Streams(FakeStreams):
    """Streams that note when each shard was read."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self.time = time
        self.read_at: dict[str, list[float]] = defaultdict(list)

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:
        self.read_at[ShardIterator.split()[1]].append(self.time())
        return super().get_records(ShardIterator=ShardIterator, Limit=Limit)


@pytest.fixture
def streams() -> Streams:
    return Streams(Time())


def put(
    streams: FakeStreams, keys: Iterable[int | str], spans: Mapping[str, ShardSpan] | None = None
) -> dict[str, ShardSpan]:
    entries = streams.put(STREAM, [(str(key), {}) for key in keys])
    return add_records(spans or {}, [(entry["ShardId"], entry["SequenceNumber"]) for entry in entries])


def count(streams: Streams, spans: Mapping[str, ShardSpan], sent: Iterable[int]) -> int:
    time = streams.time
    return count_records(streams, STREAM, spans, Counter(map(str, sent)), clock=time, pause=time.pause)


def test_records_of_all_shards_are_counted(streams: Streams) -> None:
    put(streams, range(4))
    spans = put(streams, range(21))
    put(streams, range(4))
    assert {shard: span.records for shard, span in spans.items()} == {
        "shardId-000000000000": 11,
        "shardId-000000000001": 10,
    }
    assert count(streams, spans, range(21)) == 21


def test_a_key_that_was_sent_twice_counts_twice(streams: Streams) -> None:
    spans = put(streams, [1, 2, 1, 3])
    assert count(streams, spans, [1, 2, 1, 3]) == 4


def test_records_of_others_in_between_count_for_nothing(streams: Streams) -> None:
    spans = put(streams, range(4))
    put(streams, range(10))
    spans = put(streams, range(4, 6), spans)
    assert count(streams, spans, range(6)) == 6


def test_a_lost_record_is_missed(streams: Streams) -> None:
    spans = put(streams, range(9))
    streams.lose(STREAM, key="4")
    assert count(streams, spans, range(9)) == 8


@pytest.mark.parametrize("other", ["somebody", "smoke", 100, 2], ids=["text", "smoke", "number", "copy"])
def test_no_other_record_stands_in_for_a_lost_one(streams: Streams, other: int | str) -> None:
    """One of our records is lost, and one of others, or a copy of another of ours, lies in its span."""
    spans = put(streams, range(5))
    put(streams, [other])
    spans = put(streams, range(5, 9), spans)
    streams.lose(STREAM, key="4")
    assert sum(span.records for span in spans.values()) == 9
    assert count(streams, spans, range(9)) == 8


def test_a_shard_without_the_last_record_is_an_error(streams: Streams) -> None:
    spans = put(streams, range(9))
    streams.lose(STREAM, key="8")
    message = r"shardId-000000000000 ends before .*; 4 records are there, 5 were acknowledged"
    with pytest.raises(PipelineError, match=message):
        count(streams, spans, range(9))


def test_a_stream_that_was_made_again_is_named(streams: Streams) -> None:
    spans = put(streams, range(9))
    streams.make_again(STREAM)
    put(streams, range(9))
    with pytest.raises(
        PipelineError, match=f"{STREAM} does not know the acknowledged record .*InvalidArgumentException"
    ):
        count(streams, spans, range(9))


def test_what_one_answer_holds_is_read_at_once(streams: Streams) -> None:
    streams.page_size, streams.empty_answers = 10_000, 0
    spans = put(streams, range(2000))
    begun = streams.time()
    assert count(streams, spans, range(2000)) == 2000
    assert streams.time() == begun


def test_readers_beside_us_have_most_of_what_a_shard_gives(streams: Streams) -> None:
    """A shard may be read five times a second; the ingest reads it as well."""
    spans = put(streams, range(60))
    assert count(streams, spans, range(60)) == 60
    for moments in streams.read_at.values():
        assert len(moments) == 20
        for moment in moments:
            assert sum(moment <= other < moment + 1 for other in moments) <= 2


@pytest.mark.parametrize("code", streamed.THROTTLES)
def test_a_reader_that_asks_for_too_much_waits(streams: Streams, code: str) -> None:
    spans = put(streams, [0, 2, 4])
    streams.errors = [code] * 7
    begun = streams.time()
    assert count(streams, spans, [0, 2, 4]) == 3
    # A shard that gave out 10 MB has nothing for five seconds.
    assert streams.time() - begun > 5


def test_a_reader_does_not_wait_for_ever(streams: Streams) -> None:
    spans = put(streams, [0, 2, 4])
    streams.errors = ["ProvisionedThroughputExceededException"] * 100
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        count(streams, spans, [0, 2, 4])
    assert len(streams.errors) == 100 - streamed.THROTTLED_ATTEMPTS


def test_a_refusal_that_stays_is_not_asked_again(streams: Streams) -> None:
    spans = put(streams, [0, 2, 4])
    streams.errors = ["AccessDeniedException"] * 2
    with pytest.raises(ClientError, match="AccessDenied"):
        count(streams, spans, [0, 2, 4])
    assert len(streams.errors) == 1


def test_spans_keep_numbers_of_56_digits() -> None:
    spans = add_records({}, [("s", str(10**55 + 3)), ("s", str(10**55 + 1)), ("t", "7")])
    assert spans == {"s": ShardSpan(2, 10**55 + 1, 10**55 + 3), "t": ShardSpan(1, 7, 7)}
    assert from_json(to_json(spans)) == spans
