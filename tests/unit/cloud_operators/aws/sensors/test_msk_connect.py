from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException, TaskDeferred

from cloud_operators.aws.sensors.msk_connect import MskConnectConnectorStateSensor
from cloud_operators.exceptions import ServiceFailed
from tests.unit.cloud_operators.aws.fake_msk import ACCOUNT, FakeMsk, Resource
from tests.unit.cloud_operators.running import fire, run

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


@pytest.mark.parametrize(
    ("poke_interval", "timeout", "delay", "looks"),
    [
        (1.9, 10, 2, 6),
        (2.5, 10, 3, 5),
        (60, 600, 60, 11),
        (7, 600, 7, 87),
        (0.2, 3, 1, 4),
        (30, 10, 30, 2),
        (5, 0, 5, 1),
    ],
)
def test_looks_until_the_time_is_over_when_deferred(
    msk: FakeMsk, context: Any, poke_interval: float, timeout: float, delay: float, looks: int
) -> None:
    """The first look is at 0 s, so that the last one, of n, is (n - 1) intervals later."""
    connector(msk, "CREATING")

    with pytest.raises(TaskDeferred) as deferred:
        sensor(True, poke_interval=poke_interval, timeout=timeout).execute(context)

    _, arguments = deferred.value.trigger.serialize()
    assert (arguments["waiter_delay"], arguments["waiter_max_attempts"]) == (delay, looks)
    assert timeout <= (looks - 1) * delay < timeout + delay
    assert deferred.value.timeout == timedelta(seconds=timeout)


def test_says_what_it_waited_for_when_deferred(msk: FakeMsk, context: Any) -> None:
    connector(msk, "CREATING")

    with pytest.raises(AirflowSensorTimeout) as raised:
        run(sensor(True, target_states=["RUNNING", "PAUSED"], timeout=1), context)

    assert str(raised.value) == f"Connector {ARN} did not become RUNNING or PAUSED within 1 s"


def test_a_refused_look_is_no_timeout_when_deferred(msk: FakeMsk, context: Any) -> None:
    connector(msk, "CREATING")
    deferrable = sensor(True)
    with pytest.raises(TaskDeferred) as deferred:
        deferrable.execute(context)
    msk.refuse_looks_at = ARN
    event = fire(deferred.value.trigger)

    with pytest.raises(
        ServiceFailed, match=rf"The wait for connector {ARN} is broken off [\s\S]*AccessDenied"
    ):
        deferrable.execute_complete(context, event)

    # The connector decides, if it is where it should be when the task goes on.
    connector(msk, "RUNNING")
    assert deferrable.execute_complete(context, event) == ARN


@DEFERRED
def test_soft_fail_skips(msk: FakeMsk, context: Any, deferrable: bool) -> None:
    connector(msk, "FAILED")

    with pytest.raises(AirflowSkipException, match=r"is FAILED \(Broken: a task failed"):
        run(sensor(deferrable, soft_fail=True), context)
