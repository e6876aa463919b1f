"""The sender of the stream path against a server that plays the API in front of Kinesis."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from pinterest_pipeline.emulation import stream_sender
from pinterest_pipeline.emulation.sender import Record
from pinterest_pipeline.emulation.stream_sender import StreamSender
from pinterest_pipeline.errors import RecordRefused, Refused, StillRefused
from tests.unit.pinterest_pipeline.fake_streams import FakeApi
from tests.unit.pinterest_pipeline.fakes import Answer

STREAM = "streaming-sandbox-pin"
RECORDS = [Record(key, {"index": key, "title": f"❄️ {key}"}) for key in range(5)]


@pytest.fixture
def sender(rest_proxy: FakeApi) -> Iterator[StreamSender]:
    with StreamSender(base_url=rest_proxy.url, stream=STREAM, max_attempts=4, first_pause=0.001) as made:
        yield made


def send(sender: StreamSender, records: list[Record]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    sender.send(records, lambda places, written: found.update(zip(places, written, strict=True)))
    return found


def test_records_arrive_with_partition_key_and_value(rest_proxy: FakeApi, sender: StreamSender) -> None:
    written = send(sender, RECORDS)
    assert sorted(rest_proxy.streams.records(STREAM)) == [(str(r.key), r.value) for r in RECORDS]
    assert [shard for shard, _ in (written[place] for place in range(5))] == [
        f"shardId-{key % 2:012d}" for key in range(5)
    ]
    (request,) = rest_proxy.requests
    assert (request.method, request.path) == ("PUT", f"/streams/{STREAM}/records")
    assert request.headers["Content-Type"] == "application/json"


def test_only_records_refused_inside_a_200_are_sent_again(rest_proxy: FakeApi, sender: StreamSender) -> None:
    rest_proxy.script = [
        lambda request: rest_proxy.put_records(request, refuse=lambda position: position % 2 == 1)
    ]
    assert set(send(sender, RECORDS)) == set(range(5))
    assert [[r["partition-key"] for r in request.body["records"]] for request in rest_proxy.requests] == [
        ["0", "1", "2", "3", "4"],
        ["1", "3"],
    ]


def test_a_record_refused_each_time_ends_the_attempts(rest_proxy: FakeApi, sender: StreamSender) -> None:
    rest_proxy.script = [
        lambda request: rest_proxy.put_records(request, refuse=lambda position: position == 0)
    ] * 9
    with pytest.raises(
        StillRefused, match=f"1 records for stream {STREAM} .*ProvisionedThroughputExceeded.*Rate exceeded"
    ):
        send(sender, RECORDS[:1])
    assert len(rest_proxy.requests) == 4


def test_a_throttled_request_is_sent_again(rest_proxy: FakeApi, sender: StreamSender) -> None:
    throttled = Answer(400, {"__type": "ProvisionedThroughputExceededException", "message": "slow"})
    rest_proxy.script = [throttled, Answer(503, "")]
    send(sender, RECORDS)
    assert len(rest_proxy.requests) == 3


def test_a_refusal_for_good_fails_at_once(rest_proxy: FakeApi, sender: StreamSender) -> None:
    missing = {"__type": "ResourceNotFoundException", "message": f"Stream {STREAM} not found"}
    rest_proxy.script = [Answer(400, missing)]
    with pytest.raises(Refused, match=f"400: Stream {STREAM} not found"):
        send(sender, RECORDS)
    assert len(rest_proxy.requests) == 1


def test_an_answer_with_too_few_records_is_refused(rest_proxy: FakeApi, sender: StreamSender) -> None:
    rest_proxy.script = [Answer(200, {"Records": []}), Answer(200, {"ok": True})]
    with pytest.raises(Refused, match="0 Records for 5 records"):
        send(sender, RECORDS)
    with pytest.raises(Refused, match="the answer has no Records"):
        send(sender, RECORDS)


def test_a_request_holds_no_more_than_kinesis_takes(rest_proxy: FakeApi, sender: StreamSender) -> None:
    many = [Record(key, {"index": key}) for key in range(1203)]
    assert set(send(sender, many)) == set(range(1203))
    assert [len(request.body["records"]) for request in rest_proxy.requests] == [500, 500, 203]


def test_no_request_is_larger_than_the_limit(
    monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeApi, sender: StreamSender
) -> None:
    monkeypatch.setattr(stream_sender, "MAX_BYTES", 1000)
    mixed = [Record(key, {"text": "é" * (150 if key % 3 else 10)}) for key in range(20)]
    huge = Record(99, {"text": "x" * 2000})
    assert set(send(sender, [*mixed, huge, *mixed[:2]])) == set(range(23))
    sizes = [
        [len(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()) for record in records]
        for records in (request.body["records"] for request in rest_proxy.requests)
    ]
    # With a comma behind each; only the record that is too large by itself is above, and alone.
    assert [lengths for lengths in sizes if sum(lengths) + len(lengths) > 1000] == [[2000 + 41]]
    for lengths, (following, *_) in itertools.pairwise(sizes):
        assert sum(lengths) + len(lengths) + following + 1 > 1000, "the next record had room"


def large(key: int, size: int) -> Record:
    return Record(key, {"text": "x" * size})


def test_a_record_that_is_too_large_stops_only_itself(rest_proxy: FakeApi, sender: StreamSender) -> None:
    """Kinesis refuses a whole request for one record above the stream's limit."""
    found: dict[int, Any] = {}
    batch = [*RECORDS[:2], large(77, 1_048_600), *RECORDS[2:]]
    with pytest.raises(RecordRefused) as caught:
        sender.send(batch, lambda places, written: found.update(zip(places, written, strict=True)))
    # What is acknowledged is known by its position in the batch.
    assert set(found) == {0, 1, 3, 4, 5}
    assert [[r["partition-key"] for r in request.body["records"]] for request in rest_proxy.requests] == [
        ["0", "1", "2", "3", "4"],
        ["77"],
    ]
    assert (caught.value.key, caught.value.status) == ("77", 400)
    for part in (
        "records.1.member.data' failed to satisfy constraint",
        f"key 77 for stream {STREAM}: 1048613 bytes",
        "1048576",
        "MaxRecordSizeInKiB",
    ):
        assert part in str(caught.value)


