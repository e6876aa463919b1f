"""RestartConnector: what it asks of Connect, how its operation is shown, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.conformance.msk_connect_surroundings import Surroundings, wait_connector, wait_operation
from tests.unit.pinterest_sandbox.aws.conftest import Facade, MakeFacade, prepare
from tests.unit.pinterest_sandbox.aws.connectors import NAME, create
from tests.unit.pinterest_sandbox.aws.fake_connect import FakeConnect


@pytest.mark.parametrize(
    ("arguments", "only_failed"),
    [({}, "false"), ({"onlyFailedTasks": False}, "false"), ({"onlyFailedTasks": True}, "true")],
    ids=["not said", "all", "failed"],
)
def test_connect_restarts_the_tasks_that_are_asked_for(
    surroundings: Surroundings, facade: Facade, arguments: dict[str, bool], only_failed: str
) -> None:
    client, before = surroundings.client, create(surroundings)
    arn = before["connectorArn"]
    del facade.connect.calls[:]

    answer = client.restart_connector(connectorArn=arn, **arguments)

    assert answer["connectorArn"] == arn
    wait_operation(client, answer["connectorOperationArn"], "RESTART_COMPLETE")
    assert facade.connect.calls == [
        f"POST /connectors/{NAME}/restart?includeTasks=true&onlyFailed={only_failed}"
    ]
    after = wait_connector(client, arn, "RUNNING")
    kept = ("connectorConfiguration", "currentVersion", "capacity", "plugins")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_its_operation_is_described_and_listed(surroundings: Surroundings) -> None:
    client, arn = surroundings.client, create(surroundings)["connectorArn"]

    restarts = []
    for _ in range(2):
        restarts.append(client.restart_connector(connectorArn=arn)["connectorOperationArn"])
        wait_operation(client, restarts[-1], "RESTART_COMPLETE")

    described = client.describe_connector_operation(connectorOperationArn=restarts[0])
    assert described["connectorArn"] == arn
    assert described["connectorOperationArn"] == restarts[0]
    assert described["connectorOperationType"] == "RESTART_CONNECTOR"
    assert described["creationTime"] <= described["endTime"]
    assert "errorInfo" not in described
    listed = client.list_connector_operations(connectorArn=arn)["connectorOperations"]
    assert [
        (found["connectorOperationArn"], found["connectorOperationType"], found["connectorOperationState"])
        for found in listed
    ] == [(restart, "RESTART_CONNECTOR", "RESTART_COMPLETE") for restart in reversed(restarts)]


def another_restart(client: Any, connector: dict[str, Any]) -> None:
    client.restart_connector(connectorArn=connector["connectorArn"], onlyFailedTasks=True)


def pause(client: Any, connector: dict[str, Any]) -> None:
    client.pause_connector(connectorArn=connector["connectorArn"])


def update(client: Any, connector: dict[str, Any]) -> None:
    client.update_connector(
        connectorArn=connector["connectorArn"],
        currentVersion=connector["currentVersion"],
        capacity={"provisionedCapacity": {"mcuCount": 2, "workerCount": 1}},
    )


@pytest.mark.parametrize("other", [another_restart, pause, update], ids=lambda call: call.__name__)
def test_nothing_else_begins_while_it_is_under_way(
    surroundings: Surroundings, facade: Facade, other: Callable[[Any, dict[str, Any]], None]
) -> None:
    client, connector = surroundings.client, create(surroundings)
    facade.connect.down = True
    restart = client.restart_connector(connectorArn=connector["connectorArn"])
    wait_connector(client, connector["connectorArn"], "RESTARTING")
    wait_operation(client, restart["connectorOperationArn"], "RESTART_IN_PROGRESS")

    with pytest.raises(client.exceptions.BadRequestException, match="in progress: its state is RESTARTING"):
        other(client, connector)

    facade.connect.down = False
    wait_operation(client, restart["connectorOperationArn"], "RESTART_COMPLETE")
    listed = client.list_connector_operations(connectorArn=connector["connectorArn"])
    assert len(listed["connectorOperations"]) == 1


def test_it_does_not_begin_while_another_is_under_way(surroundings: Surroundings, facade: Facade) -> None:
    client, connector = surroundings.client, create(surroundings)
    facade.connect.down = True
    update(client, connector)

    with pytest.raises(client.exceptions.BadRequestException, match="in progress: its state is UPDATING"):
        another_restart(client, connector)

    assert not any("/restart" in call for call in facade.connect.calls)


@pytest.mark.parametrize("state", ["FAILED", "PAUSED"])
def test_a_connector_that_does_not_run_is_refused(
    surroundings: Surroundings, facade: Facade, state: str
) -> None:
    client, connector = surroundings.client, create(surroundings)
    if state == "FAILED":
        facade.connect.tasks[NAME] = ["RUNNING", "FAILED"]
    else:
        pause(client, connector)
    wait_connector(client, connector["connectorArn"], state)

    with pytest.raises(
        client.exceptions.BadRequestException, match=f"must be in state RUNNING: its state is {state}"
    ):
        another_restart(client, connector)

    assert not any("/restart" in call for call in facade.connect.calls)


def test_an_unknown_connector_is_refused(surroundings: Surroundings) -> None:
    with pytest.raises(surroundings.client.exceptions.NotFoundException, match="does not exist"):
        surroundings.client.restart_connector(connectorArn=surroundings.unknown_arn("connector"))


def test_failed_tasks_alone_need_a_newer_version(surroundings: Surroundings, facade: Facade) -> None:
    client = surroundings.client
    arn = create(surroundings, kafkaConnectVersion="2.7.1")["connectorArn"]

    with pytest.raises(client.exceptions.BadRequestException, match=r"Kafka Connect 3\.7 or later"):
        client.restart_connector(connectorArn=arn, onlyFailedTasks=True)
    restart = client.restart_connector(connectorArn=arn, onlyFailedTasks=False)

    wait_operation(client, restart["connectorOperationArn"], "RESTART_COMPLETE")


def test_a_flag_that_is_none_is_refused(surroundings: Surroundings, facade: Facade) -> None:
    arn = create(surroundings)["connectorArn"]

    answer = requests.post(
        f"{facade.url}/v1/connectors/{requests.utils.quote(arn, safe='')}/restart?onlyFailedTasks=some",
        headers={"Content-Type": "application/json"},
        timeout=10,
    )

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "BadRequestException")
    assert not any("/restart" in call for call in facade.connect.calls)


def test_tasks_that_fail_again_end_it_failed(make_facade: MakeFacade, plugin_bucket: str) -> None:
    connect = FakeConnect(restart_helps=False)
    with make_facade(connect, failed_tasks_fail=False) as facade:
        surroundings = prepare(facade, plugin_bucket)
        client, arn = facade.client, create(surroundings)["connectorArn"]
        connect.tasks[NAME] = ["RUNNING", "FAILED"]

        restart = client.restart_connector(connectorArn=arn, onlyFailedTasks=True)

        operation = wait_operation(client, restart["connectorOperationArn"], "RESTART_FAILED")
        assert operation["errorInfo"]["message"] == ("org.apache.kafka.connect.errors.ConnectException: gone")
        assert operation["endTime"] >= operation["creationTime"]
        wait_connector(client, arn, "RUNNING")
