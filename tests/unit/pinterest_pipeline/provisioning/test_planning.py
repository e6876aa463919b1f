"""The tasks that plan: what they find, show, refuse and give to the tasks that apply."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from cloud_operators.exceptions import ServiceFailed
from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning import change_tasks, finders, tasks
from pinterest_pipeline.provisioning.heartbeat_alarm import wanted_alarm
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic

BUCKET = "user-sandbox-bucket"
KEY = "kafka-connect-s3/sink.zip"
STREAM_ROLE = "arn:aws:iam::123456789012:role/pinterest/kinesis-access"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
BATCH: dict[str, Any] = {
    "dry_run": True,
    "allow_replace": False,
    "topic_config": {},
    **dict.fromkeys(("partitions", "tasks", "flush_size", "rotate_interval_ms", "mcu_count", "worker_count")),
}
STREAM: dict[str, Any] = {
    "dry_run": True,
    "allow_replace": False,
    **dict.fromkeys(("stream_mode", "shard_count", "retention_hours")),
}


@pytest.fixture
def plugin_source(configured: Any, real_s3: Any) -> Any:
    real_s3.create_bucket(Bucket="artifacts")
    real_s3.put_object(Bucket="artifacts", Key="sink.zip", Body=b"PK-1")
    return real_s3


def plan_batch(**params: Any) -> dict[str, Any]:
    planned: dict[str, Any] = change_tasks.plan_changes.function("batch", params={**BATCH, **params})
    return planned


def plan_stream(**params: Any) -> dict[str, Any]:
    planned: dict[str, Any] = change_tasks.plan_changes.function("stream", params={**STREAM, **params})
    return planned


def rows(planned: dict[str, Any], *kinds: str) -> list[tuple[str, str, str]]:
    return [
        (row["action"], row["name"], row["field"])
        for row in planned["changes"]
        if not kinds or row["kind"] in kinds
    ]


@pytest.mark.usefixtures("plugin_source")
def test_the_plan_of_an_empty_account_creates_everything_and_changes_nothing(
    msk: FakeMsk, kafka: FakeKafka, real_s3: Any
) -> None:
    msk.cluster["NumberOfBrokerNodes"] = 2
    planned = plan_batch(partitions=3, tasks=2, flush_size=700)
    assert {(row["kind"], row["name"]): row["action"] for row in planned["changes"]} == dict.fromkeys(
        [
            ("bucket", BUCKET),
            *(("topic", f"sandbox.{name}") for name in ("pin", "geo", "user", "dead-letter")),
            ("plugin_file", KEY),
            ("custom_plugin", "sandbox-plugin"),
            ("worker_configuration", "sandbox-worker"),
            ("connector", "sandbox-connector"),
            ("rest_api", "sandbox"),
            ("api_stage", "sandbox/test"),
            ("api_key", "sandbox"),
            ("usage_plan", "sandbox"),
            ("secret", "airflow/connections/pinterest_api"),
        ],
        "create",
    )
    assert {
        topic["name"]: (topic["partitions"], topic["replication_factor"]) for topic in planned["topics"]
    } == {
        "sandbox.pin": (3, 2),
        "sandbox.geo": (3, 2),
        "sandbox.user": (3, 2),
        "sandbox.dead-letter": (1, 2),
    }
    configuration = planned["connector_configuration"]
    assert (configuration["tasks.max"], configuration["flush.size"]) == ("2", "700")
    assert (configuration["s3.bucket.name"], configuration["s3.region"]) == (BUCKET, "us-east-1")
    assert "key.converter" in planned["worker_properties"]
    assert "security" in planned["api_specification"]
    assert [bucket["Name"] for bucket in real_s3.list_buckets()["Buckets"]] == ["artifacts"]
    assert (msk.plugins, msk.workers, msk.connectors) == ({}, {}, {})
    assert connections.aws_client("apigateway").get_rest_apis()["items"] == []
    # The brokers were asked whether they would create the topics.
    assert kafka.topics == {}
    assert kafka.requests.count("create_topics") == 4


@pytest.mark.usefixtures("plugin_source")
@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("us-east-1", f"arn:aws:s3:::{BUCKET}"),
        ("us-gov-west-1", f"arn:aws-us-gov:s3:::{BUCKET}"),
        ("cn-north-1", f"arn:aws-cn:s3:::{BUCKET}"),
    ],
)
def test_the_bucket_has_the_partition_of_the_region(
    monkeypatch: pytest.MonkeyPatch, region: str, arn: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    assert plan_batch()["bucket_arn"] == arn


@pytest.mark.usefixtures("plugin_source")
def test_no_key_is_asked_for_when_none_is_wanted(configured: Any) -> None:
    configured(REQUIRE_API_KEY="false")
    planned = plan_batch()
    assert "security" not in planned["api_specification"]
    assert rows(planned, "api_key", "usage_plan") == []


@pytest.fixture
def sink(plugin_source: Any, msk: FakeMsk, kafka: FakeKafka) -> Any:
    """The S3 sink as a run without params makes it; gives the client."""
    planned = plan_batch()
    plugin_source.create_bucket(Bucket=BUCKET)
    tasks.copy_plugin_file.function()
    client = connections.aws_client("kafkaconnect")
    location = {"s3Location": {"bucketArn": planned["bucket_arn"], "fileKey": KEY}}
    plugin = client.create_custom_plugin(name="sandbox-plugin", contentType="ZIP", location=location)
    made_of = {"fileMd5": hashlib.md5(b"PK-1").hexdigest(), "fileSize": 4}
    next(iter(msk.plugins.values())).body["latestRevision"]["fileDescription"] = made_of
    worker = client.create_worker_configuration(
        name="sandbox-worker",
        propertiesFileContent=base64.b64encode(planned["worker_properties"].encode()).decode(),
    )
    from cloud_operators.aws.hooks.msk import MskHook

    client.create_connector(
        connectorName="sandbox-connector",
        connectorConfiguration=planned["connector_configuration"],
        capacity=planned["connector_capacity"],
        kafkaConnectVersion="3.7.x",
        serviceExecutionRoleArn="arn:aws:iam::123456789012:role/pinterest-connector",
        plugins=[{"customPlugin": {"customPluginArn": plugin["customPluginArn"], "revision": 1}}],
        workerConfiguration={
            "workerConfigurationArn": worker["workerConfigurationArn"],
            "revision": worker["latestRevision"]["revision"],
        },
        **MskHook().connect_settings(CLUSTER_ARN),
    )
    for topic in planned["topics"]:
        kafka.topics[topic["name"]] = FakeTopic(
            dict.fromkeys(range(topic["partitions"]), 0), topic["replication_factor"]
        )
    return client


SINK = ("topic", "plugin_file", "custom_plugin", "worker_configuration", "connector")


@pytest.mark.usefixtures("sink")
def test_a_sink_that_is_there_has_no_changes() -> None:
    assert rows(plan_batch(), *SINK) == []
    # The same values, given again.
    assert rows(plan_batch(flush_size=1000, tasks=1, partitions=1, mcu_count=1), *SINK) == []


@pytest.mark.usefixtures("sink")
def test_exactly_what_is_asked_for_differs_and_the_tasks_get_it(msk: FakeMsk) -> None:
    planned = plan_batch(dry_run=False, flush_size=50, topic_config={"retention.ms": "1000"})
    assert rows(planned, *SINK) == [
        *(("update", f"sandbox.{entity}", "config retention.ms") for entity in ("pin", "geo", "user")),
        ("update", "sandbox-connector", "configuration.flush.size"),
    ]
    (update,) = change_tasks.list_connector_updates.function(planned)
    assert update["connector_arn"] in msk.connectors
    assert update["configuration"]["flush.size"] == "50"
    assert change_tasks.list_replaced.function("connector", planned["changes"]) == []


def delivery(group: str) -> dict[str, Any]:
    return {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True, "logGroup": group}}}


@pytest.mark.usefixtures("sink")
def test_another_log_group_makes_the_connector_again_and_none_keeps_what_it_has(
    configured: Any, msk: FakeMsk
) -> None:
    assert plan_batch()["log_delivery"] == {}
    configured(CONNECTOR_LOG_GROUP="/connect/a")
    planned = plan_batch()
    group = "logDelivery.workerLogDelivery.cloudWatchLogs"
    assert rows(planned, "connector") == [
        ("replace", "sandbox-connector", f"{group}.enabled"),
        ("replace", "sandbox-connector", f"{group}.logGroup"),
    ]
    assert planned["log_delivery"] == delivery("/connect/a")
    (connector,) = msk.connectors.values()
    connector.body["logDelivery"] = delivery("/connect/a")
    assert rows(plan_batch(), "connector") == []
    configured()
    planned = plan_batch()
    assert rows(planned, "connector") == []
    assert planned["log_delivery"] == delivery("/connect/a")


def test_a_newer_plugin_file_replaces_plugin_and_connector_only_when_that_is_allowed(
    sink: Any, msk: FakeMsk, real_s3: Any
) -> None:
    real_s3.put_object(Bucket="artifacts", Key="sink.zip", Body=b"PK-2")
    expected = [
        ("update", KEY, "content"),
        ("replace", "sandbox-plugin", "file MD5"),
        ("replace", "sandbox-connector", ""),
    ]
    assert rows(plan_batch(), *SINK) == expected
    with pytest.raises(Permanent, match="set allow_replace"):
        plan_batch(dry_run=False)
    planned = plan_batch(dry_run=False, allow_replace=True)
    assert rows(planned, *SINK) == expected
    replaced = {
        kind: change_tasks.list_replaced.function(kind, planned["changes"])
        for kind in ("connector", "custom_plugin", "worker_configuration")
    }
    assert replaced == {
        "connector": [{"connector_arn": next(iter(msk.connectors))}],
        "custom_plugin": [{"custom_plugin_arn": next(iter(msk.plugins))}],
        "worker_configuration": [],
    }
    assert change_tasks.list_connector_updates.function(planned) == []
    # A run that is taken up after the connector was deleted finds the rest.
    msk.connectors.clear()
    assert change_tasks.list_replaced.function("connector", planned["changes"]) == []


@pytest.mark.usefixtures("sink")
def test_what_somebody_else_has_made_is_ours_only_once_it_is_replaced(real_s3: Any, msk: FakeMsk) -> None:
    (connector,) = msk.connectors.values()
    connector.ending = None
    connector.body["connectorState"] = "FAILED"
    planned = plan_batch(dry_run=False, allow_replace=True)
    assert rows(planned, "connector") == [("replace", "sandbox-connector", "state")]
    tasks.survey_resources.function("batch", planned, run_id="manual__1")

    def noted() -> dict[tuple[str, str], tuple[str, str]]:
        body = real_s3.get_object(Bucket=BUCKET, Key="_state/resources.json")["Body"].read()
        return {
            (entry["kind"], entry["name"]): (entry["state"], entry["identifier"])
            for entry in json.loads(body)["resources"]
        }

    old = next(iter(msk.connectors))
    assert noted()["connector", "sandbox-connector"] == ("creating", old)
    assert ("custom_plugin", "sandbox-plugin") not in noted()
    # The run breaks off, and another one finds the connector as it was.
    tasks.record_resources.function("batch", run_id="manual__2")
    assert noted()["connector", "sandbox-connector"] == ("creating", old)
    msk.connectors["arn:new"] = msk.connectors.pop(old)
    msk.connectors["arn:new"].body["connectorArn"] = "arn:new"
    tasks.record_resources.function("batch", run_id="manual__3")
    assert noted()["connector", "sandbox-connector"] == ("created", "arn:new")


@pytest.mark.usefixtures("sink")
def test_fewer_partitions_are_refused_before_anything_is_changed(kafka: FakeKafka) -> None:
    kafka.topics["sandbox.geo"] = FakeTopic({0: 0, 1: 0, 2: 0})
    assert ("refuse", "sandbox.geo", "partitions") in rows(plan_batch(partitions=2))
    with pytest.raises(
        Permanent, match=r"topic sandbox\.geo: partitions is 3, wanted 2.*leave the param empty"
    ):
        plan_batch(dry_run=False, partitions=2)
    assert len(kafka.topics["sandbox.pin"].ends) == 1


@pytest.mark.usefixtures("plugin_source")
def test_a_plugin_file_with_another_hash_is_refused(configured: Any) -> None:
    configured(CONNECTOR_PLUGIN_SHA256="0" * 64)
    assert ("refuse", KEY, "SHA-256") in rows(plan_batch())
    with pytest.raises(Permanent, match="PINTEREST_CONNECTOR_PLUGIN_SHA256"):
        plan_batch(dry_run=False)


@pytest.mark.usefixtures("plugin_source")
def test_what_the_brokers_would_refuse_is_told_by_the_plan(
    kafka: FakeKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **arguments: Any) -> Any:
        assert arguments["validate_only"] is True
        raise ServiceFailed("topic 'sandbox.pin' on Kafka", "refused", "INVALID_CONFIG", "not a number")

    monkeypatch.setattr("cloud_operators.kafka.hooks.admin.KafkaAdminHook.create_topics", refuse)
    assert ("refuse", "sandbox.pin", "") in rows(plan_batch(topic_config={"retention.ms": "soon"}))
    with pytest.raises(Permanent, match=r"sandbox\.pin.*INVALID_CONFIG.*topic_config"):
        plan_batch(dry_run=False, topic_config={"retention.ms": "soon"})


@pytest.mark.usefixtures("sink")
def test_more_partitions_than_the_brokers_allow_are_told_by_the_plan(
    kafka: FakeKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **arguments: Any) -> Any:
        assert arguments["validate_only"] is True
        raise ServiceFailed("partitions of topic", "refused", "POLICY_VIOLATION", "too many")

    monkeypatch.setattr("cloud_operators.kafka.hooks.admin.KafkaAdminHook.create_partitions", refuse)
    with pytest.raises(Permanent, match=r"sandbox\.geo.*POLICY_VIOLATION.*params partitions"):
        plan_batch(dry_run=False, partitions=64)


def test_after_the_api_is_deployed_only_differences_are_told(configured: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    planned = plan_stream()
    client = connections.aws_client("apigateway")
    api = client.create_rest_api(name="sandbox")["id"]
    assert rows(planned, "rest_api") == [("create", "sandbox", "")]
    found = rows(plan_stream(), "rest_api", "api_stage")
    assert ("update", "sandbox", "PUT /streams/{stream-name}/records") in found
    assert ("create", "sandbox/test", "") in found
    # The part of the batch path is not this one's.
    assert not any("/topics" in field for _, _, field in found)
    assert client.get_deployments(restApiId=api)["items"] == []


@pytest.fixture
def access(configured: Any) -> Any:
    """An API with a stage, its usage plan and key, and the connection's secret; gives the client."""
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    client = connections.aws_client("apigateway")
    api = client.create_rest_api(name="sandbox")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    client.put_integration(**method, type="MOCK")
    deployment = client.create_deployment(restApiId=api, stageName="test")["id"]
    tasks.write_api_connection.function(
        {"rest_api_id": api, "deployment_id": deployment, "stage_name": "test"}
    )
    return client


