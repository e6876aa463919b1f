"""A run of provisioning that is killed behind any of its requests, and the run after it: one of everything.

The steps are those of the DAGs, in an order that their dependencies allow.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloud_operators.aws.operators.apigateway import (
    ApiGatewayCreateDeploymentOperator,
    ApiGatewayPutRestApiOperator,
)
from cloud_operators.aws.operators.kinesis import KinesisCreateStreamOperator, KinesisUpdateStreamOperator
from cloud_operators.aws.operators.msk_connect import (
    MskConnectCreateConnectorOperator,
    MskConnectCreateCustomPluginOperator,
    MskConnectCreateWorkerConfigurationOperator,
    MskConnectDeleteConnectorOperator,
    MskConnectDeleteCustomPluginOperator,
    MskConnectDeleteWorkerConfigurationOperator,
    MskConnectUpdateConnectorOperator,
)
from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator
from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.provisioning import change_tasks, heartbeat_alarm, tasks
from pinterest_pipeline.provisioning.api import API_STAGE
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka
from tests.unit.cloud_operators.running import context
from tests.unit.pinterest_pipeline.provisioning.killing import Killer, Reset, check_each_kill
from tests.unit.pinterest_pipeline.provisioning.plans import BATCH, STREAM

BUCKET = "user-sandbox-bucket"
ROLE = "arn:aws:iam::123456789012:role/pinterest-connector"
STREAM_ROLE = "arn:aws:iam::123456789012:role/pinterest-kinesis"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
DELIVERY = {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True, "logGroup": "/connect/a"}}}
WAITING = {"waiter_delay": 0, "waiter_max_attempts": 20}


def provision_batch(run_id: str, **params: Any) -> None:
    planned = change_tasks.plan_changes.function(
        "batch", params={**BATCH, "dry_run": False, "allow_replace": True, **params}
    )
    changes = planned["changes"]
    tasks.survey_resources.function("batch", planned, run_id=run_id)
    for kind, operator in (
        ("connector", MskConnectDeleteConnectorOperator),
        ("custom_plugin", MskConnectDeleteCustomPluginOperator),
        ("worker_configuration", MskConnectDeleteWorkerConfigurationOperator),
    ):
        for arguments in change_tasks.list_replaced.function(kind, changes):
            operator(task_id="delete", **arguments, **WAITING).execute(context())
    key = tasks.copy_plugin_file.function()
    KafkaEnsureTopicsOperator(task_id="topics", topics=planned["topics"], update=True).execute({})
    plugin = MskConnectCreateCustomPluginOperator(
        task_id="plugin",
        name="sandbox-plugin",
        bucket_arn=planned["bucket_arn"],
        file_key=key,
        **WAITING,
    ).execute(context())
    worker = MskConnectCreateWorkerConfigurationOperator(
        task_id="worker", name="sandbox-worker", properties=planned["worker_properties"]
    ).execute(context())
    for arguments in change_tasks.list_connector_updates.function(planned):
        MskConnectUpdateConnectorOperator(task_id="update", **arguments, **WAITING).execute(context())
    MskConnectCreateConnectorOperator(
        task_id="connector",
        name="sandbox-connector",
        configuration=planned["connector_configuration"],
        cluster_arn=CLUSTER_ARN,
        custom_plugin_arn=plugin,
        worker_configuration_arn=worker,
        service_execution_role_arn=ROLE,
        capacity=planned["connector_capacity"],
        log_delivery=planned["log_delivery"],
        **WAITING,
    ).execute(context())
    tasks.ensure_heartbeat_alarm.function()
    finish("batch", planned, {"restProxyHost": "proxy.example.com:8082"}, run_id)


def provision_stream(run_id: str, **params: Any) -> None:
    planned = change_tasks.plan_changes.function("stream", params={**STREAM, "dry_run": False, **params})
    tasks.survey_resources.function("stream", planned, run_id=run_id)
    for arguments in change_tasks.list_stream_updates.function(planned):
        KinesisUpdateStreamOperator(task_id="update", **arguments, **WAITING).execute(context())
    for arguments in change_tasks.list_streams.function(planned):
        KinesisCreateStreamOperator(task_id="create", **arguments, **WAITING).execute(context())
    finish("stream", planned, planned["stage_variables"], run_id)


def finish(part: str, planned: dict[str, Any], variables: dict[str, str], run_id: str) -> None:
    specification = planned["api_specification"]
    api = ApiGatewayPutRestApiOperator(task_id="api", name="sandbox", specification=specification).execute(
        context()
    )
    deployment = ApiGatewayCreateDeploymentOperator(
        task_id="deploy",
        rest_api_id=api,
        stage_name=API_STAGE,
        stage_variables=variables,
        specification=specification,
    ).execute(context())
    tasks.write_api_connection.function(deployment)
    tasks.record_resources.function(part, run_id=run_id)


def account(msk: FakeMsk, kafka: FakeKafka) -> dict[str, Any]:
    """Names of everything that is there; what is there twice is listed twice."""
    gateway, kinesis = connections.aws_client("apigateway"), connections.aws_client("kinesis")
    s3 = connections.aws_client("s3")
    record = json.loads(s3.get_object(Bucket=BUCKET, Key="_state/resources.json")["Body"].read())
    apis = gateway.get_rest_apis()["items"]
    usage_plans = gateway.get_usage_plans()["items"]
    keys = gateway.get_api_keys()["items"]
    return {
        "topics": {name: (len(topic.ends), topic.config) for name, topic in kafka.topics.items()},
        "plugins": [each.body["name"] for each in msk.plugins.values()],
        "workers": [each.body["name"] for each in msk.workers.values()],
        "connectors": [
            (each.body["connectorName"], each.body["connectorConfiguration"], each.body["capacity"])
            for each in msk.connectors.values()
        ],
        "apis": [api["name"] for api in apis],
        # moto doubles a path that is merged twice.
        "paths": {
            item["path"]
            for api in apis
            for item in gateway.get_resources(restApiId=api["id"])["items"]
            if item.get("resourceMethods")
        },
        "stages": [
            stage["stageName"] for api in apis for stage in gateway.get_stages(restApiId=api["id"])["item"]
        ],
        "usage_plans": [(each["name"], len(each["apiStages"])) for each in usage_plans],
        "keys": [key["name"] for key in keys],
        "bound": [len(gateway.get_usage_plan_keys(usagePlanId=each["id"])["items"]) for each in usage_plans],
        "streams": {
            name: kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"][
                "OpenShardCount"
            ]
            for name in kinesis.list_streams()["StreamNames"]
        },
        "secrets": [
            secret["Name"] for secret in connections.aws_client("secretsmanager").list_secrets()["SecretList"]
        ],
        "alarms": [
            (alarm["AlarmName"], alarm["Period"], alarm["AlarmActions"])
            for alarm in connections.aws_client("cloudwatch").describe_alarms()["MetricAlarms"]
        ],
        "objects": sorted(item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]),
        "record": sorted((entry["kind"], entry["name"], entry["state"]) for entry in record["resources"]),
    }


@pytest.fixture
def fresh(configured: Any, msk: FakeMsk, kafka: FakeKafka, moto_url: str) -> Reset:
    """Makes the account empty, but for the plugin file's bucket."""
    from tests.unit.cloud_operators import moto_server

    def reset() -> None:
        moto_server.reset(moto_url)
        for kept in (msk.plugins, msk.workers, msk.connectors, msk.operations, kafka.topics):
            kept.clear()
        s3 = connections.aws_client("s3")
        s3.create_bucket(Bucket="artifacts")
        s3.put_object(Bucket="artifacts", Key="sink.zip", Body=b"PK-1")

    configured(KINESIS_API_ROLE_ARN=STREAM_ROLE, ALERT_TOPIC_ARN=TOPIC)
    return reset


