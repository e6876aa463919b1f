"""What a plan says of topics and the S3 sink, and what the tasks that apply it get."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from cloud_operators.exceptions import ServiceFailed
from pinterest_pipeline import connections
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning import change_tasks, tasks
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic
from tests.unit.pinterest_pipeline.provisioning.plans import plan_batch, rows

BUCKET = "user-sandbox-bucket"
KEY = "kafka-connect-s3/sink.zip"


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
