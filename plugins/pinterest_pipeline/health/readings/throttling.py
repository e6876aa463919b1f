"""Reads from CloudWatch how many records the streams have refused of late.

Metrics of Kinesis: https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pinterest_pipeline.health.readings.patience import aws_client

NAMESPACE, METRIC = "AWS/Kinesis", "WriteProvisionedThroughputExceeded"
PERIOD_S = 60
#: Three intervals of the checks: one that was left out misses nothing.
WINDOW = timedelta(minutes=15)


def read_refused(streams: Sequence[str], at: datetime) -> tuple[dict[str, dict[str, int]] | None, str]:
    """Ask CloudWatch.

    :param streams: names of streams.
    :param at: now.
    :returns: stream to minute, ISO 8601, to refused records; ``None`` and why when it can't be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    minute = at.replace(second=0, microsecond=0)
    queries = [
        {
            "Id": f"s{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": METRIC,
                    "Dimensions": [{"Name": "StreamName", "Value": stream}],
                },
                "Period": PERIOD_S,
                "Stat": "Sum",
            },
        }
        for number, stream in enumerate(streams)
    ]
    try:
        answer = aws_client("cloudwatch", attempts=1).get_metric_data(
            MetricDataQueries=queries, StartTime=minute - WINDOW, EndTime=minute + timedelta(seconds=PERIOD_S)
        )
    except (BotoCoreError, ClientError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code")
        return None, str(code or type(error).__name__)
    found: dict[str, dict[str, int]] = {}
    for series in answer["MetricDataResults"]:
        found[streams[int(series["Id"][1:])]] = {
            time.isoformat(): int(value)
            for time, value in zip(series["Timestamps"], series["Values"], strict=True)
        }
    return found, ""