def test_a_stream_with_a_higher_limit_takes_large_records(rest_proxy: FakeApi, sender: StreamSender) -> None:
    rest_proxy.streams.record_limit = 10 * 1024 * 1024
    batch = [large(70, 2_000_000), RECORDS[0], large(71, 5_000_000), RECORDS[1]]
    assert set(send(sender, batch)) == {0, 1, 2, 3}
    assert [len(request.body["records"]) for request in rest_proxy.requests] == [2, 1, 1]


def test_records_up_to_the_usual_limit_go_together(rest_proxy: FakeApi, sender: StreamSender) -> None:
    send(sender, [large(key, 900_000) for key in range(4)])
    assert len(rest_proxy.requests) == 1


def test_a_large_record_that_is_refused_for_a_while_is_sent_again(
    rest_proxy: FakeApi, sender: StreamSender
) -> None:
    rest_proxy.streams.record_limit = 10 * 1024 * 1024
    rest_proxy.script = [
        lambda request: rest_proxy.put_records(request, refuse=lambda position: position == 1),
        Answer(500, ""),
    ]
    assert set(send(sender, [large(70, 2_000_000), *RECORDS[:3]])) == {0, 1, 2, 3}
    assert [[r["partition-key"] for r in request.body["records"]] for request in rest_proxy.requests] == [
        ["0", "1", "2"],
        ["70"],
        ["1"],
        ["70"],
    ]


def test_what_a_first_request_acknowledged_is_not_sent_again_when_the_second_fails(
    rest_proxy: FakeApi, sender: StreamSender
) -> None:
    many = [Record(key, {"index": key}) for key in range(700)]
    rest_proxy.script = [None, Answer(500, "")]
    assert set(send(sender, many)) == set(range(700))
    assert [len(request.body["records"]) for request in rest_proxy.requests] == [500, 200, 200]
    assert len(rest_proxy.streams.records(STREAM)) == 700
