"""The alarm on the heartbeat: what is asked for, found, told by the plan, made and changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from botocore.stub import Stubber

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning import tasks
from pinterest_pipeline.provisioning.changes import Action
from pinterest_pipeline.provisioning.heartbeat_alarm import (
    SETTINGS,
    alarm_changes,
    alarm_differences,
    ensure_alarm,
    find_alarm,
    has_tags,
    wanted_alarm,
)

NAME = "sandbox-health-heartbeat"
ARN = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{NAME}"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
OTHER_TOPIC = "arn:aws:sns:us-east-1:123456789012:others"
TAGS = {"pinterest:resource-id": "sandbox", "pinterest:created-by": "airflow"}


@pytest.fixture
def cloudwatch(account: None) -> Any:
    """A client of an account without alarms."""
    return connections.aws_client("cloudwatch")


@pytest.fixture
def wanted() -> dict[str, Any]:
    return wanted_alarm(names(), TOPIC)


def shown(wanted: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """An alarm as DescribeAlarms shows it, with some members otherwise; ``None`` leaves one out."""
    state = {
        "AlarmArn": ARN,
        "InsufficientDataActions": [],
        "StateValue": "OK",
        "StateReason": "Threshold Crossed",
        "AlarmConfigurationUpdatedTimestamp": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return {name: value for name, value in (state | wanted | changed).items() if value is not None}


def told(wanted: dict[str, Any], found: dict[str, Any] | None) -> list[tuple[str, str]]:
    return [(row.action, row.field) for row in alarm_changes(wanted, found, region="us-east-1")]


def test_what_is_asked_for(wanted: dict[str, Any]) -> None:
    described = wanted.pop("AlarmDescription")
    assert wanted == {
        "AlarmName": NAME,
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        "Namespace": "PinterestPipeline",
        "MetricName": "HealthHeartbeat",
        "Dimensions": [{"Name": "ResourceId", "Value": "sandbox"}],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 3,
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 1.0,
        "TreatMissingData": "breaching",
    }
    for said in ("pinterest_health", "sandbox", "15 minutes", "docs/runbooks/health.md"):
        assert said in described
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    assert len(described) <= 1024


def test_what_the_health_dag_puts_is_what_the_alarm_sums(cloudwatch: Any, wanted: dict[str, Any]) -> None:
    from pinterest_pipeline.health import tasks as health

    health.put_heartbeat.function({"components": {}})
    now = datetime.now(UTC)
    (point,) = cloudwatch.get_metric_statistics(
        Namespace=wanted["Namespace"],
        MetricName=wanted["MetricName"],
        Dimensions=wanted["Dimensions"],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=600,
        Statistics=[wanted["Statistic"]],
    )["Datapoints"]
    assert point["Sum"] >= wanted["Threshold"]


def test_all_that_the_request_sets_is_compared() -> None:
    """What a request lacks is taken back, so that the plan has to tell of it."""
    operation = (
        botocore.session.get_session().get_service_model("cloudwatch").operation_model("PutMetricAlarm")
    )
    assert set(SETTINGS) == operation.input_shape.members.keys() - {"AlarmName", "Tags"}


def test_it_is_made_once_with_its_tags(cloudwatch: Any, wanted: dict[str, Any]) -> None:
    assert find_alarm(cloudwatch, NAME) is None
    assert told(wanted, None) == [("create", "")]
    assert ensure_alarm(cloudwatch, wanted, TAGS) == "created"
    (found,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert {name: found[name] for name in wanted} == wanted
    assert found["AlarmArn"] == ARN
    assert has_tags(cloudwatch, ARN, TAGS)
    assert told(wanted, found) == []
    assert ensure_alarm(cloudwatch, wanted, TAGS) == "unchanged"
    # Each PutMetricAlarm would set another date.
    assert cloudwatch.describe_alarms()["MetricAlarms"] == [found]


def test_one_that_is_there_is_changed_in_place_and_stays_somebody_elses(
    cloudwatch: Any, wanted: dict[str, Any]
) -> None:
    others = wanted | {
        "AlarmActions": [OTHER_TOPIC],
        "OKActions": [],
        "ActionsEnabled": False,
        "DatapointsToAlarm": 2,
        "Unit": "Count",
    }
    cloudwatch.put_metric_alarm(**others)
    cloudwatch.put_metric_alarm(**wanted | {"AlarmName": f"{NAME}-2"})
    found = find_alarm(cloudwatch, NAME)
    assert found
    rows = alarm_changes(wanted, found, region="us-east-1")
    assert {row.field: (row.found, row.wanted) for row in rows} == {
        "ActionsEnabled": (False, True),
        "OKActions": (None, [TOPIC]),
        "AlarmActions": ([OTHER_TOPIC], [TOPIC]),
        "Unit": ("Count", None),
        "DatapointsToAlarm": (2, 3),
    }
    assert {row.action for row in rows} == {Action.UPDATE}
    assert {(row.kind, row.name) for row in rows} == {("alarm", NAME)}
    assert ensure_alarm(cloudwatch, wanted, TAGS) == "updated"
    changed = find_alarm(cloudwatch, NAME)
    assert changed
    assert alarm_differences(wanted, changed) == {}
    assert ensure_alarm(cloudwatch, wanted, TAGS) == "unchanged"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("Dimensions", [{"Name": "ResourceId", "Value": "another"}]),
        ("Namespace", "AWS/Kinesis"),
        ("MetricName", "UnhealthyComponents"),
        ("Statistic", "SampleCount"),
        ("Period", 299),
        ("EvaluationPeriods", 3.5),
        ("Threshold", 1.5),
        ("ComparisonOperator", "LessThanOrEqualToThreshold"),
        ("TreatMissingData", None),
        ("AlarmDescription", None),
        ("InsufficientDataActions", [TOPIC]),
        ("AlarmActions", [TOPIC, OTHER_TOPIC]),
        ("Metrics", [{"Id": "m1", "Expression": "SUM(METRICS())"}]),
        ("EvaluationWindow", {"WallClockWindow": {"Timezone": "UTC"}}),
    ],
)
def test_each_setting_that_differs_is_told(wanted: dict[str, Any], setting: str, value: Any) -> None:
    found = shown(wanted, DatapointsToAlarm=3, **{setting: value})
    assert told(wanted, found) == [("update", setting)]


@pytest.mark.parametrize(
    "changed",
    [
        {"DatapointsToAlarm": 3},
        {"ActionsEnabled": None},
        {"Threshold": 1},
        {"EvaluationWindow": {"SlidingWindow": {}}},
        {"Metrics": [], "Unit": ""},
    ],
    ids=str,
)
def test_what_says_the_same_in_another_way_is_no_difference(
    wanted: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert told(wanted, shown(wanted, **changed)) == []


def test_the_order_of_actions_and_dimensions_makes_no_difference(wanted: dict[str, Any]) -> None:
    several = wanted | {
        "OKActions": [TOPIC, OTHER_TOPIC],
        "Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}],
    }
    turned = {name: several[name][::-1] for name in ("OKActions", "Dimensions")}
    assert alarm_differences(several, several | turned) == {}


def test_a_composite_alarm_of_the_name_is_refused(cloudwatch: Any, wanted: dict[str, Any]) -> None:
    """It is shown only to who asks for both kinds; nothing is put."""
    asked = {"AlarmNames": [NAME], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    there = {"AlarmName": NAME, "AlarmArn": ARN, "AlarmRule": 'ALARM("another")'}
    with Stubber(cloudwatch) as stubber:
        for _ in range(2):
            stubber.add_response("describe_alarms", {"MetricAlarms": [], "CompositeAlarms": [there]}, asked)
        found = find_alarm(cloudwatch, NAME)
        with pytest.raises(Permanent, match=f"{NAME}.*composite"):
            ensure_alarm(cloudwatch, wanted, TAGS)
        stubber.assert_no_pending_responses()
    (row,) = alarm_changes(wanted, found, region="us-east-1")
    assert (row.action, row.field, row.found) == ("refuse", "AlarmRule", there["AlarmRule"])
    assert "PINTEREST_USER_ID" in row.note


@pytest.mark.parametrize("there", [True, False])
def test_a_topic_of_another_region_is_refused(wanted: dict[str, Any], there: bool) -> None:
    (row,) = alarm_changes(wanted, shown(wanted) if there else None, region="eu-west-1")
    assert (row.action, row.field, row.wanted) == ("refuse", "AlarmActions", [TOPIC])
    assert "PINTEREST_ALERT_TOPIC_ARN to one of eu-west-1" in row.note


@pytest.mark.parametrize(
    ("tags", "ours"),
    [(TAGS | {"more": "of it"}, True), ({"pinterest:created-by": "airflow"}, False), ({}, False)],
)
def test_ours_has_all_tags(cloudwatch: Any, wanted: dict[str, Any], tags: dict[str, str], ours: bool) -> None:
    ensure_alarm(cloudwatch, wanted, tags)
    assert has_tags(cloudwatch, ARN, TAGS) is ours


def test_the_task_makes_it_for_the_alert_topic(cloudwatch: Any, configured: Any) -> None:
    configured(ALERT_TOPIC_ARN=TOPIC)
    assert [tasks.ensure_heartbeat_alarm.function() for _ in range(2)] == ["created", "unchanged"]
    (found,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (found["AlarmName"], found["AlarmActions"], found["OKActions"]) == (NAME, [TOPIC], [TOPIC])
    assert has_tags(cloudwatch, ARN, TAGS)


def test_without_an_alert_topic_none_is_made(cloudwatch: Any, configured: Any) -> None:
    configured()
    with pytest.raises(AirflowSkipException, match="PINTEREST_ALERT_TOPIC_ARN"):
        tasks.ensure_heartbeat_alarm.function()
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
