"""What MSK Connect puts into CloudWatch and CloudWatch Logs for a connector."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Any

from pinterest_sandbox.aws.msk_connect.records import Connector
from pinterest_sandbox.aws.msk_connect.rest import Status

_log = logging.getLogger(__name__)

NAMESPACE = "AWS/KafkaConnect"


class Monitoring:
    """Writes metrics and error lines through boto3. Its methods block: call them in a thread.

    :param cloudwatch: boto3 client of CloudWatch.
    :param logs: boto3 client of CloudWatch Logs.
    """

    def __init__(self, cloudwatch: Any, logs: Any) -> None:
        self._cloudwatch = cloudwatch
        self._logs = logs

    def publish(self, counts: dict[str, tuple[int, int]]) -> None:
        """Put the task counts of connectors.

        :param counts: connector name to (running tasks, failed tasks).
        """
        data = [
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "ConnectorName", "Value": name}],
                "Value": float(value),
                "Unit": "Count",
            }
            for name, (running, failed) in counts.items()
            for metric, value in (
                ("RunningTaskCount", running),
                ("ErroredTaskCount", failed),
                ("WorkerCount", 1),
            )
        ]
        if data:
            self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)

    def report(self, group: str, stream: str, lines: list[str]) -> None:
        """Write log lines; group and stream are made when they are missing.

        :param group: log group of the connector's log delivery.
        :param stream: log stream of the connector's worker.
        :param lines: messages, each possibly with a stack trace.
        """
        _ignoring_existing(self._logs, self._logs.create_log_group, logGroupName=group)
        _ignoring_existing(self._logs, self._logs.create_log_stream, logGroupName=group, logStreamName=stream)
        stamp = int(time.time() * 1000)
        self._logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": stamp, "message": line} for line in lines],
        )


def _ignoring_existing(client: Any, call: Any, **arguments: str) -> None:
    try:
        call(**arguments)
    except client.exceptions.ResourceAlreadyExistsException:
        _log.debug("%s is there already", arguments)


def log_group(connector: Connector) -> str | None:
    """The log group that the connector's log goes to; ``None`` without delivery to CloudWatch Logs."""
    delivery = (connector.settings.get("logDelivery") or {}).get("workerLogDelivery") or {}
    target = delivery.get("cloudWatchLogs") or {}
    return target.get("logGroup") if target.get("enabled") else None


def log_stream(connector: Connector) -> str:
    """The log stream of the connector's worker."""
    return f"{connector.name}-{connector.arn.rpartition('/')[2]}-1"


def new_errors(connector: Connector, status: Status | None) -> list[str]:
    """Log lines of failures that were not reported yet; they count as reported afterwards.

    :param status: what Connect says; its traces are the failures. Without one, the connector's own failure.
    """
    failures = list(status.traces) if status is not None else []
    if not failures and connector.state == "FAILED":
        failures = [("connector", connector.message or "")]
    keys = {
        hashlib.sha256(f"{place}\n{trace}".encode()).hexdigest()[:16]: (place, trace)
        for place, trace in failures
    }
    fresh = [found for key, found in keys.items() if key not in connector.reported]
    connector.reported = sorted(keys)
    worker = hashlib.sha256(connector.arn.encode()).hexdigest()[:17]
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    return [
        f"[Worker-{worker}] [{moment},000] ERROR [{connector.name}|{place}] {trace.strip()}"
        for place, trace in fresh
    ]
