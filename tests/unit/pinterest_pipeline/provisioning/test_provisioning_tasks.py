"""The tasks of provisioning, called as functions: what they make, write, return and refuse."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from airflow.sdk import BaseHook, Connection

from cloud_operators.exceptions import ResourceDiffers, ResourceMissing
from pinterest_pipeline import connections
from pinterest_pipeline.entities import ENTITIES, SMOKE_PARTITION_KEY
from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.provisioning import stream_tasks, tasks
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic
from tests.unit.pinterest_pipeline.fake_streams import FakeApi
from tests.unit.pinterest_pipeline.fakes import FakeRestProxy

BUCKET = "user-sandbox-bucket"
KEY = "kafka-connect-s3/sink.zip"


@pytest.mark.usefixtures("configured")
def test_what_is_noted_is_what_was_not_there(real_s3: Any, kafka: FakeKafka) -> None:
    kafka.topics["sandbox.pin"] = FakeTopic({0: 0})
    tasks.survey_resources.function("batch", {"changes": []}, run_id="manual__1")
    # What the tasks in between make, as far as they come.
    kafka.topics["sandbox.geo"] = FakeTopic({0: 0})
    connections.aws_client("secretsmanager").create_secret(
        Name="airflow/connections/pinterest_api", SecretString="{}"
    )
    tasks.record_resources.function("batch", run_id="manual__1")
    body = real_s3.get_object(Bucket=BUCKET, Key="_state/resources.json")["Body"].read()
    noted = {(entry["kind"], entry["name"]): entry["state"] for entry in json.loads(body)["resources"]}
    assert ("topic", "sandbox.pin") not in noted
    assert {resource for resource, state in noted.items() if state == "created"} == {
        ("bucket", BUCKET),
        ("topic", "sandbox.geo"),
        ("secret", "airflow/connections/pinterest_api"),
    }
    assert noted["topic", "sandbox.user"] == "creating"


@pytest.mark.usefixtures("configured")
def test_the_plugin_file_is_copied_until_a_custom_plugin_is_made_of_it(real_s3: Any, msk: FakeMsk) -> None:
    for bucket in ("artifacts", BUCKET):
        real_s3.create_bucket(Bucket=bucket)
    real_s3.put_object(Bucket="artifacts", Key="sink.zip", Body=b"PK-1")
    assert tasks.copy_plugin_file.function() == KEY
    client = connections.aws_client("kafkaconnect")
    place = {"s3Location": {"bucketArn": f"arn:aws:s3:::{BUCKET}", "fileKey": KEY}}
    client.create_custom_plugin(name="sandbox-plugin", contentType="ZIP", location=place)
    (plugin,) = msk.plugins.values()
    made_of = {"fileMd5": hashlib.md5(b"PK-1").hexdigest(), "fileSize": 4}
    plugin.body["latestRevision"]["fileDescription"] = made_of
    assert tasks.copy_plugin_file.function() == KEY
    real_s3.put_object(Bucket="artifacts", Key="sink.zip", Body=b"PK-2")
    with pytest.raises(ResourceDiffers, match="'sandbox-plugin'"):
        tasks.copy_plugin_file.function()
    assert real_s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"PK-1"


@pytest.fixture
def deployment() -> dict[str, str]:
    """An API of the account that is deployed, as the operator returns it."""
    client = connections.aws_client("apigateway")
    api = client.create_rest_api(name="sandbox")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    client.put_integration(**method, type="MOCK")
    deployed = client.create_deployment(restApiId=api, stageName="test")["id"]
    return {"rest_api_id": api, "deployment_id": deployed, "stage_name": "test"}


def connection_kept() -> Connection:
    client = connections.aws_client("secretsmanager")
    secret = client.get_secret_value(SecretId="airflow/connections/pinterest_api")["SecretString"]
    return Connection.from_json(secret, conn_id="pinterest_api")


@pytest.mark.usefixtures("configured")
def test_the_connection_has_the_key_that_the_stage_wants(deployment: dict[str, str]) -> None:
    assert tasks.write_api_connection.function(deployment) == "created"
    assert tasks.write_api_connection.function(deployment) == "unchanged"
    client = connections.aws_client("apigateway")
    (key,) = client.get_api_keys(includeValues=True)["items"]
    url = f"https://{deployment['rest_api_id']}.execute-api.us-east-1.amazonaws.com/test"
    assert (connection_kept().host, connection_kept().password) == (url, key["value"])
    (plan,) = client.get_usage_plans()["items"]
    assert plan["throttle"] == {"rateLimit": 1000.0, "burstLimit": 2000}
    assert "quota" not in plan
    assert plan["apiStages"] == [{"apiId": deployment["rest_api_id"], "stage": "test"}]
    assert [each["id"] for each in client.get_usage_plan_keys(usagePlanId=plan["id"])["items"]] == [key["id"]]
    assert key["tags"] == tasks.resource_tags()


def test_a_plan_that_is_there_gets_the_limits_that_are_set(
    configured: Any, deployment: dict[str, str]
) -> None:
    configured(API_DAILY_QUOTA="500")
    tasks.write_api_connection.function(deployment)
    configured(API_RATE_LIMIT="7", API_BURST_LIMIT="9")
    tasks.write_api_connection.function(deployment)
    (plan,) = connections.aws_client("apigateway").get_usage_plans()["items"]
    assert plan["throttle"] == {"rateLimit": 7.0, "burstLimit": 9}
    assert not plan.get("quota")


@pytest.mark.usefixtures("configured")
def test_no_log_shows_the_address_or_the_key(
    deployment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="pinterest_pipeline"):
        tasks.write_api_connection.function(deployment)
    assert connection_kept().password not in caplog.text
    assert "execute-api" not in caplog.text


def test_the_connection_has_the_address_that_is_set(configured: Any, deployment: dict[str, str]) -> None:
    configured(REQUIRE_API_KEY="false", API_BASE_URL="https://posts.example.com/test/")
    assert tasks.write_api_connection.function(deployment) == "created"
    assert (connection_kept().host, connection_kept().password) == ("https://posts.example.com/test", None)
    assert connections.aws_client("apigateway").get_api_keys()["items"] == []


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeRestProxy) -> FakeRestProxy:
    """The API behind the connection; each of its topics has one partition."""
    for entity in ENTITIES:
        rest_proxy.topics[f"sandbox.{entity}"] = []
    found = Connection(conn_id="pinterest_api", conn_type="http", host=rest_proxy.url, password="key")
    get = BaseHook.get_connection

    def get_connection(_: Any, conn_id: str) -> Connection:
        return found if conn_id == "pinterest_api" else get(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", classmethod(get_connection))
    return rest_proxy


def test_the_api_must_tell_as_many_partitions_as_the_brokers(api: FakeRestProxy, kafka: FakeKafka) -> None:
    kafka.topics.update({f"sandbox.{entity}": FakeTopic({0: 0}) for entity in ENTITIES})
    tasks.smoke_test_api.function()
    assert {request.headers["x-api-key"] for request in api.requests} == {"key"}
    assert not any(api.topics.values())
    kafka.topics["sandbox.geo"] = FakeTopic({0: 0, 1: 0, 2: 0})
    with pytest.raises(PipelineError, match=r"topic sandbox\.geo with 1 partitions, not 3"):
        tasks.smoke_test_api.function()


@pytest.mark.usefixtures("api")
def test_a_topic_that_the_cluster_lacks_is_named(kafka: FakeKafka) -> None:
    kafka.topics.update({f"sandbox.{entity}": FakeTopic({0: 0}) for entity in ("pin", "user")})
    with pytest.raises(ResourceMissing, match=r"sandbox\.geo"):
        tasks.smoke_test_api.function()


STREAM_ROLE = "arn:aws:iam::123456789012:role/pinterest/kinesis-access"


@pytest.mark.usefixtures("real_s3")
def test_what_the_stream_path_lacks_is_noted_and_then_created(configured: Any, real_s3: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    kinesis = connections.aws_client("kinesis")
    kinesis.create_stream(StreamName="streaming-sandbox-geo", ShardCount=1)
    tasks.survey_resources.function("stream", {"changes": []}, run_id="manual__1")
    kinesis.create_stream(StreamName="streaming-sandbox-pin", ShardCount=1)
    tasks.record_resources.function("stream", run_id="manual__1")
    body = real_s3.get_object(Bucket=BUCKET, Key="_state/resources.json")["Body"].read()
    noted = {(entry["kind"], entry["name"]): entry["state"] for entry in json.loads(body)["resources"]}
    # Nothing of Kafka was looked for, and the stream that was there is not ours.
    assert {kind for kind, _ in noted} == {"bucket", "stream", "rest_api", "api_key", "usage_plan", "secret"}
    assert {name: state for (kind, name), state in noted.items() if kind == "stream"} == {
        "streaming-sandbox-pin": "created",
        "streaming-sandbox-user": "creating",
    }


def test_the_smoke_test_of_streams_takes_the_connection(
    monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeApi
) -> None:
    found = Connection(conn_id="pinterest_api", conn_type="http", host=rest_proxy.url, password="k")
    monkeypatch.setattr(BaseHook, "get_connection", classmethod(lambda _, conn_id: found))
    monkeypatch.setattr(connections, "aws_client", lambda service: rest_proxy.streams)
    stream_tasks.smoke_test_streams.function()
    assert {request.headers["x-api-key"] for request in rest_proxy.requests} == {"k"}
    assert [
        [key for key, _ in rest_proxy.streams.records(f"streaming-sandbox-{entity}")] for entity in ENTITIES
    ] == [[SMOKE_PARTITION_KEY] * 2] * 3