def test_the_batch_path_killed_anywhere_is_made_once(
    killer: Killer, fresh: Reset, msk: FakeMsk, kafka: FakeKafka
) -> None:
    requests = check_each_kill(killer, fresh, provision_batch, lambda: account(msk, kafka))
    made = account(msk, kafka)
    assert made["record"] == sorted(
        (kind, name, "created")
        for kind, name in [
            ("bucket", BUCKET),
            *(("topic", f"sandbox.{topic}") for topic in ("pin", "geo", "user", "dead-letter")),
            ("plugin_file", "kafka-connect-s3/sink.zip"),
            ("custom_plugin", "sandbox-plugin"),
            ("worker_configuration", "sandbox-worker"),
            ("connector", "sandbox-connector"),
            ("rest_api", "sandbox"),
            ("api_key", "sandbox"),
            ("usage_plan", "sandbox"),
            ("secret", "airflow/connections/pinterest_api"),
            ("alarm", "sandbox-health-heartbeat"),
        ]
    )
    assert {"CreateBucket", "CreateConnector", "create_topics", "PutRestApi", "CreateSecret"} <= set(requests)
    assert requests.count("PutMetricAlarm") == 1


def test_the_stream_path_killed_anywhere_is_made_once(
    killer: Killer, fresh: Reset, msk: FakeMsk, kafka: FakeKafka
) -> None:
    requests = check_each_kill(killer, fresh, provision_stream, lambda: account(msk, kafka))
    assert requests.count("CreateStream") == 3
    assert set(account(msk, kafka)["streams"].values()) == {1}