ACCESS = ("api_key", "usage_plan", "secret")


def test_what_apply_would_mend_of_the_access_is_told(access: Any) -> None:
    assert rows(plan_stream(), *ACCESS) == []
    (plan,) = access.get_usage_plans()["items"]
    (key,) = access.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    access.delete_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"])
    (bound,) = plan["apiStages"]
    stage = {"op": "remove", "path": "/apiStages", "value": f"{bound['apiId']}:{bound['stage']}"}
    access.update_usage_plan(usagePlanId=plan["id"], patchOperations=[stage])
    assert rows(plan_stream(), *ACCESS) == [
        ("update", "sandbox", "apiStages"),
        ("update", "sandbox", "key"),
    ]


def test_a_key_that_somebody_has_disabled_is_refused(access: Any) -> None:
    """Senders would be told 403, and it is not for provisioning to let them in again."""
    (key,) = access.get_api_keys()["items"]
    disable = {"op": "replace", "path": "/enabled", "value": "false"}
    access.update_api_key(apiKey=key["id"], patchOperations=[disable])
    with pytest.raises(Permanent, match=r"api_key sandbox.*enabled.*delete it for a new one"):
        plan_stream(dry_run=False)


def test_another_address_of_the_api_is_told_and_not_shown(access: Any, configured: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE, API_BASE_URL="https://posts.example.com/test")
    planned = plan_stream()
    assert rows(planned, *ACCESS) == [("update", "airflow/connections/pinterest_api", "value")]
    assert "posts.example.com" not in json.dumps(planned["changes"])


