"""Reading acknowledged records back from their stream."""

from __future__ import annotations

import pytest

from pinterest_pipeline.emulation.shards import ShardSpan, add_records, from_json, to_json
from pinterest_pipeline.emulation.streamed import count_records
from pinterest_pipeline.errors import PipelineError
from tests.unit.pinterest_pipeline.fake_streams import FakeStreams

STREAM = "streaming-sandbox-pin"


@pytest.fixture
def streams() -> FakeStreams:
    return FakeStreams()


def put(streams: FakeStreams, keys: range) -> dict[str, ShardSpan]:
    entries = streams.put(STREAM, [(str(key), {}) for key in keys])
    return add_records({}, [(entry["ShardId"], entry["SequenceNumber"]) for entry in entries])


def test_records_of_all_shards_are_counted(streams: FakeStreams) -> None:
    put(streams, range(4))
    spans = put(streams, range(21))
    put(streams, range(4))
    assert {shard: span.records for shard, span in spans.items()} == {
        "shardId-000000000000": 11,
        "shardId-000000000001": 10,
    }
    assert count_records(streams, STREAM, spans) == 21


def test_records_of_others_in_between_count_for_nothing(streams: FakeStreams) -> None:
    ours = [put(streams, range(2)), put(streams, range(2, 4))]
    put(streams, range(10))
    last = put(streams, range(4, 6))
    spans = {shard: ShardSpan(3, ours[0][shard].first, last[shard].last) for shard in last}
    assert count_records(streams, STREAM, spans) == 6


def test_a_lost_record_is_missed(streams: FakeStreams) -> None:
    spans = put(streams, range(9))
    streams.lose(STREAM, key="4")
    assert count_records(streams, STREAM, spans) == 8


def test_a_shard_without_the_last_record_is_an_error(streams: FakeStreams) -> None:
    spans = put(streams, range(9))
    streams.lose(STREAM, key="8")
    with pytest.raises(PipelineError, match=r"shardId-000000000000 ends before .* 4 of 5 records were found"):
        count_records(streams, STREAM, spans)


def test_spans_keep_numbers_of_56_digits() -> None:
    spans = add_records({}, [("s", str(10**55 + 3)), ("s", str(10**55 + 1)), ("t", "7")])
    assert spans == {"s": ShardSpan(2, 10**55 + 1, 10**55 + 3), "t": ShardSpan(1, 7, 7)}
    assert from_json(to_json(spans)) == spans