def test_changes_killed_anywhere_are_made_once(
    killer: Killer, fresh: Reset, msk: FakeMsk, kafka: FakeKafka
) -> None:
    """A newer plugin file, for which the connector is made again, more partitions and another setting.

    The alarm on the heartbeat has a period that somebody else has set.

    The connector keeps what it was set to, which the run that makes it again does not ask for.
    """

    def provisioned() -> None:
        fresh()
        provision_batch("manual__0", flush_size=777, tasks=3, worker_count=2)
        (connector,) = msk.connectors.values()
        connector.body["logDelivery"] = DELIVERY
        (plugin,) = msk.plugins.values()
        plugin.body["latestRevision"]["fileDescription"] = {"fileMd5": "0" * 32, "fileSize": 4}
        alarm = heartbeat_alarm.wanted_alarm(names(), TOPIC) | {"Period": 60}
        connections.aws_client("cloudwatch").put_metric_alarm(**alarm)

    def change(run_id: str) -> None:
        provision_batch(run_id, partitions=2, topic_config={"retention.ms": "1000"})

    def look() -> Any:
        arns = {name: list(kept) for name, kept in vars(msk).items() if name in ("plugins", "connectors")}
        logs = [each.body.get("logDelivery") for each in msk.connectors.values()]
        return account(msk, kafka), {name: len(each) for name, each in arns.items()}, logs

    requests = check_each_kill(killer, provisioned, change, look)
    assert requests.count("DeleteConnector") == requests.count("DeleteCustomPlugin") == 1
    assert requests.count("CreateConnector") == requests.count("CreateCustomPlugin") == 1
    assert "DeleteWorkerConfiguration" not in requests
    assert requests.count("PutMetricAlarm") == 1
    assert account(msk, kafka)["alarms"] == [("sandbox-health-heartbeat", 300, [TOPIC])]
    assert requests.count("create_partitions") == requests.count("incremental_alter_configs") == 3
    ((_, configuration, capacity),) = account(msk, kafka)["connectors"]
    assert (configuration["flush.size"], configuration["tasks.max"]) == ("777", "3")
    assert capacity["provisionedCapacity"]["workerCount"] == 2
    assert [each.body["logDelivery"] for each in msk.connectors.values()] == [DELIVERY]


def test_changed_streams_killed_anywhere_have_their_shards(
    killer: Killer, fresh: Reset, msk: FakeMsk, kafka: FakeKafka
) -> None:
    def provisioned() -> None:
        fresh()
        provision_stream("manual__0")

    def change(run_id: str) -> None:
        provision_stream(run_id, shard_count=2, retention_hours=48)

    requests = check_each_kill(killer, provisioned, change, lambda: account(msk, kafka))
    assert requests.count("UpdateShardCount") == requests.count("IncreaseStreamRetentionPeriod") == 3
    assert set(account(msk, kafka)["streams"].values()) == {2}
