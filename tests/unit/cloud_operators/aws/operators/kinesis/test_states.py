"""Whatever state the service reports, an operator knows what to do. The states are those of botocore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.session import get_session

from cloud_operators.aws.operators.kinesis import (
    KinesisCreateStreamOperator,
    KinesisDeleteStreamOperator,
    KinesisPutRecordsOperator,
    KinesisUpdateStreamOperator,
)
from cloud_operators.aws.sensors.kinesis import KinesisStreamStateSensor
from cloud_operators.exceptions import ServiceFailed
from tests.unit.cloud_operators.aws.fake_kinesis import FakeKinesis
from tests.unit.cloud_operators.running import run

#: What is under way ends like this when it is looked at often enough.
ENDS = {"CREATING": "ACTIVE", "UPDATING": "ACTIVE", "DELETING": "gone", "ACTIVE": None}
CREATE = {"CREATING": "adopted", "ACTIVE": "adopted", "UPDATING": "adopted", "DELETING": "created"}
UPDATE = {"CREATING": "updated", "ACTIVE": "updated", "UPDATING": "updated", "DELETING": "refused"}
DELETE = {"CREATING": "gone", "ACTIVE": "gone", "UPDATING": "gone", "DELETING": "gone"}
SENSE = {"CREATING": "reached", "ACTIVE": "reached", "UPDATING": "reached", "DELETING": "refused"}
PUT = {"CREATING": "refused", "ACTIVE": "reached", "UPDATING": "reached", "DELETING": "refused"}


def cases(outcomes: dict[str, str]) -> Callable[[Any], Any]:
    return pytest.mark.parametrize(("state", "outcome"), outcomes.items(), ids=outcomes)


@pytest.mark.parametrize("outcomes", [CREATE, UPDATE, DELETE, SENSE, PUT, ENDS])
def test_all_states_are_tested(outcomes: dict[str, Any]) -> None:
    assert set(outcomes) == set(get_session().get_service_model("kinesis").shape_for("StreamStatus").enum)


def outcome_of(kinesis: FakeKinesis, operator: Any, context: Any, state: str) -> str:
    """Run it on a stream in this state: what it did, or that it refused and says the state."""
    kinesis.add("demo", status=state, then=ENDS[state])
    try:
        run(operator, context)
    except ServiceFailed as error:
        return "refused" if error.state == state else f"refused for another reason: {error}"
    if not kinesis.streams:
        return "gone"
    return str(context["ti"].xcoms.get("action", "reached"))


@cases(CREATE)
def test_create(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, state: str, outcome: str
) -> None:
    operator = KinesisCreateStreamOperator(task_id="create", name="demo", shard_count=1, **waiting)

    assert outcome_of(kinesis, operator, context, state) == outcome
    assert kinesis.streams["demo"].status == "ACTIVE"


@cases(UPDATE)
def test_update(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, state: str, outcome: str
) -> None:
    operator = KinesisUpdateStreamOperator(task_id="update", stream="demo", shard_count=2, **waiting)

    assert outcome_of(kinesis, operator, context, state) == outcome
    assert kinesis.requests.count("UpdateShardCount") == (1 if outcome == "updated" else 0)


@cases(DELETE)
def test_delete(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, state: str, outcome: str
) -> None:
    operator = KinesisDeleteStreamOperator(task_id="delete", stream="demo", **waiting)

    assert outcome_of(kinesis, operator, context, state) == outcome


@cases(SENSE)
@pytest.mark.parametrize("deferrable", [False, True], ids=["poke", "deferred"])
def test_sensor(kinesis: FakeKinesis, context: Any, state: str, outcome: str, deferrable: bool) -> None:
    operator = KinesisStreamStateSensor(
        task_id="sense",
        stream="demo",
        aws_conn_id=None,
        deferrable=deferrable,
        poke_interval=0.05,
        timeout=5,
    )

    assert outcome_of(kinesis, operator, context, state) == outcome


@cases(PUT)
def test_put_records(kinesis: FakeKinesis, context: Any, state: str, outcome: str) -> None:
    operator = KinesisPutRecordsOperator(
        task_id="put", stream="demo", records=[{"Data": "x", "PartitionKey": "a"}], aws_conn_id=None
    )

    assert outcome_of(kinesis, operator, context, state) == outcome
    assert len(kinesis.streams["demo"].records) == (1 if outcome == "reached" else 0)
