"""What a plan says of the alarm on the heartbeat."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning import tasks
from pinterest_pipeline.provisioning.heartbeat_alarm import wanted_alarm
from tests.unit.pinterest_pipeline.provisioning.plans import plan_batch, rows

BUCKET = "user-sandbox-bucket"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


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
