from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud_operators.aws.operators.kinesis import KinesisPutRecordsOperator
from cloud_operators.exceptions import RecordsRefused, ResourceMissing
from tests.unit.cloud_operators.aws.fake_kinesis import ACCOUNT, MIB, FakeKinesis, Refused, Stream
from tests.unit.cloud_operators.running import run

ARN = f"{ACCOUNT}:stream/demo"
THROTTLED = "ProvisionedThroughputExceededException"


def record(data: Any, key: str = "a", **more: Any) -> dict[str, Any]:
    return {"Data": data, "PartitionKey": key, **more}


def put(records: Any, **arguments: Any) -> KinesisPutRecordsOperator:
    return KinesisPutRecordsOperator(
        task_id="put",
        records=records,
        **{"stream": "demo", "aws_conn_id": None, "first_pause": 0, "max_attempts": 4, **arguments},
    )


def refuse(*data: str, code: str = THROTTLED) -> Callable[..., str | None]:
    """Refuse the records with these data."""
    return lambda entry: code if entry["Data"].decode() in data else None


def stored(stream: Stream) -> list[str]:
    return [each.data.decode() for each in stream.records]


@pytest.mark.parametrize("stream_given", ["demo", ARN], ids=["name", "ARN"])
def test_puts_records(kinesis: FakeKinesis, context: Any, stream_given: str) -> None:
    stream = kinesis.add("demo", shards=2)
    records = [
        record({"index": 1}, ExplicitHashKey="0"),
        record("é", ExplicitHashKey=str(2**128 - 1)),
        record(b"\x00", ExplicitHashKey="1"),
    ]

    result = run(put(records, stream=stream_given), context)

    assert [(each.shard, each.key, each.data) for each in stream.records] == [
        ("shardId-000000000000", "a", b'{"index":1}'),
        ("shardId-000000000001", "a", "é".encode()),
        ("shardId-000000000000", "a", b"\x00"),
    ]
    numbers = [each.sequence_number for each in stream.records]
    assert result == {
        "records": 3,
        "refusals": 0,
        "shards": {
            "shardId-000000000000": {
                "records": 2,
                "first_sequence_number": numbers[0],
                "last_sequence_number": numbers[2],
            },
            "shardId-000000000001": {
                "records": 1,
                "first_sequence_number": numbers[1],
                "last_sequence_number": numbers[1],
            },
        },
    }
    assert json.loads(json.dumps(result)) == result


def test_puts_nothing(kinesis: FakeKinesis, context: Any) -> None:
    kinesis.add("demo")

    assert run(put([]), context) == {"records": 0, "refusals": 0, "shards": {}}
    assert kinesis.puts == []


