"""The running sandbox with faults on purpose: its real clients ride them out, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests
from airflow.providers.databricks.hooks.databricks import DatabricksHook
from botocore.exceptions import ClientError
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.msk_connect_surroundings import (
    KafkaCluster,
    Surroundings,
    prepare_surroundings,
    remove_surroundings,
    wait_connector,
)
from tests.faults import Faults
from tests.running_sandbox import RunningSandbox
from tests.sandbox.databricks.client import WorkspaceClient

TOPIC = "faultring.pin"


@pytest.fixture
def faults(sandbox: RunningSandbox) -> Iterator[Faults]:
    faults = Faults(sandbox)
    yield faults
    faults.clear()


@pytest.fixture
def bucket(sandbox: RunningSandbox) -> str:
    name = f"faultring-{uuid4().hex[:8]}"
    aws_client("s3", sandbox.url("moto")).create_bucket(Bucket=name)
    return name


@pytest.fixture
def surroundings(sandbox: RunningSandbox, bucket: str) -> Iterator[Surroundings]:
    admin = AdminClient({"bootstrap.servers": sandbox.address("kafka")})
    admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])[TOPIC].result(30)
    made = prepare_surroundings(
        aws_client("kafkaconnect", sandbox.url("msk_connect")),
        prefix="faultring",
        bucket="sandbox-artifacts",
        plugin_key="s3-sink.zip",
        cluster=KafkaCluster(bootstrap=sandbox.address("kafka")),
        configuration={
            "topics": TOPIC,
            "topics.dir": "topics",
            "s3.bucket.name": bucket,
            "s3.region": "us-east-1",
            "storage.class": "io.confluent.connect.s3.storage.S3Storage",
            "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
            "partitioner.class": "io.confluent.connect.storage.partitioner.DefaultPartitioner",
            "flush.size": "20",
            "rotate.schedule.interval.ms": "500",
            "timezone": "UTC",
        },
    )
    yield made
    remove_surroundings(made)
    admin.delete_topics([TOPIC])[TOPIC].result(30)


def test_every_record_lands_once_though_records_and_uploads_are_refused(
    sandbox: RunningSandbox, surroundings: Surroundings, faults: Faults, bucket: str
) -> None:
    client = surroundings.client
    arn = client.create_connector(**surroundings.connector_request("landing"))["connectorArn"]
    wait_connector(client, arn, "RUNNING")
    faults.begin("s3", "--client", "connector", "--error", "SlowDown", "--share", "0.5")
    faults.begin("rest-proxy", "--client", "other", "--refuse-records", "--share", "0.2")

    left, posts = list(range(400)), 0
    while left:
        offsets = _post(sandbox, left)
        left = [number for number, offset in zip(left, offsets, strict=True) if offset["error_code"]]
        posts += 1
    assert posts > 1

    landed: list[int] = []

    def all_landed() -> None:
        landed[:] = _landed(sandbox, bucket)
        if len(landed) < 400:
            raise NotReady(f"{len(landed)} of 400 lines")

    wait_until(all_landed, what="records in S3", timeout=90)
    assert sorted(landed) == list(range(400))
    uploads, records = faults.struck()
    assert uploads >= 1
    # 400, then a fifth of them, then a fifth of that, ...: one refusal for every fifth record sent.
    assert records >= 400 // 5
    assert client.describe_connector(connectorArn=arn)["connectorState"] == "RUNNING"


def _post(sandbox: RunningSandbox, numbers: list[int]) -> list[dict[str, Any]]:
    answer = requests.post(
        f"{sandbox.environment['SANDBOX_REST_PROXY_URL']}/topics/{TOPIC}",
        data=json.dumps({"records": [{"value": {"index": number}} for number in numbers]}),
        headers={"Content-Type": "application/vnd.kafka.json.v2+json"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    offsets: list[dict[str, Any]] = answer.json()["offsets"]
    return offsets


def _landed(sandbox: RunningSandbox, bucket: str) -> list[int]:
    s3 = aws_client("s3", sandbox.url("moto"))
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="topics/"):
        for item in page.get("Contents", []):
            text = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
            found += [int(json.loads(line)["index"]) for line in text.splitlines()]
    return found


@pytest.fixture
def workspace(sandbox: RunningSandbox, faults: Faults) -> Iterator[WorkspaceClient]:
    """The workspace as ``sandbox env`` names it."""
    environment = sandbox.environment
    client = WorkspaceClient(
        environment["DATABRICKS_HOST"], environment["DATABRICKS_TOKEN"], f"/Shared/{uuid4().hex}"
    )
    client.post("2.0/workspace/mkdirs", path=client.folder)
    yield client
    faults.clear()
    client.post("2.0/workspace/delete", path=client.folder, recursive=True)


def test_spark_rides_out_that_s3_slows_it_down(
    sandbox: RunningSandbox, workspace: WorkspaceClient, faults: Faults, bucket: str
) -> None:
    s3 = aws_client("s3", sandbox.url("moto"))
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"in/{number}.json", Body=f'{{"n": {number}}}\n'.encode())
    path = workspace.notebook(
        f'rows = spark.read.schema("n INT").json("s3://{bucket}/in/")\n'
        f'rows.selectExpr("n * 10 AS n").write.json("s3a://{bucket}/out")\n'
        f'written = spark.read.schema("n INT").json("s3a://{bucket}/out")\n'
        'dbutils.notebook.exit(written.selectExpr("sum(n)").first()[0])'
    )
    faults.begin("s3", "--client", "spark", "--error", "SlowDown", "--share", "0.2")
    assert workspace.result(path) == "100"
    assert faults.struck()[0] >= 3


def test_a_statement_runs_and_a_fault_of_databricks_is_in_its_own_form(
    workspace: WorkspaceClient, faults: Faults
) -> None:
    assert workspace.rows("SELECT 1 + 1 AS n") == [["2"]]
    faults.begin("databricks", "--client", "other", "--status", "503")
    refused = workspace.call("POST", "2.0/sql/statements", json={"statement": "SELECT 1"})
    assert refused.status_code == 503
    assert refused.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
    faults.clear()
    assert workspace.rows("SELECT 1 + 1 AS n") == [["2"]]


def test_the_providers_hook_tries_again(
    sandbox: RunningSandbox, workspace: WorkspaceClient, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(workspace.url.rpartition(":")[2])
    connection = {
        "conn_type": "databricks",
        "host": "127.0.0.1",
        "port": port,
        "schema": "http",
        "password": sandbox.databricks_token,
    }
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))
    run = workspace.submit(workspace.notebook("dbutils.notebook.exit('done')"))
    workspace.wait(run)
    faults.begin("databricks", "--client", "other", "--error", "TEMPORARILY_UNAVAILABLE", "--share", "0.5")
    hook = DatabricksHook(retry_delay=0.1)
    states = [hook.get_run_state(run).result_state for _ in range(4)]
    assert states == ["SUCCESS"] * 4
    assert faults.struck()[0] >= 3


def test_boto_of_a_client_outside_meets_the_fault_and_airflow_does_not(
    sandbox: RunningSandbox, faults: Faults, bucket: str
) -> None:
    # boto3 does not send again what is refused for good.
    faults.begin("s3", "--client", "other", "--error", "AccessDenied")
    outside = aws_client("s3", sandbox.environment["AWS_ENDPOINT_URL_S3"])
    with pytest.raises(ClientError) as refused:
        outside.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    airflow = aws_client("s3", sandbox.url("s3@airflow"))
    airflow.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert airflow.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"


def test_a_killed_gate_comes_back_without_faults(sandbox: RunningSandbox, faults: Faults) -> None:
    faults.begin("s3", "--status", "503")
    sandbox.command("kill", "fault-gate")

    def answers() -> None:
        if faults.struck() != []:
            raise NotReady("its faults are still there")

    wait_until(answers, what="the gate", timeout=30)
    aws_client("s3", sandbox.environment["AWS_ENDPOINT_URL_S3"]).list_buckets()
