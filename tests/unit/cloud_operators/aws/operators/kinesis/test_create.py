from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud_operators.aws.links.kinesis import KinesisStreamLink
from cloud_operators.aws.operators.kinesis import KinesisCreateStreamOperator
from cloud_operators.exceptions import LimitReached, ResourceDiffers, ServiceFailed, WaitTimedOut
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.aws.fake_kinesis import ACCOUNT, FakeKinesis, Refused
from tests.unit.cloud_operators.running import run

ARN = f"{ACCOUNT}:stream/demo"
QUICK: dict[str, Any] = {"aws_conn_id": None, "waiter_delay": 0}


def create(**arguments: Any) -> KinesisCreateStreamOperator:
    defaults: dict[str, Any] = {"task_id": "create", "name": "demo"}
    if arguments.get("stream_mode") != "ON_DEMAND":
        defaults["shard_count"] = 2
    return KinesisCreateStreamOperator(**{**defaults, **QUICK, **arguments})


def waited(way: dict[str, Any]) -> bool:
    return bool(way["deferrable"] or way["wait_for_completion"])


def test_creates(kinesis: FakeKinesis, way: dict[str, Any], context: Any, xcoms: dict[str, Any]) -> None:
    assert run(create(tags={"team": "data"}, **way), context) == ARN

    (stream,) = kinesis.streams.values()
    assert (stream.stream_mode, stream.shards, stream.retention) == ("PROVISIONED", 2, 24)
    assert stream.tags == {"team": "data"}
    assert stream.status == ("ACTIVE" if waited(way) else "CREATING")
    assert xcoms["action"] == "created"
    assert xcoms[KinesisStreamLink.key]["stream_name"] == "demo"


def test_creates_on_demand(kinesis: FakeKinesis, way: dict[str, Any], context: Any) -> None:
    assert run(create(stream_mode="ON_DEMAND", **way), context) == ARN

    assert kinesis.streams["demo"].stream_mode == "ON_DEMAND"


