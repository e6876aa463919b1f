"""Whatever state the service reports, an operator knows what to do. The states are those of botocore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.session import get_session

from cloud_operators.aws.operators.msk_connect import (
    MskConnectCreateConnectorOperator,
    MskConnectCreateCustomPluginOperator,
    MskConnectCreateWorkerConfigurationOperator,
    MskConnectRestartConnectorOperator,
    MskConnectUpdateConnectorOperator,
)
from cloud_operators.aws.sensors.msk_connect import MskConnectConnectorStateSensor
from cloud_operators.exceptions import ServiceFailed
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk, Resource
from tests.unit.cloud_operators.aws.operators.msk_connect.conftest import CONFIGURATION, CreateConnector
from tests.unit.cloud_operators.running import run

#: What is under way ends like this when it is looked at often enough; ``None`` is gone.
ENDS = {"CREATING": "good", "UPDATING": "good", "DELETING": None}
PLUGIN = {
    "CREATING": "adopted",
    "ACTIVE": "adopted",
    "UPDATING": "adopted",
    "CREATE_FAILED": "refused",
    "UPDATE_FAILED": "refused",
    "DELETING": "created",
}
WORKER = {"ACTIVE": "adopted", "DELETING": "created"}
CONNECTOR = {
    "CREATING": "adopted",
    "RUNNING": "adopted",
    "UPDATING": "adopted",
    "FAILED": "refused",
    "DELETING": "created",
}
UPDATE = {
    "CREATING": "updated",
    "RUNNING": "updated",
    "UPDATING": "updated",
    "FAILED": "refused",
    "DELETING": "refused",
}
RESTART = {
    "CREATING": "refused",
    "RUNNING": "restarted",
    "UPDATING": "refused",
    "FAILED": "refused",
    "DELETING": "refused",
}
SENSED = {
    "CREATING": "reached",
    "RUNNING": "reached",
    "UPDATING": "reached",
    "FAILED": "refused",
    "DELETING": "refused",
}


def cases(outcomes: dict[str, str]) -> Callable[[Any], Any]:
    return pytest.mark.parametrize(("state", "outcome"), outcomes.items(), ids=outcomes)


@pytest.mark.parametrize(
    ("shape", "outcomes"),
    [
        ("CustomPluginState", PLUGIN),
        ("WorkerConfigurationState", WORKER),
        ("ConnectorState", CONNECTOR),
        ("ConnectorState", UPDATE),
        ("ConnectorState", RESTART),
        ("ConnectorState", SENSED),
    ],
)
def test_all_states_are_tested(shape: str, outcomes: dict[str, str]) -> None:
    assert set(outcomes) == set(get_session().get_service_model("kafkaconnect").shape_for(shape).enum)


def bring(resources: dict[str, Resource], state: str, good: str) -> None:
    """Put the only resource into a state that ends as it does with the service."""
    (resource,) = resources.values()
    resource.body[resource.state_key] = state
    resource.body["stateDescription"] = {"code": "Reason", "message": f"it is {state}"}
    resource.ending = (1, good if ENDS[state] else None) if state in ENDS else None


def outcome_of(operator: Any, context: Any) -> str:
    """Run it: what it did, or that it refused with the reason of the service."""
    try:
        run(operator, context)
    except ServiceFailed as error:
        explained = (error.code, error.service_message) == ("Reason", f"it is {error.state}")
        return "refused" if explained or error.state == "gone" else f"refused without its reason: {error}"
    return str(context["ti"].xcoms.get("action", "reached"))


@cases(PLUGIN)
def test_custom_plugin(msk: FakeMsk, waiting: dict[str, Any], context: Any, state: str, outcome: str) -> None:
    def create(**arguments: Any) -> MskConnectCreateCustomPluginOperator:
        return MskConnectCreateCustomPluginOperator(
            task_id="create", name="demo", bucket_arn="arn:aws:s3:::demo", file_key="sink.zip", **arguments
        )

    run(create(aws_conn_id=None, wait_for_completion=False), context)
    bring(msk.plugins, state, "ACTIVE")

    assert outcome_of(create(**waiting), context) == outcome
    assert [plugin.state for plugin in msk.plugins.values()] == [state if outcome == "refused" else "ACTIVE"]


@cases(WORKER)
def test_worker_configuration(
    msk: FakeMsk, waiting: dict[str, Any], context: Any, state: str, outcome: str
) -> None:
    def create(**arguments: Any) -> MskConnectCreateWorkerConfigurationOperator:
        return MskConnectCreateWorkerConfigurationOperator(
            task_id="create", name="demo", properties="a=b", **arguments
        )

    run(create(aws_conn_id=None), context)
    bring(msk.workers, state, "ACTIVE")

    assert outcome_of(create(**waiting), context) == outcome
    assert [worker.state for worker in msk.workers.values()] == ["ACTIVE"]


@cases(CONNECTOR)
def test_connector(
    msk: FakeMsk,
    create_connector: CreateConnector,
    connector_arn: str,
    waiting: dict[str, Any],
    context: Any,
    state: str,
    outcome: str,
) -> None:
    bring(msk.connectors, state, "RUNNING")
    operator: MskConnectCreateConnectorOperator = create_connector(**waiting)

    assert outcome_of(operator, context) == outcome
    assert [each.state for each in msk.connectors.values()] == [state if outcome == "refused" else "RUNNING"]


@cases(UPDATE)
def test_update(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any, state: str, outcome: str
) -> None:
    bring(msk.connectors, state, "RUNNING")
    operator = MskConnectUpdateConnectorOperator(
        task_id="update",
        connector_arn=connector_arn,
        configuration={**CONFIGURATION, "tasks.max": "6"},
        **waiting,
    )

    assert outcome_of(operator, context) == outcome
    assert len(msk.operations) == (1 if outcome == "updated" else 0)


@cases(RESTART)
def test_restart(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any, state: str, outcome: str
) -> None:
    bring(msk.connectors, state, "RUNNING")
    operator = MskConnectRestartConnectorOperator(task_id="restart", connector_arn=connector_arn, **waiting)

    assert outcome_of(operator, context) == outcome
    assert len(msk.operations) == (1 if outcome == "restarted" else 0)


@cases(SENSED)
@pytest.mark.parametrize("deferrable", [False, True], ids=["poke", "deferred"])
def test_sensor(
    msk: FakeMsk, connector_arn: str, context: Any, state: str, outcome: str, deferrable: bool
) -> None:
    bring(msk.connectors, state, "RUNNING")
    operator = MskConnectConnectorStateSensor(
        task_id="sense",
        connector_arn=connector_arn,
        aws_conn_id=None,
        deferrable=deferrable,
        poke_interval=0.05,
        timeout=5,
    )

    assert outcome_of(operator, context) == outcome
