"""Connectors that are updated, deleted, restarted, paused and resumed."""

from __future__ import annotations

import threading

import pytest

from pinterest_sandbox.waiting import wait_until
from tests.conformance.msk_connect_surroundings import Surroundings, wait_connector, wait_gone, wait_operation
from tests.unit.pinterest_sandbox.aws.conftest import Facade
from tests.unit.pinterest_sandbox.aws.connectors import NAME, at_least, create


def test_update_changes_the_configuration_and_the_version(surroundings: Surroundings, facade: Facade) -> None:
    client, before = surroundings.client, create(surroundings)
    changed = before["connectorConfiguration"] | {"flush.size": "100"}

    answer = client.update_connector(
        connectorArn=before["connectorArn"],
        currentVersion=before["currentVersion"],
        connectorConfiguration=changed,
    )

    assert answer["connectorState"] == "UPDATING"
    operation = wait_operation(client, answer["connectorOperationArn"], "UPDATE_COMPLETE")
    assert operation["connectorOperationType"] == "UPDATE_CONNECTOR_CONFIGURATION"
    assert operation["originConnectorConfiguration"] == before["connectorConfiguration"]
    assert operation["targetConnectorConfiguration"] == changed
    assert {step["stepState"] for step in operation["operationSteps"]} == {"COMPLETED"}
    after = wait_connector(client, before["connectorArn"], "RUNNING")
    assert after["connectorConfiguration"] == changed
    assert after["currentVersion"] != before["currentVersion"]
    assert facade.connect.configurations[NAME]["flush.size"] == "100"
    listed = client.list_connector_operations(connectorArn=before["connectorArn"])["connectorOperations"]
    assert [found["connectorOperationArn"] for found in listed] == [answer["connectorOperationArn"]]


def test_update_of_the_capacity_leaves_connect_alone(surroundings: Surroundings, facade: Facade) -> None:
    client, before = surroundings.client, create(surroundings)
    calls = list(facade.connect.calls)
    capacity = {"provisionedCapacity": {"mcuCount": 2, "workerCount": 2}}

    answer = client.update_connector(
        connectorArn=before["connectorArn"], currentVersion=before["currentVersion"], capacity=capacity
    )

    operation = wait_operation(client, answer["connectorOperationArn"], "UPDATE_COMPLETE")
    assert operation["connectorOperationType"] == "UPDATE_WORKER_SETTING"
    assert operation["targetWorkerSetting"]["capacity"] == capacity
    assert wait_connector(client, before["connectorArn"], "RUNNING")["capacity"] == capacity
    assert facade.connect.calls == calls


def test_update_that_connect_refuses_is_rolled_back(surroundings: Surroundings, facade: Facade) -> None:
    client, before = surroundings.client, create(surroundings)
    facade.connect.refusal = (400, "flush.size must be a number")
    changed = before["connectorConfiguration"] | {"flush.size": "none"}

    answer = client.update_connector(
        connectorArn=before["connectorArn"],
        currentVersion=before["currentVersion"],
        connectorConfiguration=changed,
    )

    operation = wait_operation(client, answer["connectorOperationArn"], "ROLLBACK_COMPLETE")
    assert "flush.size must be a number" in operation["errorInfo"]["message"]
    after = wait_connector(client, before["connectorArn"], "RUNNING")
    assert after["connectorConfiguration"] == before["connectorConfiguration"]
    assert after["currentVersion"] == before["currentVersion"]
    assert facade.connect.configurations[NAME]["flush.size"] == "500"


@pytest.mark.parametrize("action", ["update", "delete"])
def test_old_version_is_refused(surroundings: Surroundings, action: str) -> None:
    client, found = surroundings.client, create(surroundings)
    arguments = {"connectorArn": found["connectorArn"], "currentVersion": "K0000000000000"}
    if action == "update":
        arguments["connectorConfiguration"] = found["connectorConfiguration"]
    call = client.update_connector if action == "update" else client.delete_connector

    with pytest.raises(client.exceptions.BadRequestException, match="currentVersion"):
        call(**arguments)


def test_class_can_not_be_changed(surroundings: Surroundings) -> None:
    client, found = surroundings.client, create(surroundings)

    with pytest.raises(client.exceptions.BadRequestException, match=r"connector\.class"):
        client.update_connector(
            connectorArn=found["connectorArn"],
            currentVersion=found["currentVersion"],
            connectorConfiguration={"connector.class": "org.x.Other", "tasks.max": "1"},
        )


def test_deletion_removes_it_from_connect(surroundings: Surroundings, facade: Facade) -> None:
    client, found = surroundings.client, create(surroundings)

    answer = client.delete_connector(
        connectorArn=found["connectorArn"], currentVersion=found["currentVersion"]
    )

    assert answer["connectorState"] == "DELETING"
    wait_gone(client, found["connectorArn"])
    assert facade.connect.configurations == {}
    assert client.list_connectors()["connectors"] == []


def test_deletion_overtakes_a_creation_under_way(surroundings: Surroundings, facade: Facade) -> None:
    client, facade.connect.hold = surroundings.client, threading.Event()
    made = client.create_connector(**surroundings.connector_request("sink"))
    wait_until(lambda: at_least(facade.connect.calls, 1), what="configuration under way", timeout=10)

    client.delete_connector(connectorArn=made["connectorArn"])
    facade.connect.hold.set()

    wait_gone(client, made["connectorArn"])
    assert facade.connect.configurations == {}


def test_restart_that_connect_refuses_ends_failed(surroundings: Surroundings, facade: Facade) -> None:
    client, arn = surroundings.client, create(surroundings)["connectorArn"]
    del facade.connect.configurations[NAME]

    restart = client.restart_connector(connectorArn=arn)

    operation = wait_operation(client, restart["connectorOperationArn"], "RESTART_FAILED")
    assert operation["errorInfo"]["message"] == "not found"


def test_restart_pause_and_resume(surroundings: Surroundings, facade: Facade) -> None:
    client, arn = surroundings.client, create(surroundings)["connectorArn"]

    restart = client.restart_connector(connectorArn=arn, onlyFailedTasks=True)
    wait_operation(client, restart["connectorOperationArn"], "RESTART_COMPLETE")
    assert f"POST /connectors/{NAME}/restart?includeTasks=true&onlyFailed=true" in facade.connect.calls
    wait_connector(client, arn, "RUNNING")

    pause = client.pause_connector(connectorArn=arn)
    wait_operation(client, pause["connectorOperationArn"], "PAUSE_COMPLETE")
    wait_connector(client, arn, "PAUSED")
    assert facade.connect.paused == {NAME}

    resume = client.resume_connector(connectorArn=arn)
    wait_operation(client, resume["connectorOperationArn"], "RESUME_COMPLETE")
    wait_connector(client, arn, "RUNNING")
    assert facade.connect.paused == set()