def test_sets_the_retention_of_a_new_stream(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    assert run(create(retention_hours=48, **waiting), context) == ARN

    stream = kinesis.streams["demo"]
    assert (stream.status, stream.retention) == ("ACTIVE", 48)
    assert xcoms["action"] == "created"


def test_the_default_retention_needs_no_waiting(kinesis: FakeKinesis, context: Any) -> None:
    assert run(create(retention_hours=24, wait_for_completion=False), context) == ARN
    assert "IncreaseStreamRetentionPeriod" not in kinesis.requests


def test_refuses_another_retention_without_waiting(kinesis: FakeKinesis, context: Any) -> None:
    with pytest.raises(ValueError, match="retention_hours=48: a new stream has 24 until it is ACTIVE"):
        run(create(retention_hours=48, wait_for_completion=False, deferrable=False), context)

    assert kinesis.streams == {}


@pytest.mark.parametrize("killed", ["while it is created", "before the retention", "while it changes"])
def test_the_next_try_goes_on_with_its_own_stream(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, xcoms: dict[str, Any], killed: str
) -> None:
    run(create(wait_for_completion=False, deferrable=False), context)
    stream = kinesis.streams["demo"]
    if killed != "while it is created":
        stream.status, stream.ending = "ACTIVE", None
    if killed == "while it changes":
        kinesis.answer("IncreaseStreamRetentionPeriod", {"StreamName": "demo", "RetentionPeriodHours": 48})
    xcoms.clear()

    assert run(create(retention_hours=48, **waiting), context) == ARN

    assert (stream.status, stream.retention) == ("ACTIVE", 48)
    assert xcoms["action"] == "created"


def test_another_task_does_not_change_the_stream(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any
) -> None:
    run(create(), running.context())

    with pytest.raises(ResourceDiffers, match="retention_hours: wanted 48, found 24"):
        run(create(retention_hours=48, **waiting), context)


def test_adopts_an_equal_one(
    kinesis: FakeKinesis, way: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    kinesis.add("demo", shards=2, retention=48, tags={"of": "others"})

    assert run(create(tags={"team": "data"}, **way), context) == ARN

    assert xcoms["action"] == "adopted"
    assert kinesis.streams["demo"].tags == {"of": "others"}
    assert "CreateStream" not in kinesis.requests


@pytest.mark.parametrize("status", ["CREATING", "UPDATING"])
def test_waits_for_what_it_adopts(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, status: str
) -> None:
    stream = kinesis.add("demo", status=status, shards=2, then="ACTIVE")

    assert run(create(**waiting), context) == ARN
    assert stream.status == "ACTIVE"


def test_compares_once_the_shards_are_settled(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any
) -> None:
    kinesis.add("demo", status="CREATING", shards=3, then="ACTIVE")

    with pytest.raises(ResourceDiffers, match="shard_count: wanted 2, found 3"):
        run(create(**waiting), context)


def test_lists_all_differences(kinesis: FakeKinesis, way: dict[str, Any], context: Any) -> None:
    kinesis.add("demo", shards=4, retention=48)

    with pytest.raises(ResourceDiffers) as raised:
        run(create(retention_hours=24, **way), context)

    assert str(raised.value).splitlines() == [
        "Stream 'demo' exists and differs from what was asked for; nothing was changed.",
        "  retention_hours: wanted 24, found 48",
        "  shard_count: wanted 2, found 4",
    ]
    stream = kinesis.streams["demo"]
    assert (stream.shards, stream.retention) == (4, 48)


def test_adopts_what_another_created_meanwhile(
    kinesis: FakeKinesis, way: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    kinesis.before_create = lambda: kinesis.add("demo", shards=2)

    assert run(create(**way), context) == ARN

    assert xcoms["action"] == "adopted"
    # Nor is it taken for its own by the next try.
    xcoms.clear()
    run(create(**way), context)
    assert xcoms["action"] == "adopted"


def test_waits_for_a_deletion_and_creates_anew(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    old = kinesis.add("demo", status="DELETING", shards=7, then="gone")

    assert run(create(**waiting), context) == ARN

    assert kinesis.streams["demo"] is not old
    assert xcoms["action"] == "created"


def test_does_not_create_during_a_deletion_when_not_waiting(kinesis: FakeKinesis, context: Any) -> None:
    kinesis.add("demo", status="DELETING")

    with pytest.raises(ServiceFailed, match=r"is DELETING .*try again when it is gone"):
        run(create(wait_for_completion=False, deferrable=False), context)


@pytest.mark.parametrize("looks", [1, 2], ids=["before it waits", "while it waits"])
def test_fails_when_the_stream_is_deleted_meanwhile(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, looks: int
) -> None:
    stream = kinesis.add("demo", status="CREATING")
    stream.ending = (looks, lambda: setattr(stream, "status", "DELETING"))

    with pytest.raises(ServiceFailed, match=r"Stream '?demo'? is DELETING"):
        run(create(**waiting), context)


def test_gives_up(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    kinesis.looks = 50

    with pytest.raises(
        WaitTimedOut, match="Stream demo did not become ACTIVE in the time allowed; last seen as CREATING"
    ):
        run(create(**waiting), context)


def test_says_which_limit_is_reached(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    original = kinesis.answer

    def limited(operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "IncreaseStreamRetentionPeriod":
            raise Refused("LimitExceededException", "Rate exceeded")
        return original(operation, body)

    kinesis.answer = limited  # type: ignore[method-assign]

    with pytest.raises(LimitReached, match="not changed to retention_hours 48: Rate exceeded"):
        run(create(retention_hours=48, **waiting), context)


def test_a_refusal_of_the_service_is_shown(kinesis: FakeKinesis, context: Any) -> None:
    def refuse() -> None:
        raise Refused("LimitExceededException", "the account's shards are used up")

    kinesis.before_create = refuse

    with pytest.raises(ClientError, match="the account's shards are used up"):
        run(create(), context)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shard_count": None}, "a provisioned stream needs it"),
        ({"stream_mode": "ON_DEMAND", "shard_count": 1}, "up to the service"),
        ({"shard_count": "{{ params.shards }}"}, "a number is needed"),
    ],
    ids=["no shards", "shards on demand", "not rendered"],
)
def test_refuses(kinesis: FakeKinesis, context: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(create(**arguments), context)

    assert kinesis.requests == []