def test_fills_requests(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo")

    run(put([record(str(n)) for n in range(1001)]), context)

    assert [count for count, _ in kinesis.puts] == [500, 500, 1]
    assert stored(stream) == [str(n) for n in range(1001)]


def test_puts_records_as_large_as_the_stream_takes(kinesis: FakeKinesis, context: Any) -> None:
    kinesis.add("demo", max_record_kib=10240)

    run(
        put([record("x" * (10 * MIB - 1)), record("x" * (3 * MIB - 1)), record("x" * (3 * MIB - 1))]), context
    )

    assert kinesis.puts == [(1, 10 * MIB), (1, 3 * MIB), (1, 3 * MIB)]


def test_sends_nothing_when_a_record_is_too_large(kinesis: FakeKinesis, context: Any) -> None:
    kinesis.add("demo")
    records = [record("x")] * 500 + [record("x" * MIB)]

    with pytest.raises(ValueError, match=f"record 500: {MIB + 1} bytes with its key; the stream takes {MIB}"):
        run(put(records), context)

    assert kinesis.puts == []


@pytest.mark.parametrize("code", [THROTTLED, "InternalFailure"])
def test_sends_again_only_what_was_refused(kinesis: FakeKinesis, context: Any, code: str) -> None:
    stream = kinesis.add("demo")
    kinesis.refusals = [refuse("b", "d", code=code), refuse("d", code=code)]

    result = run(put([record(letter) for letter in "abcde"]), context)

    assert [count for count, _ in kinesis.puts] == [5, 2, 1]
    assert stored(stream) == list("acebd")
    assert (result["records"], result["refusals"]) == (5, 3)
    assert result["shards"]["shardId-000000000000"]["records"] == 5


def test_a_request_begins_when_the_last_is_stored(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo")
    kinesis.refusals = [refuse("0"), refuse("0")]

    run(put([record(str(n)) for n in range(501)]), context)

    assert stored(stream)[-2:] == ["0", "500"]


def test_keeps_the_order_of_each_key(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo")
    kinesis.refusals = [refuse("a1"), refuse("a1"), refuse("b2")]
    names = ["a1", "b1", "a2", "c1", "b2", "c2", "c3"]

    run(put([record(name, name[0]) for name in names], ordered=True), context)

    for key in "abc":
        assert [name for name in stored(stream) if name[0] == key] == [n for n in names if n[0] == key]
    assert len(stream.records) == len(names)


@pytest.mark.parametrize(
    "refused",
    [
        Refused(THROTTLED, "slow down"),
        Refused("KMSThrottlingException", "slow down"),
        Refused("LimitExceededException", "slow down"),
        Refused("ThrottlingException", "slow down"),
        Refused("InternalFailureException", "sorry", status=500),
        Refused("ServiceUnavailable", "sorry", status=503),
        Refused("TooManyRequests", "slow down", status=429),
    ],
    ids=lambda refused: refused.code,
)
def test_sends_a_request_again_that_was_throttled(
    kinesis: FakeKinesis, context: Any, refused: Refused
) -> None:
    stream = kinesis.add("demo")
    kinesis.refusals = [refused, refuse("a"), refused]

    result = run(put([record("a"), record("b")]), context)

    assert [count for count, _ in kinesis.puts] == [2, 2, 1, 1]
    assert stored(stream) == ["b", "a"]
    assert result["refusals"] == 4


def test_sends_again_when_the_connection_is_lost(
    kinesis: FakeKinesis, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = kinesis.add("demo")
    original = kinesis._put

    def lose_first(found: Stream, body: dict[str, Any]) -> dict[str, Any]:
        monkeypatch.setattr(kinesis, "_put", original)
        raise ConnectionResetError

    monkeypatch.setattr(kinesis, "_put", lose_first)

    assert run(put([record("a")]), context)["refusals"] == 1
    assert stored(stream) == ["a"]


def test_gives_up(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo")
    kinesis.refusals = [refuse("b", "d")] * 4

    with pytest.raises(RecordsRefused) as raised:
        run(put([record(letter) for letter in "abcde"]), context)

    assert str(raised.value).splitlines() == [
        "Stream demo has stored 3 records and not 2.",
        f"  record 1: {THROTTLED}: it is {THROTTLED}",
        f"  record 3: {THROTTLED}: it is {THROTTLED}",
    ]
    assert [count for count, _ in kinesis.puts] == [5, 2, 2, 2]
    assert stored(stream) == list("ace")


def test_gives_up_a_request_that_is_always_throttled(kinesis: FakeKinesis, context: Any) -> None:
    kinesis.add("demo")
    kinesis.refusals = [Refused("KMSThrottlingException", "slow down")] * 4

    with pytest.raises(RecordsRefused, match=r"stored 0 records and not 12.*\n.*KMSThrottling") as raised:
        run(put([record(str(n)) for n in range(12)]), context)

    assert str(raised.value).splitlines()[-1] == "  and 2 more"


def test_other_refusals_of_a_record_last(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo")
    kinesis.refusals = [refuse("b", code="Unheard")]

    with pytest.raises(RecordsRefused, match="record 1: Unheard: it is Unheard"):
        run(put([record(letter) for letter in "abc"]), context)

    assert len(kinesis.puts) == 1
    assert stored(stream) == ["a", "c"]


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "KMSDisabledException", "InvalidArgumentException"]
)
def test_other_refusals_of_a_request_are_shown(kinesis: FakeKinesis, context: Any, code: str) -> None:
    kinesis.add("demo")
    kinesis.refusals = [Refused(code, "that is why")]

    with pytest.raises(ClientError, match=rf"{code}.*that is why"):
        run(put([record("a")]), context)

    assert len(kinesis.puts) == 1


def test_the_next_try_sends_the_rest(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo")
    records = [record(str(n)) for n in range(1200)]
    kinesis.refusals = [refuse(), refuse("600", "601"), *[refuse("601")] * 3]
    with pytest.raises(RecordsRefused, match="stored 999 records and not 201"):
        run(put(records), context)
    kinesis.puts.clear()

    result = run(put(records), context)

    assert [count for count, _ in kinesis.puts] == [1, 200]
    assert sorted(stored(stream), key=int) == [str(n) for n in range(1200)]
    assert (result["records"], result["refusals"]) == (1200, 5)
    assert result["shards"]["shardId-000000000000"] == {
        "records": 1200,
        "first_sequence_number": stream.records[0].sequence_number,
        "last_sequence_number": stream.records[-1].sequence_number,
    }
    # And one more sends nothing.
    kinesis.puts.clear()
    assert run(put(records), context) == result
    assert kinesis.puts == []


def test_other_records_are_sent_whole(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo")
    run(put([record("a"), record("b")]), context)

    assert run(put([record("a"), record("c")]), context)["records"] == 2
    assert stored(stream) == ["a", "b", "a", "c"]


def test_a_stream_that_was_made_anew_gets_all(kinesis: FakeKinesis, context: Any) -> None:
    kinesis.add("demo")
    run(put([record("a")]), context)
    stream = kinesis.add("demo", created=1_700_000_999.0)

    run(put([record("a")]), context)

    assert stored(stream) == ["a"]


def test_what_is_kept_between_tries_is_small(kinesis: FakeKinesis, context: Any) -> None:
    """64 KB are advised for a value in the task's state store."""
    kinesis.add("demo", shards=100)

    run(put([record(str(n), key=str(n)) for n in range(1000)]), context)

    assert len(json.dumps(context["task_state_store"])) < 64 * 1024


def test_works_without_a_state_store(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo")
    del context["task_state_store"]

    run(put([record("a")]), context)

    assert stored(stream) == ["a"]


def test_a_stream_that_is_not_there(kinesis: FakeKinesis, context: Any) -> None:
    with pytest.raises(ResourceMissing, match="stream 'demo' does not exist"):
        run(put([record("a")]), context)


def test_pauses_grow_and_vary(kinesis: FakeKinesis, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kinesis.add("demo")
    kinesis.refusals = [refuse("a")] * 7
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)

    run(put([record("a")], first_pause=4, max_attempts=8), context)

    assert len(pauses) == 7
    assert len(set(pauses)) == 7
    assert all(0 <= pause <= limit for pause, limit in zip(pauses, [4, 8, 16, 20, 20, 20, 20], strict=True))