@pytest.mark.usefixtures("plugin_source")
def test_the_alarm_on_the_heartbeat_is_planned_for_an_alert_topic(configured: Any) -> None:
    assert rows(plan_batch(), "alarm") == []
    configured(ALERT_TOPIC_ARN=TOPIC)
    assert rows(plan_batch(), "alarm") == [("create", "sandbox-health-heartbeat", "")]
    cloudwatch = connections.aws_client("cloudwatch")
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    wanted = wanted_alarm(names(), TOPIC)
    cloudwatch.put_metric_alarm(**wanted)
    assert rows(plan_batch(), "alarm") == []
    cloudwatch.put_metric_alarm(**wanted | {"Period": 60, "TreatMissingData": "ignore"})
    assert [
        (row["action"], row["field"], row["found"], row["wanted"])
        for row in plan_batch()["changes"]
        if row["kind"] == "alarm"
    ] == [("update", "Period", 60, 300), ("update", "TreatMissingData", "ignore", "breaching")]
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["Period"] == 60


@pytest.mark.usefixtures("plugin_source")
def test_an_alert_topic_of_another_region_is_refused_before_anything_is_changed(configured: Any) -> None:
    configured(ALERT_TOPIC_ARN=TOPIC.replace("us-east-1", "eu-west-1"))
    with pytest.raises(Permanent, match=r"alarm sandbox-health-heartbeat.*AlarmActions.*one of us-east-1"):
        plan_batch(dry_run=False)


