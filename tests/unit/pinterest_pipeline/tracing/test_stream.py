"""A post's way on the stream path, put together of what was read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from pinterest_pipeline.tracing import states, stream
from pinterest_pipeline.tracing.contents import describe
from pinterest_pipeline.tracing.shards import shards_of
from pinterest_pipeline.tracing.stream import Found, Number, Record, Refused

SHARD = "shardId-000000000000"
IND = 7


def number(sequence: int, shard: str = SHARD) -> Number:
    return Number(shard, str(sequence))


def record(sequence: int, second: int = 0, *, key: Any = IND, shard: str = SHARD) -> Record:
    return Record(
        number=number(sequence, shard),
        arrived_at=f"2026-01-01T00:00:{second:02d}.000000+00:00",
        content=describe(json.dumps({"ind": key, "country": "Ruritania"}).encode(), "ind"),
    )


def refused(sequence: int, reason: str = "not_json") -> Refused:
    return Refused(
        number=number(sequence),
        arrived_at="2026-01-01T00:00:30.000000+00:00",
        reason=reason,
        run_id="ingest",
        quarantined_at="2026",
        length=8,
        sha256="abc",
    )


def way(**read: Any) -> dict[str, Any]:
    return stream.assemble(Found(ind=IND, stream="streaming-sandbox-geo", **read))


def told(**read: Any) -> list[tuple[str, str]]:
    return [(each["kinesis"]["sequence_number"], each["state"]) for each in way(**read)["occurrences"]]


def test_nothing_found_is_a_post_that_never_came() -> None:
    assert way() == {"occurrences": [], "left_out": 0, "end": "never posted"}


@pytest.mark.parametrize(
    ("read_to", "state"),
    [
        pytest.param({}, states.IN_STREAM, id="nothing-was-read"),
        pytest.param({SHARD: "99"}, states.IN_STREAM, id="read-up-to-before-it"),
        pytest.param({"shardId-000000000001": "999"}, states.IN_STREAM, id="another-shard-was-read"),
        pytest.param({SHARD: "100"}, states.NEITHER, id="read-up-to-it"),
    ],
)
def test_behind_what_was_read_it_waits_for_the_ingest(read_to: dict[str, str], state: str) -> None:
    assert told(records=[record(100)], read_to=read_to) == [("100", state)]


def test_the_row_and_the_records_before_and_behind_it() -> None:
    read = {
        "row": number(20),
        "records": [record(9, 1), record(20, 2), record(100, 3)],
        "read_to": {SHARD: "30"},
    }
    assert told(**read) == [
        ("9", states.SUPERSEDED),
        ("20", states.IN_TABLE),
        ("100", "in the stream, not yet read by the ingest"),
    ]
    assert way(**read)["end"] == (
        "in the stream, not yet read by the ingest; the row in the table is of an earlier record"
    )


def test_records_follow_each_other_by_arrival_then_by_number() -> None:
    read = {"records": [record(100, 5), record(9, 5), record(200, 4)]}
    assert [sequence for sequence, _ in told(**read)] == ["200", "9", "100"]


def test_a_row_whose_record_has_left_the_stream() -> None:
    (occurrence,) = way(row=number(20), row_arrived_at="2026-01-01T00:00:00.000000+00:00")["occurrences"]
    assert occurrence["state"] == states.IN_TABLE
    assert occurrence["kinesis"] == {
        "stream": "streaming-sandbox-geo",
        "shard": SHARD,
        "sequence_number": "20",
        "arrived_at": "2026-01-01T00:00:00.000000+00:00",
        "seen": False,
    }


def test_a_record_in_quarantine_says_why() -> None:
    read = {"records": [record(20, key=None)], "refused": [refused(20)], "read_to": {SHARD: "20"}}
    assert told(**read) == [("20", "refused: quarantined because not_json")]
    # Also when the stream does not have it any more.
    assert told(refused=[refused(20)]) == [("20", "refused: quarantined because not_json")]


def test_a_record_of_another_key_does_not_end_the_way() -> None:
    read = {"records": [record(20, key=8)], "read_to": {SHARD: "20"}}
    assert told(**read) == [("20", states.OTHER_KEY)]
    assert way(**read)["end"] == "never posted"


def test_the_newest_twenty_are_told_and_no_content() -> None:
    found = way(records=[record(sequence) for sequence in range(25)])
    assert [each["kinesis"]["sequence_number"] for each in found["occurrences"]] == [
        str(sequence) for sequence in range(5, 25)
    ]
    assert found["left_out"] == 5
    assert "Ruritania" not in json.dumps(found)


def test_a_key_leads_to_the_shards_of_its_hash() -> None:
    half = 2**127
    number = int(hashlib.md5(b"7528").hexdigest(), 16)
    shards = [
        {"ShardId": "low", "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(half - 1)}},
        {"ShardId": "high", "HashKeyRange": {"StartingHashKey": str(half), "EndingHashKey": str(2**128 - 1)}},
        {"ShardId": "exact", "HashKeyRange": {"StartingHashKey": str(number), "EndingHashKey": str(number)}},
        {
            "ShardId": "beside",
            "HashKeyRange": {"StartingHashKey": str(number + 1), "EndingHashKey": str(number + 9)},
        },
    ]
    assert shards_of("7528", shards) == ["exact", "low" if number < half else "high"]
