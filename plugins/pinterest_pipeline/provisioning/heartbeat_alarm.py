"""The CloudWatch alarm on the heartbeat of ``pinterest_health``, so that a silent monitor is an alarm too.

.. seealso:: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from cloud_operators.exceptions import Difference
from pinterest_pipeline.entities import Names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.changes import Action, Change, changes_of

logger = logging.getLogger(__name__)

KIND = "alarm"
#: The metric that the last task of each run of ``pinterest_health`` puts, every five minutes.
NAMESPACE = "PinterestPipeline"
METRIC = "HealthHeartbeat"
PERIOD_SECONDS = 300
#: So many periods without a heartbeat, one behind the other, are an alarm.
PERIODS = 3
RUNBOOK = "docs/runbooks/health.md"
#: All that PutMetricAlarm sets beside name and tags. It takes back what a request lacks, so each is compared.
SETTINGS = (
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
    "ThresholdMetricId",
    "EvaluationWindow",
    "EvaluationCriteria",
    "EvaluationInterval",
)
_NAME_IS_TAKEN = "its name is taken by a composite alarm: delete that, or use another PINTEREST_USER_ID"


def wanted_alarm(names: Names, topic_arn: str) -> dict[str, Any]:
    """The alarm, as PutMetricAlarm takes it, without tags.

    :param names: names of the resources.
    :param topic_arn: the SNS topic that is told when it goes off, and when it is over.
    """
    minutes = PERIODS * PERIOD_SECONDS // 60
    return {
        "AlarmName": names.heartbeat_alarm,
        "AlarmDescription": (
            f"ALARM: the DAG pinterest_health of the Pinterest pipeline {names.user_id} has put no heartbeat "
            f"for {minutes} minutes, so nobody is told of what fails there. OK: heartbeats come again. "
            f"What to do: {RUNBOOK} of the pipeline's repository. First look whether Airflow's scheduler "
            "runs, whether the DAG is paused, and at its last runs."
        ),
        "ActionsEnabled": True,
        "AlarmActions": [topic_arn],
        "OKActions": [topic_arn],
        "Namespace": NAMESPACE,
        "MetricName": METRIC,
        "Dimensions": [{"Name": "ResourceId", "Value": names.user_id}],
        "Statistic": "Sum",
        "Period": PERIOD_SECONDS,
        "EvaluationPeriods": PERIODS,
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 1.0,
        # Who does not run puts no zero, but nothing.
        "TreatMissingData": "breaching",
    }


def find_alarm(cloudwatch: Any, name: str) -> dict[str, Any] | None:
    """The alarm with this name, as DescribeAlarms shows it; a composite one has an ``AlarmRule``.

    :param cloudwatch: a boto3 CloudWatch client.
    :param name: name of the alarm.
    """
    # Without the types, only those on metrics are found, and both kinds share their names.
    answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return dict(found[0]) if found else None


def has_tags(cloudwatch: Any, arn: str, tags: Mapping[str, str]) -> bool:
    """Whether an alarm has all of these tags. Its ARN is made of its name, so it does not tell whose it is.

    :param cloudwatch: a boto3 CloudWatch client.
    :param arn: ARN of the alarm.
    :param tags: the tags.
    """
    found = cloudwatch.list_tags_for_resource(ResourceARN=arn).get("Tags", [])
    return tags.items() <= {tag["Key"]: tag["Value"] for tag in found}.items()


def alarm_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Difference]:
    """In which settings an alarm on a metric is not as wanted.

    :param wanted: what :func:`wanted_alarm` returned.
    :param found: what :func:`find_alarm` returned.
    :returns: setting to what is wanted and found.
    """
    asked, there = _settings(wanted), _settings(found)
    return {
        setting: Difference(asked.get(setting), there.get(setting))
        for setting in SETTINGS
        if asked.get(setting) != there.get(setting)
    }


def alarm_changes(wanted: Mapping[str, Any], found: Mapping[str, Any] | None, *, region: str) -> list[Change]:
    """Compare the alarm.

    :param wanted: what :func:`wanted_alarm` returned.
    :param found: what :func:`find_alarm` returned.
    :param region: where the alarm is.
    """
    name, (topic,) = wanted["AlarmName"], wanted["AlarmActions"]
    if topic.split(":")[3] != region:
        elsewhere = {"AlarmActions": Difference(wanted=[topic], found=(found or {}).get("AlarmActions"))}
        note = (
            f"an alarm tells topics of its own region only: set PINTEREST_ALERT_TOPIC_ARN to one of {region}"
        )
        return changes_of(KIND, name, elsewhere, Action.REFUSE, note)
    if found is None:
        return [Change(kind=KIND, name=name, action=Action.CREATE)]
    if "AlarmRule" in found:
        taken = {"AlarmRule": Difference(wanted=None, found=found["AlarmRule"])}
        return changes_of(KIND, name, taken, Action.REFUSE, _NAME_IS_TAKEN)
    return changes_of(KIND, name, alarm_differences(wanted, found), Action.UPDATE)


def ensure_alarm(cloudwatch: Any, wanted: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """Make the alarm, or bring one of its name in line; safe to call again.

    :param cloudwatch: a boto3 CloudWatch client.
    :param wanted: what :func:`wanted_alarm` returned.
    :param tags: of a new alarm.
    :returns: ``created``, ``updated`` or ``unchanged``.
    :raises Permanent: when a composite alarm has the name.
    """
    name = wanted["AlarmName"]
    found = find_alarm(cloudwatch, name)
    if found is None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        cloudwatch.put_metric_alarm(**wanted, Tags=listed)
        return "created"
    if "AlarmRule" in found:
        raise Permanent(f"alarm {name}: {_NAME_IS_TAKEN}")
    differences = alarm_differences(wanted, found)
    if not differences:
        return "unchanged"
    cloudwatch.put_metric_alarm(**wanted)
    for setting, difference in differences.items():
        logger.info("Alarm %s: %s was %s, is %s", name, setting, difference.found, difference.wanted)
    return "updated"


def _settings(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an alarm; what is empty is left out, and the order of lists makes no difference."""
    chosen = {setting: alarm[setting] for setting in SETTINGS if alarm.get(setting) not in (None, "", [])}
    for actions in {"AlarmActions", "OKActions", "InsufficientDataActions"} & chosen.keys():
        chosen[actions] = sorted(chosen[actions])
    if dimensions := chosen.get("Dimensions"):
        chosen["Dimensions"] = {each["Name"]: each["Value"] for each in dimensions}
    # A sliding window is what an alarm has that was given none.
    if "SlidingWindow" in chosen.get("EvaluationWindow", ()):
        del chosen["EvaluationWindow"]
    defaults = {
        "ActionsEnabled": True,
        "TreatMissingData": "missing",
        "DatapointsToAlarm": chosen.get("EvaluationPeriods"),
    }
    return defaults | chosen
