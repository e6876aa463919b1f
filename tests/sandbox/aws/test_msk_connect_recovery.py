"""A connector that has failed, made again by our operators: its consumer group has kept the offsets."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from cloud_operators.aws.operators.msk_connect import (
    MskConnectDeleteConnectorOperator,
    MskConnectRestartConnectorOperator,
)
from cloud_operators.exceptions import ServiceFailed
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.msk_connect_surroundings import Surroundings, wait_connector
from tests.running_sandbox import RunningSandbox
from tests.unit.cloud_operators.running import context

WAITING = {"waiter_delay": 1, "waiter_max_attempts": 60}


@pytest.fixture
def own_topic(sandbox: RunningSandbox) -> Iterator[str]:
    admin = AdminClient({"bootstrap.servers": sandbox.address("kafka")})
    name = f"awsring.recovery-{uuid.uuid4().hex[:8]}"
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])[name].result(30)
    yield name
    admin.delete_topics([name])[name].result(30)


@pytest.fixture
def connection(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leads our operators to the running MSK Connect."""
    for name, value in {
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_KAFKACONNECT": sandbox.url("msk_connect"),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("connection")
def test_a_failed_connector_is_made_again_and_goes_on_at_its_offsets(
    sandbox: RunningSandbox, surroundings: Surroundings, s3: Any, landing: str, own_topic: str
) -> None:
    producer = Producer({"bootstrap.servers": sandbox.address("kafka")})

    def send(*values: str) -> None:
        for value in values:
            producer.produce(own_topic, value=value)
        assert producer.flush(30) == 0

    def landed(count: int) -> None:
        found = lines(s3, landing, own_topic)
        if len(found) < count:
            raise NotReady(f"{len(found)} of {count} lines")

    base = surroundings.connector_request("reborn")
    tolerant = {**base["connectorConfiguration"], "topics": own_topic}
    strict = {name: value for name, value in tolerant.items() if not name.startswith("errors.")}
    client = surroundings.client
    request = {**base, "connectorConfiguration": {**strict, "errors.tolerance": "none"}}
    arn = client.create_connector(**request)["connectorArn"]
    wait_connector(client, arn, "RUNNING")
    send('{"n": 0}', '{"n": 1}')
    wait_until(lambda: landed(2), what="the first records in S3", timeout=60)
    send("no JSON", '{"n": 2}')
    wait_connector(client, arn, "FAILED")

    # The service restarts the tasks of a connector that runs; this one has to be made again.
    with pytest.raises(ServiceFailed, match="FAILED"):
        MskConnectRestartConnectorOperator(task_id="restart", connector_arn=arn, **WAITING).execute(context())
    MskConnectDeleteConnectorOperator(task_id="delete", connector_arn=arn, **WAITING).execute(context())
    again = client.create_connector(**{**base, "connectorConfiguration": tolerant})["connectorArn"]
    wait_connector(client, again, "RUNNING")
    send('{"n": 3}')
    wait_until(lambda: landed(4), what="the other records in S3", timeout=60)

    # None is missing, and none was read a second time: objects are named by their first offset.
    assert [line["n"] for line in lines(s3, landing, own_topic)] == [0, 1, 2, 3]
    assert again != arn
    MskConnectDeleteConnectorOperator(task_id="delete", connector_arn=again, **WAITING).execute(context())


def lines(s3: Any, bucket: str, topic: str) -> list[dict[str, Any]]:
    """The landed records of a topic in the order of their objects."""
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"topics/{topic}/").get("Contents", [])
    bodies = [s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in listed]
    return [json.loads(line) for body in bodies for line in body.splitlines()]