@pytest.mark.usefixtures("plugin_source")
def test_an_alarm_that_was_there_is_adopted_and_not_noted(configured: Any, real_s3: Any) -> None:
    configured(ALERT_TOPIC_ARN=TOPIC)
    connections.aws_client("cloudwatch").put_metric_alarm(**wanted_alarm(names(), TOPIC) | {"Period": 60})
    tasks.survey_resources.function("batch", plan_batch(dry_run=False), run_id="manual__1")
    assert tasks.ensure_heartbeat_alarm.function() == "updated"
    tasks.record_resources.function("batch", run_id="manual__1")
    body = real_s3.get_object(Bucket=BUCKET, Key="_state/resources.json")["Body"].read()
    assert "alarm" not in {entry["kind"] for entry in json.loads(body)["resources"]}
    assert rows(plan_batch(), "alarm") == []


def test_a_stream_that_is_being_deleted_is_noted_as_one_that_will_be_made(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    summary = {"StreamARN": "arn", "StreamStatus": "DELETING"}
    monkeypatch.setattr("cloud_operators.aws.hooks.kinesis.KinesisHook.find_stream", lambda *_: summary)
    assert finders.find_streams(["streaming-sandbox-pin"]) == {("stream", "streaming-sandbox-pin"): None}


def test_streams_are_updated_where_they_differ(configured: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    kinesis = connections.aws_client("kinesis")
    for entity in ("pin", "geo"):
        kinesis.create_stream(StreamName=f"streaming-sandbox-{entity}", ShardCount=2)
    planned = plan_stream()
    # Those that are there keep their shards; the new one has the default.
    assert {name: wanted["shard_count"] for name, wanted in planned["streams"].items()} == {
        "streaming-sandbox-pin": 2,
        "streaming-sandbox-geo": 2,
        "streaming-sandbox-user": 1,
    }
    assert rows(planned, "stream") == [("create", "streaming-sandbox-user", "")]
    kinesis.update_shard_count(
        StreamName="streaming-sandbox-geo", TargetShardCount=3, ScalingType="UNIFORM_SCALING"
    )
    planned = plan_stream(dry_run=False, shard_count=2, retention_hours=24)
    assert rows(planned, "stream") == [
        ("update", "streaming-sandbox-geo", "shard_count"),
        ("create", "streaming-sandbox-user", ""),
    ]
    assert change_tasks.list_stream_updates.function(planned) == [
        {
            "stream": "streaming-sandbox-geo",
            "stream_mode": "PROVISIONED",
            "shard_count": 2,
            "retention_hours": 24,
        }
    ]


def test_the_role_is_put_into_the_stream_part(configured: Any) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    planned = plan_stream()
    assert planned["stage_variables"] == {"kinesisRole": "pinterest/kinesis-access"}
    assert set(planned["api_specification"]["paths"]) == {
        "/streams",
        "/streams/{stream-name}",
        "/streams/{stream-name}/record",
        "/streams/{stream-name}/records",
    }
    assert "${AWS_" not in json.dumps(planned["api_specification"])


def test_an_unknown_integration_is_named_before_anything_is_changed(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE)
    wrong = read_include("apigateway/pinterest.json").replace('"type": "aws"', '"type": "awz"', 1)
    monkeypatch.setattr("pinterest_pipeline.provisioning.planning.stream.read_include", lambda _: wrong)
    with pytest.raises(Permanent, match=r"GET /streams.*type.*'awz'.*HTTP_PROXY"):
        plan_stream()


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_ends_with_the_plan(dry_run: bool) -> None:
    assert change_tasks.begin_changes.function(params={"dry_run": dry_run}) is not dry_run
