from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cloud_operators.aws.triggers.msk_connect import (
    MskConnectConnectorDeletedTrigger,
    MskConnectConnectorStateTrigger,
    MskConnectCustomPluginActiveTrigger,
    MskConnectCustomPluginDeletedTrigger,
    MskConnectOperationCompleteTrigger,
    MskConnectRestartCompleteTrigger,
    MskConnectWaiterTrigger,
    MskConnectWorkerConfigurationDeletedTrigger,
)
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk, Resource
from tests.unit.cloud_operators.running import rebuilt

ARN = "arn:aws:kafkaconnect:us-east-1:123456789012:connector/demo/1"
COMMON: dict[str, Any] = {
    "waiter_delay": 7,
    "waiter_max_attempts": 9,
    "aws_conn_id": "other",
    "region_name": "eu-west-1",
    "verify": False,
    "botocore_config": {"read_timeout": 3},
    "carried": {"done": ["capacity"]},
}
TRIGGERS: list[tuple[type[MskConnectWaiterTrigger], dict[str, Any], str]] = [
    (MskConnectCustomPluginActiveTrigger, {"arn": ARN}, "custom_plugin_active"),
    (MskConnectCustomPluginDeletedTrigger, {"arn": ARN}, "custom_plugin_deleted"),
    (
        MskConnectWorkerConfigurationDeletedTrigger,
        {"arn": ARN},
        "worker_configuration_deleted",
    ),
    (
        MskConnectConnectorStateTrigger,
        {"arn": ARN, "target_states": ["FAILED"], "failure_states": ["DELETING"]},
        "connector_running",
    ),
    (MskConnectConnectorDeletedTrigger, {"arn": ARN}, "connector_deleted"),
    (
        MskConnectOperationCompleteTrigger,
        {"arn": ARN},
        "connector_operation_complete",
    ),
    (MskConnectRestartCompleteTrigger, {"arn": ARN}, "connector_restart_complete"),
]


@pytest.mark.parametrize(
    ("trigger_class", "arguments", "waiter"), TRIGGERS, ids=[entry[0].__name__ for entry in TRIGGERS]
)
def test_serialize_round_trip(
    trigger_class: type[MskConnectWaiterTrigger], arguments: dict[str, Any], waiter: str
) -> None:
    trigger = trigger_class(**arguments, **COMMON)

    path, serialized = trigger.serialize()
    again = rebuilt(trigger)

    assert path == f"cloud_operators.aws.triggers.msk_connect.{trigger_class.__name__}"
    assert serialized == {**arguments, **COMMON}
    assert again.serialize() == (path, serialized)
    assert isinstance(again, trigger_class)
    assert (again.waiter_name, again.waiter_args) == (trigger.waiter_name, trigger.waiter_args)
    assert again.waiter_name == waiter
    assert again.waiter_config_overrides == trigger.waiter_config_overrides
    hook = again.hook()
    assert (hook.aws_conn_id, hook._region_name, hook._verify) == ("other", "eu-west-1", False)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        ("RUNNING", {"status": "success", "arn": ARN, "goal": "RUNNING"}),
        (
            "FAILED",
            {
                "status": "error",
                "arn": ARN,
                "goal": "RUNNING",
                "message": f"{ARN} did not become RUNNING: FAILED - Broken - a task failed\n"
                "Waiter connector_running failed: Waiter encountered a terminal failure state: "
                'For expression "connectorState" we matched expected path: "FAILED"',
            },
        ),
        (
            "CREATING",
            {
                "status": "error",
                "arn": ARN,
                "goal": "RUNNING",
                "message": "Waiter error: max attempts reached",
            },
        ),
    ],
    ids=["success", "failure", "attempts used up"],
)
def test_event(msk: FakeMsk, state: str, event: dict[str, Any]) -> None:
    msk.connectors[ARN] = Resource(
        {"connectorState": state, "stateDescription": {"code": "Broken", "message": "a task failed"}},
        "connectorState",
    )
    trigger = MskConnectConnectorStateTrigger(
        arn=ARN, waiter_delay=0, waiter_max_attempts=2, aws_conn_id=None
    )

    async def events() -> list[Any]:
        return [found.payload async for found in trigger.run()]

    assert asyncio.run(events()) == [event]


@pytest.mark.parametrize("state", ["RUNNING", "FAILED"])
def test_event_carries_what_the_task_wants_to_know_again(msk: FakeMsk, state: str) -> None:
    msk.connectors[ARN] = Resource({"connectorState": state}, "connectorState")
    trigger = MskConnectConnectorStateTrigger(
        arn=ARN,
        waiter_delay=0,
        waiter_max_attempts=2,
        aws_conn_id=None,
        carried={"done": ["capacity"]},
    )

    async def events() -> list[Any]:
        return [found.payload["carried"] async for found in rebuilt(trigger).run()]

    assert asyncio.run(events()) == [{"done": ["capacity"]}]
