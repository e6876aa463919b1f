from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.operators.kinesis import KinesisUpdateStreamOperator
from cloud_operators.exceptions import LimitReached, ResourceMissing, ServiceFailed, WaitTimedOut
from tests.unit.cloud_operators.aws.fake_kinesis import ACCOUNT, FakeKinesis
from tests.unit.cloud_operators.running import run

ARN = f"{ACCOUNT}:stream/demo"


def update(**arguments: Any) -> KinesisUpdateStreamOperator:
    return KinesisUpdateStreamOperator(
        task_id="update", **{"stream": "demo", "aws_conn_id": None, "waiter_delay": 0, **arguments}
    )


def changing(kinesis: FakeKinesis) -> list[str]:
    return [request for request in kinesis.requests if request != "DescribeStreamSummary"]


@pytest.mark.parametrize("stream", ["demo", ARN], ids=["name", "ARN"])
@pytest.mark.parametrize(
    ("change", "request_made", "after"),
    [
        ({"stream_mode": "ON_DEMAND"}, "UpdateStreamMode", ("ON_DEMAND", 2, 48)),
        ({"shard_count": 4}, "UpdateShardCount", ("PROVISIONED", 4, 48)),
        ({"shard_count": 1}, "UpdateShardCount", ("PROVISIONED", 1, 48)),
        ({"retention_hours": 49}, "IncreaseStreamRetentionPeriod", ("PROVISIONED", 2, 49)),
        ({"retention_hours": 24}, "DecreaseStreamRetentionPeriod", ("PROVISIONED", 2, 24)),
    ],
    ids=["mode", "more shards", "fewer shards", "longer", "shorter"],
)
def test_changes_one_setting(
    kinesis: FakeKinesis,
    way: dict[str, Any],
    context: Any,
    xcoms: dict[str, Any],
    stream: str,
    change: dict[str, Any],
    request_made: str,
    after: tuple[str, int, int],
) -> None:
    demo = kinesis.add("demo", shards=2, retention=48)

    assert run(update(stream=stream, **change, **way), context) == ARN

    assert changing(kinesis) == [request_made]
    assert xcoms["action"] == "updated"
    if way["deferrable"] or way["wait_for_completion"]:
        assert demo.status == "ACTIVE"
        assert (demo.stream_mode, demo.shards, demo.retention) == after
    else:
        assert demo.status == "UPDATING"


def test_changes_all_settings_one_after_the_other(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    demo = kinesis.add("demo", stream_mode="ON_DEMAND", shards=4)

    run(update(stream_mode="PROVISIONED", shard_count=1, retention_hours=48, **waiting), context)

    assert (demo.status, demo.stream_mode, demo.shards, demo.retention) == ("ACTIVE", "PROVISIONED", 1, 48)
    assert demo.scalings == [2, 1]
    assert xcoms["action"] == "updated"


def test_goes_to_many_shards_in_steps(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    demo = kinesis.add("demo", shards=3)

    run(update(shard_count=20, **waiting), context)

    assert demo.scalings == [6, 12, 20]


def test_the_next_try_goes_on_where_a_killed_one_was(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any
) -> None:
    demo = kinesis.add("demo", shards=3)
    kinesis.answer(
        "UpdateShardCount", {"StreamName": "demo", "TargetShardCount": 6, "ScalingType": "UNIFORM_SCALING"}
    )

    run(update(shard_count=20, **waiting), context)

    assert demo.scalings == [6, 12, 20]


def test_a_change_that_does_not_show_at_once_is_made_once(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any
) -> None:
    demo = kinesis.add("demo", shards=2)
    kinesis.lag = 2

    run(update(shard_count=3, **waiting), context)

    assert demo.scalings == [3]
    assert (demo.status, demo.shards) == ("ACTIVE", 3)


def test_does_nothing_when_nothing_differs(
    kinesis: FakeKinesis, way: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    kinesis.add("demo", shards=2)

    same = update(stream_mode="PROVISIONED", shard_count=2, retention_hours=24, **way)

    assert run(same, context) == ARN
    assert changing(kinesis) == []
    assert xcoms["action"] == "unchanged"


def test_says_which_limit_is_reached(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    demo = kinesis.add("demo", shards=2, scalings=[1, 2] * 4 + [1])

    with pytest.raises(LimitReached) as raised:
        run(update(shard_count=8, **waiting), context)

    assert str(raised.value).splitlines() == [
        "Stream demo was not changed to shard_count 8: UpdateShardCount can be called 10 times in 24 hours",
        "  limits of the service: ten changes of a stream's number of shards in 24 hours, 10,000 shards in a "
        "stream, and the account's quota of shards",
    ]
    # What was reached stays.
    assert (demo.status, demo.shards) == ("ACTIVE", 4)


def test_refuses_several_changes_without_waiting(kinesis: FakeKinesis, context: Any) -> None:
    demo = kinesis.add("demo", shards=1)

    with pytest.raises(
        ValueError,
        match="One change at a time, but retention_hours 48, shard_count 2, shard_count 3 are needed",
    ):
        run(update(shard_count=3, retention_hours=48, wait_for_completion=False, deferrable=False), context)

    assert demo.status == "ACTIVE"


def test_refuses_shards_for_a_stream_on_demand(
    kinesis: FakeKinesis, way: dict[str, Any], context: Any
) -> None:
    kinesis.add("demo", stream_mode="ON_DEMAND", shards=4)

    with pytest.raises(ValueError, match="shard_count=8: the stream is on demand"):
        run(update(shard_count=8, **way), context)


@pytest.mark.parametrize("status", ["CREATING", "UPDATING"])
def test_does_not_change_what_is_not_active_without_waiting(
    kinesis: FakeKinesis, context: Any, status: str
) -> None:
    kinesis.add("demo", status=status)

    with pytest.raises(ServiceFailed, match=rf"is {status} \(it can be changed only when it is ACTIVE\)"):
        run(update(shard_count=2, wait_for_completion=False, deferrable=False), context)


def test_gives_up(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    kinesis.add("demo")
    kinesis.looks = 50

    with pytest.raises(
        WaitTimedOut,
        match="did not become ACTIVE with shard_count 2 in the time allowed; last seen as UPDATING",
    ):
        run(update(shard_count=2, **waiting), context)


def test_a_stream_that_is_not_there(kinesis: FakeKinesis, way: dict[str, Any], context: Any) -> None:
    with pytest.raises(ResourceMissing, match="stream 'demo' does not exist"):
        run(update(shard_count=2, **way), context)


def test_refuses_an_update_of_nothing() -> None:
    with pytest.raises(ValueError, match="stream_mode, shard_count, retention_hours"):
        update()
