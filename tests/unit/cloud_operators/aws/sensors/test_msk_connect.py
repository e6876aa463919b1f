from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from cloud_operators.aws.sensors.msk_connect import MskConnectConnectorStateSensor
from cloud_operators.exceptions import ServiceFailed
from tests.unit.cloud_operators.aws.fake_msk import ACCOUNT, FakeMsk, Resource
from tests.unit.cloud_operators.running import run

ARN = f"{ACCOUNT}:connector/demo-connector/1"
DEFERRED = pytest.mark.parametrize("deferrable", [False, True], ids=["poke", "deferred"])


def connector(msk: FakeMsk, state: str, then: str | None = None) -> None:
    body = {
        "connectorArn": ARN,
        "connectorName": "demo-connector",
        "connectorState": state,
        "stateDescription": {"code": "Broken", "message": "a task failed"},
    }
    msk.connectors[ARN] = Resource(body, "connectorState", ending=(1, then) if then else None)


def sensor(deferrable: bool, **arguments: Any) -> MskConnectConnectorStateSensor:
    defaults = {"poke_interval": 0.01 if not deferrable else 1, "timeout": 5}
    return MskConnectConnectorStateSensor(
        task_id="sense",
        connector_arn=ARN,
        aws_conn_id=None,
        deferrable=deferrable,
        **{**defaults, **arguments},
    )


@DEFERRED
@pytest.mark.parametrize(
    ("first", "then"), [("RUNNING", None), ("CREATING", "RUNNING")], ids=["now", "later"]
)
def test_waits_until_running(
    msk: FakeMsk, context: Any, deferrable: bool, first: str, then: str | None
) -> None:
    connector(msk, first, then)

    assert run(sensor(deferrable), context) == ARN
    assert msk.connectors[ARN].state == "RUNNING"


@DEFERRED
def test_waits_for_other_states(msk: FakeMsk, context: Any, deferrable: bool) -> None:
    connector(msk, "RUNNING", "FAILED")

    assert run(sensor(deferrable, target_states=["FAILED"], failure_states=["DELETING"]), context) == ARN


@DEFERRED
@pytest.mark.parametrize(("first", "then"), [("FAILED", None), ("UPDATING", "FAILED")], ids=["now", "later"])
def test_fails_with_the_reason(
    msk: FakeMsk, context: Any, deferrable: bool, first: str, then: str | None
) -> None:
    connector(msk, first, then)

    with pytest.raises(ServiceFailed, match=r"is FAILED \(Broken: a task failed\)"):
        run(sensor(deferrable), context)


@DEFERRED
def test_fails_when_the_connector_is_gone(msk: FakeMsk, context: Any, deferrable: bool) -> None:
    with pytest.raises(ServiceFailed, match="is gone"):
        run(sensor(deferrable), context)


@DEFERRED
def test_gives_up(msk: FakeMsk, context: Any, deferrable: bool) -> None:
    connector(msk, "CREATING")

    with pytest.raises(AirflowSensorTimeout):
        run(sensor(deferrable, timeout=1), context)


@DEFERRED
def test_soft_fail_skips(msk: FakeMsk, context: Any, deferrable: bool) -> None:
    connector(msk, "FAILED")

    with pytest.raises(AirflowSkipException, match=r"is FAILED \(Broken: a task failed"):
        run(sensor(deferrable, soft_fail=True), context)
