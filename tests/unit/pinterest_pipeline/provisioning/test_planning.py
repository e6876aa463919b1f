"""Whole plans: what an empty account lacks, and where a dry run ends."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline import connections
from pinterest_pipeline.provisioning import change_tasks
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka
from tests.unit.pinterest_pipeline.provisioning.plans import plan_batch, rows

BUCKET = "user-sandbox-bucket"
KEY = "kafka-connect-s3/sink.zip"


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


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_ends_with_the_plan(dry_run: bool) -> None:
    assert change_tasks.begin_changes.function(params={"dry_run": dry_run}) is not dry_run
