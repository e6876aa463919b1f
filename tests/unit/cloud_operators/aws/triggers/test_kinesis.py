from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cloud_operators.aws.triggers.kinesis import (
    KinesisStreamChangedTrigger,
    KinesisStreamDeletedTrigger,
    KinesisStreamStateTrigger,
    KinesisStreamTrigger,
)
from tests.unit.cloud_operators.aws.fake_kinesis import ACCOUNT, FakeKinesis
from tests.unit.cloud_operators.running import rebuilt

ARN = f"{ACCOUNT}:stream/demo"
COMMON: dict[str, Any] = {
    "waiter_delay": 7,
    "waiter_max_attempts": 9,
    "aws_conn_id": "other",
    "region_name": "eu-west-1",
    "verify": False,
    "botocore_config": {"read_timeout": 3},
    "carried": {"changed": True},
}
TRIGGERS: list[tuple[type[KinesisStreamTrigger], dict[str, Any], str]] = [
    (
        KinesisStreamStateTrigger,
        {"target_states": ["UPDATING"], "failure_states": ["ACTIVE"], "missing_ok": True},
        "stream_active",
    ),
    (KinesisStreamChangedTrigger, {"setting": "shard_count", "value": 4}, "stream_active"),
    (KinesisStreamDeletedTrigger, {}, "stream_deleted"),
]
QUICK: dict[str, Any] = {"waiter_delay": 0, "waiter_max_attempts": 2, "aws_conn_id": None}


def events(trigger: KinesisStreamTrigger) -> list[Any]:
    async def collected() -> list[Any]:
        return [found.payload async for found in rebuilt(trigger).run()]

    return asyncio.run(collected())


@pytest.mark.parametrize("stream", ["demo", ARN], ids=["name", "ARN"])
@pytest.mark.parametrize(
    ("trigger_class", "arguments", "waiter"), TRIGGERS, ids=[entry[0].__name__ for entry in TRIGGERS]
)
def test_serialize_round_trip(
    trigger_class: type[KinesisStreamTrigger], arguments: dict[str, Any], waiter: str, stream: str
) -> None:
    trigger = trigger_class(stream=stream, **arguments, **COMMON)

    path, serialized = trigger.serialize()
    again = rebuilt(trigger)

    assert path == f"cloud_operators.aws.triggers.kinesis.{trigger_class.__name__}"
    assert serialized == {"stream": stream, **arguments, **COMMON}
    assert isinstance(again, trigger_class)
    assert again.waiter_name == waiter
    assert again.waiter_args == {"StreamARN" if stream == ARN else "StreamName": stream}
    assert again.waiter_config_overrides == trigger.waiter_config_overrides
    hook = again.hook()
    assert (hook.aws_conn_id, hook._region_name, hook._verify) == ("other", "eu-west-1", False)


@pytest.mark.parametrize(
    ("state", "status", "message"),
    [
        ("ACTIVE", "success", None),
        ("DELETING", "error", "stream demo did not become ACTIVE: DELETING\n"),
        ("UPDATING", "error", "Waiter error: max attempts reached"),
        (None, "error", "stream demo did not become ACTIVE"),
    ],
    ids=["success", "failure", "attempts used up", "gone"],
)
def test_event(kinesis: FakeKinesis, state: str | None, status: str, message: str | None) -> None:
    if state:
        kinesis.add("demo", status=state)

    (event,) = events(KinesisStreamStateTrigger(stream="demo", carried={"action": "created"}, **QUICK))

    said = event.pop("message", None)
    assert event == {"status": status, "stream": "demo", "goal": "ACTIVE", "carried": {"action": "created"}}
    assert (said or "").startswith(message or "")
    assert (said is None) is (message is None)


def test_a_stream_that_is_gone_can_be_as_good(kinesis: FakeKinesis) -> None:
    assert events(KinesisStreamStateTrigger(stream="demo", missing_ok=True, **QUICK)) == [
        {"status": "success", "stream": "demo", "goal": "ACTIVE"}
    ]


@pytest.mark.parametrize(
    ("setting", "value"), [("stream_mode", "ON_DEMAND"), ("retention_hours", 48), ("shard_count", 2)]
)
@pytest.mark.parametrize("status", ["ACTIVE", "UPDATING"])
@pytest.mark.parametrize("changed", [True, False], ids=["changed", "as before"])
def test_a_change_is_over_when_an_active_stream_shows_it(
    kinesis: FakeKinesis, setting: Any, value: Any, status: str, changed: bool
) -> None:
    attribute = {"stream_mode": "stream_mode", "retention_hours": "retention", "shard_count": "shards"}[
        setting
    ]
    kinesis.add("demo", status=status, **({attribute: value} if changed else {}))

    (event,) = events(KinesisStreamChangedTrigger(stream="demo", setting=setting, value=value, **QUICK))

    assert event["status"] == ("success" if changed and status == "ACTIVE" else "error")
    assert event["goal"] == f"ACTIVE with {setting} {value}"
