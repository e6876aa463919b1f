"""The most that Kinesis takes from a bare load generator: the ceiling of a burst on the stream path.

It follows https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.bench.load import Prepared, send_all
from pinterest_sandbox.config import ACCESS_KEY, REGION, SECRET_KEY, Config

#: Not one of the pipeline's streams: nobody reads it.
STREAM = "bench"


def records_per_second(
    config: Config, rows: list[dict[str, Any]], *, records: int, batch_size: int, connections: int
) -> float:
    """Put records into a stream of its own, with requests that were signed before.

    :param rows: values of the records, taken in turn.
    :param records: how many are put in all.
    :param batch_size: records of one request.
    :param connections: requests at a time.
    :returns: acknowledged records a second.
    :raises RuntimeError: when a record is refused.
    """
    kinesis = aws_client("kinesis", config.url("moto"))
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    try:
        kinesis.get_waiter("stream_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1})
        requests = list(islice(_requests(config, rows, batch_size), max(1, records // batch_size)))
        return asyncio.run(send_all(requests, connections=connections, acknowledged=_acknowledged))
    finally:
        kinesis.delete_stream(StreamName=STREAM)


def _requests(config: Config, rows: list[dict[str, Any]], batch_size: int) -> Iterator[Prepared]:
    signer = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "kinesis", REGION)
    values = cycle(rows)
    while True:
        entries = [
            {
                "Data": base64.b64encode(json.dumps(value, default=str).encode()).decode(),
                "PartitionKey": str(value.get("index", value.get("ind"))),
            }
            for value in islice(values, batch_size)
        ]
        request = AWSRequest(
            method="POST",
            url=config.url("moto", "/"),
            data=json.dumps({"StreamName": STREAM, "Records": entries}).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "Kinesis_20131202.PutRecords",
            },
        )
        signer.add_auth(request)
        yield Prepared(url=request.url, headers=dict(request.headers), body=request.data)


def _acknowledged(document: dict[str, Any]) -> int:
    if document["FailedRecordCount"]:
        raise RuntimeError(f"Kinesis refuses records: {str(document)[:300]}")
    return len(document["Records"])
