from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException, TaskDeferred

from cloud_operators.aws.sensors.kinesis import KinesisStreamStateSensor
from cloud_operators.exceptions import ServiceFailed
from tests.unit.cloud_operators.aws.fake_kinesis import FakeKinesis
from tests.unit.cloud_operators.running import fire, run

DEFERRED = pytest.mark.parametrize("deferrable", [False, True], ids=["poke", "deferred"])


def sensor(deferrable: bool, **arguments: Any) -> KinesisStreamStateSensor:
    defaults = {"stream": "demo", "poke_interval": 0.01 if not deferrable else 1, "timeout": 5}
    return KinesisStreamStateSensor(
        task_id="sense", aws_conn_id=None, deferrable=deferrable, **{**defaults, **arguments}
    )


@DEFERRED
@pytest.mark.parametrize(("first", "then"), [("ACTIVE", None), ("CREATING", "ACTIVE")], ids=["now", "later"])
def test_waits_until_active(
    kinesis: FakeKinesis, context: Any, deferrable: bool, first: str, then: str | None
) -> None:
    stream = kinesis.add("demo", status=first, then=then)

    assert run(sensor(deferrable), context) == "demo"
    assert stream.status == "ACTIVE"


@DEFERRED
def test_takes_an_arn(kinesis: FakeKinesis, context: Any, deferrable: bool) -> None:
    arn = kinesis.add("demo", status="CREATING", then="ACTIVE").arn

    assert run(sensor(deferrable, stream=arn), context) == arn


@DEFERRED
def test_waits_for_other_states(kinesis: FakeKinesis, context: Any, deferrable: bool) -> None:
    kinesis.add("demo", then="DELETING")

    assert run(sensor(deferrable, target_states=["DELETING"], failure_states=[]), context) == "demo"


@DEFERRED
@pytest.mark.parametrize(
    ("first", "then"), [("DELETING", None), ("UPDATING", "DELETING")], ids=["now", "later"]
)
def test_fails_at_a_deletion(
    kinesis: FakeKinesis, context: Any, deferrable: bool, first: str, then: str | None
) -> None:
    kinesis.add("demo", status=first, then=then)

    with pytest.raises(ServiceFailed, match="Stream demo is DELETING"):
        run(sensor(deferrable), context)


@DEFERRED
def test_fails_when_the_stream_is_gone(kinesis: FakeKinesis, context: Any, deferrable: bool) -> None:
    with pytest.raises(ServiceFailed, match="Stream demo is gone"):
        run(sensor(deferrable), context)


@DEFERRED
def test_gives_up(kinesis: FakeKinesis, context: Any, deferrable: bool) -> None:
    kinesis.add("demo", status="CREATING")

    with pytest.raises(AirflowSensorTimeout):
        run(sensor(deferrable, timeout=1), context)


@pytest.mark.parametrize(
    ("poke_interval", "timeout", "delay", "looks"), [(1.9, 10, 2, 6), (0.2, 3, 1, 4), (30, 10, 30, 2)]
)
def test_looks_until_the_time_is_over_when_deferred(
    kinesis: FakeKinesis, context: Any, poke_interval: float, timeout: float, delay: int, looks: int
) -> None:
    """The first look is at 0 s, so that the last one, of n, is (n - 1) intervals later."""
    kinesis.add("demo", status="CREATING")

    with pytest.raises(TaskDeferred) as deferred:
        sensor(True, poke_interval=poke_interval, timeout=timeout).execute(context)

    _, arguments = deferred.value.trigger.serialize()
    assert (arguments["waiter_delay"], arguments["waiter_max_attempts"]) == (delay, looks)
    assert timeout <= (looks - 1) * delay < timeout + delay
    assert deferred.value.timeout == timedelta(seconds=timeout)


def test_says_what_it_waited_for_when_deferred(kinesis: FakeKinesis, context: Any) -> None:
    kinesis.add("demo", status="CREATING")

    with pytest.raises(AirflowSensorTimeout) as raised:
        run(sensor(True, target_states=["ACTIVE", "UPDATING"], timeout=1), context)

    assert str(raised.value) == "Stream demo did not become ACTIVE or UPDATING within 1 s"


def test_a_refused_look_is_no_timeout_when_deferred(kinesis: FakeKinesis, context: Any) -> None:
    stream = kinesis.add("demo", status="CREATING")
    deferrable = sensor(True)
    with pytest.raises(TaskDeferred) as deferred:
        deferrable.execute(context)
    kinesis.refuse_looks = [(400, "AccessDeniedException")]
    event = fire(deferred.value.trigger)

    with pytest.raises(ServiceFailed, match=r"The wait for stream demo is broken off [\s\S]*AccessDenied"):
        deferrable.execute_complete(context, event)

    # The stream decides, if it is where it should be when the task goes on.
    stream.status = "ACTIVE"
    assert deferrable.execute_complete(context, event) == "demo"


@DEFERRED
def test_soft_fail_skips(kinesis: FakeKinesis, context: Any, deferrable: bool) -> None:
    kinesis.add("demo", status="DELETING")

    with pytest.raises(AirflowSkipException, match="is DELETING"):
        run(sensor(deferrable, soft_fail=True), context)
