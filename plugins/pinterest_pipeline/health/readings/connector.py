"""Reads the connector: its state, its task metrics, and the errors in its log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pinterest_pipeline.entities import names
from pinterest_pipeline.health.checks.connector import Point, Reading
from pinterest_pipeline.health.readings.log_lines import tellable
from pinterest_pipeline.health.readings.patience import aws_client, aws_hook

NAMESPACE = "AWS/KafkaConnect"
#: Of each metric the worst within a period is taken.
_METRICS = {"running": ("RunningTaskCount", "Minimum"), "errored": ("ErroredTaskCount", "Maximum")}
PERIOD_S = 60
METRICS_OF = timedelta(minutes=10)
LOG_OF = timedelta(minutes=15)
#: Errors that are told, and seconds after which no further page of the log is read.
MAX_ERRORS = 3
PAGING_S = 2.0


def read(memory: Mapping[str, Any]) -> Reading:
    """Read the connector. Metrics and log are for detail: without them the rest is still worth something.

    :param memory: not needed.
    """
    from cloud_operators.aws.hooks.msk_connect import MskConnectHook

    name = names().connector
    found = aws_hook(MskConnectHook).find_connector(name)
    at = datetime.now(UTC)
    if found is None:
        return Reading(at=at, name=name)
    reason = found.get("stateDescription") or {}
    return Reading(
        at=at,
        name=name,
        state=found["connectorState"],
        reason=": ".join(reason[part] for part in ("code", "message") if reason.get(part))[:300],
        created=found.get("creationTime"),
        **_read_metrics(name, at),
        **_read_log(found, at),
    )


def _read_metrics(connector: str, at: datetime) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    # CloudWatch's periods begin at whole minutes.
    minute = at.replace(second=0, microsecond=0)
    try:
        answer = aws_client("cloudwatch", attempts=1).get_metric_data(
            MetricDataQueries=[
                _query(name, metric, stat, connector) for name, (metric, stat) in _METRICS.items()
            ],
            StartTime=minute - METRICS_OF,
            EndTime=minute + timedelta(seconds=PERIOD_S),
            ScanBy="TimestampDescending",
        )
    except (BotoCoreError, ClientError) as error:
        return {"metrics_trouble": _short(error)}
    return {series["Id"]: _newest(series) for series in answer["MetricDataResults"]}


def _query(name: str, metric: str, stat: str, connector: str) -> dict[str, Any]:
    dimensions = [{"Name": "ConnectorName", "Value": connector}]
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions},
            "Period": PERIOD_S,
            "Stat": stat,
        },
    }


def _newest(series: Mapping[str, Any]) -> Point | None:
    points = sorted(zip(series["Timestamps"], series["Values"], strict=True))
    return Point(value=points[-1][1], at=points[-1][0]) if points else None


def _read_log(connector: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    delivery = (connector.get("logDelivery") or {}).get("workerLogDelivery") or {}
    target = delivery.get("cloudWatchLogs") or {}
    if not target.get("enabled") or not target.get("logGroup"):
        return {}
    logs = aws_client("logs", attempts=1)
    try:
        count, last = _errors(logs, target["logGroup"], connector["connectorName"], at)
    except logs.exceptions.ResourceNotFoundException:
        return {"log_trouble": f"there is no log group {target['logGroup']}"}
    except (BotoCoreError, ClientError) as error:
        return {"log_trouble": _short(error)}
    return {"error_count": count, "errors": last}


def _errors(logs: Any, group: str, connector: str, at: datetime) -> tuple[int, list[str]]:
    """Count the errors, and tell the last ones, each once. The service gives the oldest first."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        filterPattern="ERROR",
        startTime=int((at - LOG_OF).timestamp() * 1000),
        endTime=int((at + timedelta(seconds=1)).timestamp() * 1000),
    )
    count = 0
    last: dict[str, None] = {}
    deadline = time.monotonic() + PAGING_S
    for page in pages:
        for event in sorted(page["events"], key=lambda event: int(event["timestamp"])):
            if (told := tellable(event["message"], connector)) is not None:
                count += 1
                last.pop(told, None)
                last[told] = None
        if time.monotonic() > deadline:
            break
    return count, list(last)[-MAX_ERRORS:]


def _short(error: Exception) -> str:
    """The error without addresses and request ids: AWS's code where there is one."""
    code = getattr(error, "response", {}).get("Error", {}).get("Code")
    return str(code or type(error).__name__)
