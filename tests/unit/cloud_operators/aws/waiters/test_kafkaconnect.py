from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from botocore.session import get_session
from botocore.stub import Stubber

from cloud_operators.aws.hooks.msk_connect import MskConnectHook
from cloud_operators.aws.operators.msk_connect.base import DEAD_ENDS, DEAD_ENDS_OF_DELETION

PLUGIN = ("describe_custom_plugin", "customPluginState", {"customPluginArn": "arn"})
WORKER = ("describe_worker_configuration", "workerConfigurationState", {"workerConfigurationArn": "arn"})
CONNECTOR = ("describe_connector", "connectorState", {"connectorArn": "arn"})
OPERATION = ("describe_connector_operation", "connectorOperationState", {"connectorOperationArn": "arn"})

# waiter -> (operation, key, arguments), what each state leads to; GONE is the service's NotFoundException.
OUTCOMES: dict[str, tuple[tuple[str, str, dict[str, str]], dict[str, str]]] = {
    "custom_plugin_active": (
        PLUGIN,
        {
            "CREATING": "retry",
            "ACTIVE": "success",
            "CREATE_FAILED": "failure",
            "UPDATING": "retry",
            "UPDATE_FAILED": "failure",
            "DELETING": "failure",
            "GONE": "failure",
        },
    ),
    "custom_plugin_deleted": (
        PLUGIN,
        {
            "CREATING": "retry",
            "ACTIVE": "retry",
            "CREATE_FAILED": "retry",
            "UPDATING": "retry",
            "UPDATE_FAILED": "retry",
            "DELETING": "retry",
            "GONE": "success",
        },
    ),
    "worker_configuration_deleted": (WORKER, {"ACTIVE": "retry", "DELETING": "retry", "GONE": "success"}),
    "connector_running": (
        CONNECTOR,
        {
            "CREATING": "retry",
            "RUNNING": "success",
            "UPDATING": "retry",
            "DELETING": "failure",
            "FAILED": "failure",
            "PAUSED": "failure",
            "RESTARTING": "retry",
            "GONE": "failure",
        },
    ),
    "connector_deleted": (
        CONNECTOR,
        {
            "CREATING": "retry",
            "RUNNING": "retry",
            "UPDATING": "retry",
            "DELETING": "retry",
            "FAILED": "failure",
            "GONE": "success",
        },
    ),
    "connector_operation_complete": (
        OPERATION,
        {
            "PENDING": "retry",
            "UPDATE_IN_PROGRESS": "retry",
            "UPDATE_COMPLETE": "success",
            "UPDATE_FAILED": "failure",
            "ROLLBACK_IN_PROGRESS": "retry",
            "ROLLBACK_FAILED": "failure",
            "ROLLBACK_COMPLETE": "failure",
            "GONE": "failure",
        },
    ),
    # An operation that restarts is in none of the states of an update; they end the wait all the same.
    "connector_restart_complete": (
        OPERATION,
        {
            "PENDING": "retry",
            "RESTART_IN_PROGRESS": "retry",
            "RESTART_COMPLETE": "success",
            "RESTART_FAILED": "failure",
            "UPDATE_IN_PROGRESS": "retry",
            "UPDATE_COMPLETE": "retry",
            "UPDATE_FAILED": "failure",
            "ROLLBACK_IN_PROGRESS": "retry",
            "ROLLBACK_FAILED": "failure",
            "ROLLBACK_COMPLETE": "failure",
            "GONE": "failure",
        },
    ),
}
#: States that newer versions of the API have than botocore 1.43: as the AWS SDK for Go v2 lists them,
#: https://github.com/aws/aws-sdk-go-v2/blob/main/service/kafkaconnect/types/enums.go
NEWER = {"PAUSED", "RESTARTING", "RESTART_IN_PROGRESS", "RESTART_COMPLETE", "RESTART_FAILED"}
CASES = [
    (waiter, *call, state, outcome)
    for waiter, (call, states) in OUTCOMES.items()
    for state, outcome in states.items()
]


def test_all_waiters_are_tested_and_offered() -> None:
    assert sorted(MskConnectHook(aws_conn_id=None).list_waiters()) == sorted(OUTCOMES)


@pytest.mark.parametrize("waiter", OUTCOMES)
def test_all_states_of_the_service_are_tested(waiter: str) -> None:
    """The states as botocore's model of the service lists them."""
    (operation, key, _), states = OUTCOMES[waiter]
    model = get_session().get_service_model("kafkaconnect")
    shape = model.operation_model("".join(part.title() for part in operation.split("_"))).output_shape
    assert set(states) - {"GONE", *NEWER} == set(shape.members[key].enum) - NEWER


@pytest.mark.parametrize("waiter", OUTCOMES)
def test_an_operator_takes_every_failure_for_a_dead_end(waiter: str) -> None:
    """Otherwise it would report that the wait broke off, without the service's reason."""
    _, states = OUTCOMES[waiter]
    failures = {state for state, outcome in states.items() if outcome == "failure"} - {"GONE"}
    assert failures <= (DEAD_ENDS_OF_DELETION if waiter.endswith("_deleted") else DEAD_ENDS)
    # What goes on waiting is none: it would be taken for a failure when the looks are used up.
    retried = {state for state, outcome in states.items() if outcome == "retry"}
    assert not retried & (DEAD_ENDS_OF_DELETION if waiter.endswith("_deleted") else DEAD_ENDS)


@pytest.mark.parametrize("waiter", OUTCOMES)
def test_every_acceptor_has_an_argument(waiter: str) -> None:
    """The provider reads the argument of error matchers too."""
    waiters = json.loads(MskConnectHook(aws_conn_id=None).waiter_path.read_text())["waiters"]
    assert all("argument" in acceptor for acceptor in waiters[waiter]["acceptors"])


@pytest.mark.parametrize(
    ("waiter", "operation", "key", "arguments", "state", "outcome"),
    CASES,
    ids=[f"{case[0]}-{case[4]}" for case in CASES],
)
def test_state(
    waiter: str, operation: str, key: str, arguments: dict[str, str], state: str, outcome: str
) -> None:
    hook = MskConnectHook(aws_conn_id=None)

    def wait() -> None:
        hook.get_waiter(waiter).wait(**arguments, WaiterConfig={"Delay": 0, "MaxAttempts": 1})

    with Stubber(hook.conn) as stub:
        if state == "GONE":
            stub.add_client_error(operation, "NotFoundException", http_status_code=404)
        else:
            stub.add_response(operation, answer(key, state), arguments)
        if outcome == "success":
            wait()
        else:
            reason = "terminal failure" if outcome == "failure" else "Max attempts exceeded"
            with pytest.raises(WaiterError, match=reason):
                wait()
        stub.assert_no_pending_responses()


def answer(key: str, state: str) -> dict[str, Any]:
    return {key: state}
