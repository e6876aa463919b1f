"""MSK Connect of the running sandbox: boto3 before it, Kafka Connect and the sink behind it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests
from confluent_kafka import Producer

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.msk_connect_surroundings import (
    Surroundings,
    wait_connector,
    wait_gone,
    wait_operation,
    wait_plugin,
)
from tests.running_sandbox import RunningSandbox

LOG_GROUP = "/awsring/connect"


def make(surroundings: Surroundings, name: str, state: str, **changes: Any) -> dict[str, Any]:
    """A connector that has reached ``state``, after CREATING."""
    made = surroundings.client.create_connector(**surroundings.connector_request(name, **changes))
    assert made["connectorState"] == "CREATING"
    return wait_connector(surroundings.client, made["connectorArn"], state)


def delete(surroundings: Surroundings, connector: dict[str, Any]) -> None:
    surroundings.client.delete_connector(connectorArn=connector["connectorArn"])
    wait_gone(surroundings.client, connector["connectorArn"])


def test_records_land_through_a_connector(
    sandbox: RunningSandbox, surroundings: Surroundings, s3: Any, landing: str, topic: str
) -> None:
    connector = make(surroundings, "landing", "RUNNING")
    records = [{"index": n, "title": f"post {n} é"} for n in range(250)]
    send(sandbox, topic, records)

    landed: dict[str, list[dict[str, Any]]] = {}

    def all_landed() -> None:
        landed.clear()
        landed.update(read_lines(s3, landing))
        count = sum(len(lines) for lines in landed.values())
        if count < len(records):
            raise NotReady(f"{count} of {len(records)} lines")

    wait_until(all_landed, what="records in S3", timeout=60)
    assert sorted(line["index"] for lines in landed.values() for line in lines) == list(range(250))
    assert all(
        key.startswith(f"topics/{topic}/partition=") and key.endswith(".json") and f"/{topic}+" in key
        for key in landed
    )
    task_counts = metrics(sandbox, connector["connectorName"])
    wait_until(
        lambda: expect(task_counts(), {"RunningTaskCount": 1.0, "ErroredTaskCount": 0.0}),
        what="metrics",
        timeout=30,
    )

    delete(surroundings, connector)
    answer = requests.get(f"{sandbox.url('connect')}/connectors/{connector['connectorName']}", timeout=5)
    assert answer.status_code == 404


def test_update_reaches_the_worker(sandbox: RunningSandbox, surroundings: Surroundings) -> None:
    client, before = surroundings.client, make(surroundings, "updated", "RUNNING")
    changed = before["connectorConfiguration"] | {"flush.size": "7"}

    answer = client.update_connector(
        connectorArn=before["connectorArn"],
        currentVersion=before["currentVersion"],
        connectorConfiguration=changed,
    )
    assert answer["connectorState"] == "UPDATING"
    wait_operation(client, answer["connectorOperationArn"], "UPDATE_COMPLETE")
    after = wait_connector(client, before["connectorArn"], "RUNNING")

    assert after["connectorConfiguration"] == changed
    assert after["currentVersion"] != before["currentVersion"]
    told = requests.get(
        f"{sandbox.url('connect')}/connectors/{after['connectorName']}/config", timeout=5
    ).json()
    assert told["flush.size"] == "7"
    with pytest.raises(client.exceptions.BadRequestException):
        client.update_connector(
            connectorArn=before["connectorArn"],
            currentVersion=before["currentVersion"],
            connectorConfiguration=changed,
        )
    delete(surroundings, after)


def test_update_that_can_not_work_is_rolled_back(sandbox: RunningSandbox, surroundings: Surroundings) -> None:
    client, before = surroundings.client, make(surroundings, "rolled", "RUNNING")

    answer = client.update_connector(
        connectorArn=before["connectorArn"],
        currentVersion=before["currentVersion"],
        connectorConfiguration=before["connectorConfiguration"] | {"flush.size": "many"},
    )

    operation = wait_operation(client, answer["connectorOperationArn"], "ROLLBACK_COMPLETE")
    assert operation["errorInfo"]["code"] == "InvalidInput.InvalidConnectorConfiguration"
    after = wait_connector(client, before["connectorArn"], "RUNNING")
    assert after["connectorConfiguration"] == before["connectorConfiguration"]
    delete(surroundings, after)


def test_configuration_that_connect_refuses(surroundings: Surroundings) -> None:
    configuration = surroundings.connector_request("x")["connectorConfiguration"] | {"flush.size": "many"}

    failed = make(surroundings, "refused", "FAILED", connectorConfiguration=configuration)

    assert failed["stateDescription"]["code"] == "InvalidInput.InvalidConnectorConfiguration"
    assert "flush.size" in failed["stateDescription"]["message"]
    delete(surroundings, failed)


def test_task_that_dies_is_told_and_logged(
    sandbox: RunningSandbox, surroundings: Surroundings, topic: str
) -> None:
    configuration = surroundings.connector_request("x")["connectorConfiguration"]
    strict = {name: value for name, value in configuration.items() if not name.startswith("errors.")} | {
        "errors.tolerance": "none"
    }
    logs = {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True, "logGroup": LOG_GROUP}}}
    connector = make(surroundings, "dying", "RUNNING", connectorConfiguration=strict, logDelivery=logs)

    # What is no JSON can't be converted, and nothing tolerates it.
    send_text(sandbox, topic, "no JSON")
    failed = wait_connector(surroundings.client, connector["connectorArn"], "FAILED")

    assert "org.apache.kafka.connect.errors.ConnectException" in failed["stateDescription"]["message"]
    assert "\n" not in failed["stateDescription"]["message"]
    task_counts = metrics(sandbox, connector["connectorName"])
    wait_until(lambda: expect(task_counts(), {"ErroredTaskCount": 1.0}), what="metrics", timeout=30)
    events = aws_client("logs", sandbox.url("moto")).filter_log_events(logGroupName=LOG_GROUP)["events"]
    assert any("ERROR [awsring-dying|task-0]" in event["message"] for event in events)
    delete(surroundings, failed)


def call(client: Any, method: str, arn: str, action: str) -> dict[str, Any]:
    """Call an operation that the pinned boto3 does not know yet."""
    url = f"{client.meta.endpoint_url}/v1/connectors/{quote(arn, safe='')}/{action}"
    answer = requests.request(method, url, headers={"Content-Type": "application/json"}, timeout=30)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def test_pause_resume_and_restart(surroundings: Surroundings) -> None:
    client, connector = surroundings.client, make(surroundings, "paused", "RUNNING")
    arn = connector["connectorArn"]

    pause = call(client, "PUT", arn, "pause")
    wait_operation(client, pause["connectorOperationArn"], "PAUSE_COMPLETE")
    wait_connector(client, arn, "PAUSED")
    resume = call(client, "PUT", arn, "resume")
    wait_operation(client, resume["connectorOperationArn"], "RESUME_COMPLETE")
    wait_connector(client, arn, "RUNNING")
    restart = call(client, "POST", arn, "restart")
    wait_operation(client, restart["connectorOperationArn"], "RESTART_COMPLETE")
    wait_connector(client, arn, "RUNNING")
    delete(surroundings, connector)


@pytest.mark.parametrize(
    ("key", "content", "says"),
    [("absent.zip", None, "NoSuchKey"), ("text.zip", b"no archive", "not a valid ZIP")],
    ids=["missing object", "not a zip"],
)
def test_useless_plugin_file(
    surroundings: Surroundings, s3: Any, landing: str, key: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        s3.put_object(Bucket=landing, Key=key, Body=content)
    location = {"s3Location": {"bucketArn": f"arn:aws:s3:::{landing}", "fileKey": key}}

    made = surroundings.client.create_custom_plugin(
        name=f"{surroundings.prefix}-{key.partition('.')[0]}", contentType="ZIP", location=location
    )

    failed = wait_plugin(surroundings.client, made["customPluginArn"], "CREATE_FAILED")
    assert says in failed["stateDescription"]["message"]


def send(sandbox: RunningSandbox, topic: str, records: list[dict[str, Any]]) -> None:
    """Produce records with their key, and wait until all are acknowledged."""
    producer = Producer({"bootstrap.servers": sandbox.address("kafka")})
    for record in records:
        producer.produce(topic, key=str(record["index"]), value=json.dumps(record))
    assert producer.flush(30) == 0


def send_text(sandbox: RunningSandbox, topic: str, text: str) -> None:
    producer = Producer({"bootstrap.servers": sandbox.address("kafka")})
    producer.produce(topic, value=text)
    assert producer.flush(30) == 0


def read_lines(s3: Any, bucket: str) -> dict[str, list[dict[str, Any]]]:
    """The landed records by object."""
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="topics/"):
        for item in page.get("Contents", []):
            text = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
            found[item["Key"]] = [json.loads(line) for line in text.splitlines()]
    return found


def metrics(sandbox: RunningSandbox, connector: str) -> Any:
    """A function that reads the newest task counts of ``connector`` from CloudWatch."""
    cloudwatch = aws_client("cloudwatch", sandbox.url("moto"))

    def read() -> dict[str, float]:
        now = datetime.now(UTC)
        found = {}
        for name in ("RunningTaskCount", "ErroredTaskCount"):
            points = cloudwatch.get_metric_statistics(
                Namespace="AWS/KafkaConnect",
                MetricName=name,
                Dimensions=[{"Name": "ConnectorName", "Value": connector}],
                StartTime=now - timedelta(minutes=5),
                EndTime=now + timedelta(minutes=1),
                Period=60,
                Statistics=["Maximum"],
            )["Datapoints"]
            if points:
                found[name] = max(points, key=lambda point: point["Timestamp"])["Maximum"]
        return found

    return read


def expect(found: dict[str, float], wanted: dict[str, float]) -> None:
    if {name: found.get(name) for name in wanted} != wanted:
        raise NotReady(str(found))
