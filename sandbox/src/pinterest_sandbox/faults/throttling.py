"""What Kinesis tells CloudWatch of records that it has throttled.

https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

_log = logging.getLogger(__name__)

NAMESPACE, METRIC = "AWS/Kinesis", "WriteProvisionedThroughputExceeded"
ERROR = "ProvisionedThroughputExceededException"
_WRITES = {"Kinesis_20131202.PutRecord", "Kinesis_20131202.PutRecords"}
#: Seconds over which refusals are added up before they are told.
EVERY_S = 1.0


def refused_records(headers: Mapping[str, str], body: bytes) -> tuple[str, int]:
    """Stream and number of records of a request that is refused; an empty name when it writes none.

    :param headers: of the request.
    :param body: of the request, JSON.
    """
    if headers.get("X-Amz-Target") not in _WRITES:
        return "", 0
    try:
        content = json.loads(body)
        stream = content.get("StreamName") or str(content["StreamARN"]).rpartition("/")[2]
        return str(stream), len(content.get("Records", [1]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return "", 0


class ThrottlingMetric:
    """Adds up refused records and puts them into CloudWatch.

    :param put: takes a namespace and metric data, as ``put_metric_data`` of boto3; it blocks.
    """

    def __init__(self, put: Callable[[str, list[dict[str, Any]]], object]) -> None:
        self._put = put
        self._refused: Counter[str] = Counter()
        self._telling: asyncio.Task[None] | None = None

    def count(self, stream: str, records: int) -> None:
        """Count refused records; they are told within a second or so."""
        self._refused[stream] += records
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._tell_soon())

    async def _tell_soon(self) -> None:
        while self._refused:
            await asyncio.sleep(EVERY_S)
            refused, self._refused = self._refused, Counter()
            data = [
                {
                    "MetricName": METRIC,
                    "Dimensions": [{"Name": "StreamName", "Value": stream}],
                    "Value": float(records),
                    "Unit": "Count",
                }
                for stream, records in refused.items()
            ]
            try:
                await asyncio.to_thread(self._put, NAMESPACE, data)
            except Exception:
                # The gate goes on: a metric that is missing is better than requests that are.
                _log.exception("%s was not told", METRIC)
