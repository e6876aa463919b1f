"""Connectors: their states follow what Connect says, and Connect does what is asked of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.msk_connect_surroundings import Surroundings, wait_connector, wait_operation
from tests.unit.pinterest_sandbox.aws.conftest import Clients, Facade, MakeFacade, prepare
from tests.unit.pinterest_sandbox.aws.connectors import NAME, absent, at_least, create, present
from tests.unit.pinterest_sandbox.aws.fake_connect import FakeConnect

FIRST_LINE = "org.apache.kafka.connect.errors.ConnectException: gone"


def test_connect_is_told_the_sandbox_sink(surroundings: Surroundings, facade: Facade, moto_url: str) -> None:
    found = create(surroundings)

    # As agreed with the sink: its own class, where S3 is, the keys; converters of the worker configuration.
    assert facade.connect.configurations[NAME] == {
        "connector.class": "pinterest.sandbox.connect.s3.S3SinkConnector",
        "tasks.max": "1",
        "flush.size": "500",
        "topics": "t",
        "store.url": moto_url,
        "aws.access.key.id": "key",
        "aws.secret.access.key": "secret",
        "s3.region": "us-east-1",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    }
    # What the caller gave comes back as it was given.
    assert found["connectorConfiguration"] == {
        "connector.class": "io.confluent.connect.s3.S3SinkConnector",
        "tasks.max": "1",
        "flush.size": "500",
        "topics": "t",
    }
    assert found["plugins"][0]["customPlugin"]["customPluginArn"] == surroundings.plugin_arn
    assert "stateDescription" not in found


def test_it_is_creating_until_its_tasks_run(surroundings: Surroundings, facade: Facade) -> None:
    facade.connect.tasks[NAME] = []
    made = surroundings.client.create_connector(**surroundings.connector_request("sink"))
    wait_until(lambda: present(facade.connect.configurations, NAME), what="connector in Connect", timeout=10)

    state = surroundings.client.describe_connector(connectorArn=made["connectorArn"])["connectorState"]
    assert state == "CREATING"
    with pytest.raises(surroundings.client.exceptions.BadRequestException, match="in progress"):
        surroundings.client.pause_connector(connectorArn=made["connectorArn"])

    facade.connect.tasks[NAME] = ["RUNNING", "RUNNING"]
    wait_connector(surroundings.client, made["connectorArn"], "RUNNING")


def test_refused_configuration_fails_it(surroundings: Surroundings, facade: Facade) -> None:
    facade.connect.refusal = (400, "Connector configuration is invalid and contains the following 1 error(s)")
    configuration = surroundings.connector_request("x")["connectorConfiguration"] | {"flush.size": "none"}

    found = create(surroundings, "FAILED", connectorConfiguration=configuration)

    assert found["stateDescription"]["code"] == "InvalidInput.InvalidConnectorConfiguration"
    assert "contains the following 1 error(s)" in found["stateDescription"]["message"]


def test_task_failed_at_creation_fails_it_for_good(surroundings: Surroundings, facade: Facade) -> None:
    facade.connect.tasks[NAME] = ["RUNNING", "FAILED"]

    found = create(surroundings, "FAILED")

    assert found["stateDescription"]["message"] == FIRST_LINE
    wait_until(lambda: absent(facade.connect.configurations, NAME), what="removal from Connect", timeout=10)
    with pytest.raises(surroundings.client.exceptions.BadRequestException, match="must be in state RUNNING"):
        surroundings.client.restart_connector(connectorArn=found["connectorArn"])


def test_task_that_fails_later_fails_it_until_it_runs_again(
    surroundings: Surroundings, facade: Facade
) -> None:
    arn = create(surroundings)["connectorArn"]

    facade.connect.tasks[NAME] = ["RUNNING", "FAILED"]
    assert wait_connector(surroundings.client, arn, "FAILED")["stateDescription"]["message"] == FIRST_LINE

    facade.connect.tasks[NAME] = ["RUNNING", "RUNNING"]
    assert "stateDescription" not in wait_connector(surroundings.client, arn, "RUNNING")


@pytest.mark.parametrize(
    "changes",
    [
        {"kafkaCluster": {"apacheKafkaCluster": {"bootstrapServers": "b-1:9092", "vpc": {"subnets": ["s"]}}}},
        {"kafkaClusterClientAuthentication": {"authenticationType": "IAM"}},
        {"kafkaClusterEncryptionInTransit": {"encryptionType": "TLS"}},
    ],
    ids=["other cluster", "IAM", "TLS"],
)
def test_cluster_that_is_not_there_fails_it(
    surroundings: Surroundings, facade: Facade, changes: dict[str, Any]
) -> None:
    found = create(surroundings, "FAILED", **changes)

    assert "Unable to connect to the Kafka cluster" in found["stateDescription"]["message"]
    assert facade.connect.calls == []


def test_class_that_the_plugin_lacks_fails_it(surroundings: Surroundings) -> None:
    configuration = {"connector.class": "org.x.Other", "tasks.max": "1"}

    found = create(surroundings, "FAILED", connectorConfiguration=configuration)

    assert "Failed to find any class that implements Connector" in found["stateDescription"]["message"]
    assert "io.confluent.connect.s3.S3SinkConnector" in found["stateDescription"]["message"]


def test_name_is_unique(surroundings: Surroundings) -> None:
    create(surroundings)

    with pytest.raises(surroundings.client.exceptions.ConflictException):
        surroundings.client.create_connector(**surroundings.connector_request("sink"))


def test_it_waits_for_a_worker_that_rebalances(surroundings: Surroundings, facade: Facade) -> None:
    facade.connect.down = True
    made = surroundings.client.create_connector(**surroundings.connector_request("sink"))
    wait_until(lambda: at_least(facade.connect.calls, 2), what="second trial", timeout=10)

    facade.connect.down = False
    wait_connector(surroundings.client, made["connectorArn"], "RUNNING")


def test_lists_come_in_pages(surroundings: Surroundings) -> None:
    client = surroundings.client
    for name in ("a", "b", "c"):
        client.create_connector(**surroundings.connector_request(name))

    pages = list(
        client.get_paginator("list_connectors").paginate(
            connectorNamePrefix="unit-", PaginationConfig={"PageSize": 2}
        )
    )

    names = [[connector["connectorName"] for connector in page["connectors"]] for page in pages]
    assert names == [["unit-a", "unit-b"], ["unit-c"]]


def test_a_restart_of_the_process_keeps_everything(
    make_facade: MakeFacade, plugin_bucket: str, tmp_path: Path
) -> None:
    connect, state = FakeConnect(), tmp_path / "msk-connect" / "state.json"
    with make_facade(connect, state) as facade:
        surroundings = prepare(facade, plugin_bucket)
        running = create(surroundings)
        connect.tasks["unit-late"] = []
        late = facade.client.create_connector(**surroundings.connector_request("late"))["connectorArn"]
        wait_until(lambda: present(connect.configurations, "unit-late"), what="second connector", timeout=10)
        plugin = facade.client.describe_custom_plugin(customPluginArn=surroundings.plugin_arn)
        plugin.pop("ResponseMetadata")
    assert state.stat().st_mode & 0o777 == 0o600

    del connect.tasks["unit-late"]
    with make_facade(connect, state) as facade:
        again = facade.client.describe_connector(connectorArn=running["connectorArn"])
        assert {**again, "ResponseMetadata": None} == {**running, "ResponseMetadata": None}
        kept = facade.client.describe_custom_plugin(customPluginArn=surroundings.plugin_arn)
        assert {**plugin, "ResponseMetadata": None} == {**kept, "ResponseMetadata": None}
        wait_connector(facade.client, late, "RUNNING")


def test_without_failing_it_counts_failed_tasks(
    make_facade: MakeFacade, plugin_bucket: str, clients: Clients
) -> None:
    with make_facade(FakeConnect(), failed_tasks_fail=False) as facade:
        surroundings = prepare(facade, plugin_bucket)
        arn = surroundings.client.create_connector(**surroundings.connector_request("counted"))[
            "connectorArn"
        ]
        wait_connector(facade.client, arn, "RUNNING")
        facade.connect.tasks["unit-counted"] = ["RUNNING", "FAILED"]
        wait_until(lambda: _metric(clients, "unit-counted", "ErroredTaskCount", 1), what="metric", timeout=15)

        assert facade.client.describe_connector(connectorArn=arn)["connectorState"] == "RUNNING"
        restart = facade.client.restart_connector(connectorArn=arn, onlyFailedTasks=True)
        wait_operation(facade.client, restart["connectorOperationArn"], "RESTART_COMPLETE")


def test_metrics_and_errors_reach_cloudwatch(
    surroundings: Surroundings, facade: Facade, clients: Clients
) -> None:
    delivery = {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True, "logGroup": "/pinterest/connect"}}}
    arn = create(surroundings, name="measured", logDelivery=delivery)["connectorArn"]
    name = "unit-measured"
    wait_until(lambda: _metric(clients, name, "RunningTaskCount", 1), what="metric of the task", timeout=15)

    facade.connect.tasks[name] = ["FAILED"]
    wait_connector(surroundings.client, arn, "FAILED")
    wait_until(
        lambda: _metric(clients, name, "ErroredTaskCount", 1), what="metric of the failure", timeout=15
    )

    lines = _wait_lines(clients, "/pinterest/connect")
    assert len(lines) == 1
    assert f"ERROR [{name}|task-0] {FIRST_LINE}" in lines[0]
    assert "at a.B.c(B.java:1)" in lines[0]


def _metric(clients: Clients, connector: str, name: str, value: float) -> None:
    now = datetime.now(UTC)
    points = clients.cloudwatch.get_metric_statistics(
        Namespace="AWS/KafkaConnect",
        MetricName=name,
        Dimensions=[{"Name": "ConnectorName", "Value": connector}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    if not any(point["Maximum"] == value for point in points):
        raise NotReady(str(points))


def _wait_lines(clients: Clients, group: str) -> list[str]:
    lines: list[str] = []

    def check() -> None:
        try:
            found = clients.logs.filter_log_events(logGroupName=group)["events"]
        except clients.logs.exceptions.ResourceNotFoundException as error:
            raise NotReady("no group") from error
        lines[:] = [event["message"] for event in found]
        if not lines:
            raise NotReady("no line")

    wait_until(check, what=f"line in {group}", timeout=10)
    return lines
