"""The smoke record: posted to a stream through the API, and read back from Kinesis."""

from __future__ import annotations

import json
import time
import uuid
from functools import partial
from typing import Any

import requests

from pinterest_pipeline.entities import SMOKE_PARTITION_KEY
from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.provisioning.asking import SETTLE_SECONDS, ask_api, until_settled

#: Seconds within which a record that was acknowledged can be read.
READ_SECONDS = 30.0
_PAUSE_S = 0.25


def check_streams(
    url: str, api_key: str, kinesis: Any, streams: list[str], *, settle_seconds: float = SETTLE_SECONDS
) -> None:
    """Post one record to each stream through the API, and read it back from the stream itself.

    API, mapping template, execution role and stream all have a part in it.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html

    :param url: the API's invoke URL.
    :param api_key: key of the API, or an empty text.
    :param kinesis: a boto3 Kinesis client.
    :param streams: names of the streams.
    :param settle_seconds: how long refusals are put down to a deployment that is still spreading.
    :raises PipelineError: when a record is refused, cannot be read, or is another one than was posted.
    """
    deadline = time.monotonic() + settle_seconds
    with requests.Session() as session:
        if api_key:
            session.headers["x-api-key"] = api_key
        for stream in streams:
            # Of every kind that JSON has: a template that spoils one is found here.
            data: dict[str, Any] = {
                "smoke_test": str(uuid.uuid4()),
                "text": "❄ \"'\\",
                "list": [1, 2.5, None, True, {}],
            }
            shard, number = until_settled(deadline, partial(_put, session, url, stream, data))
            _compare(stream, data, _read(kinesis, stream, shard, number))


def _put(session: requests.Session, url: str, stream: str, data: dict[str, Any]) -> tuple[str, str]:
    path = f"/streams/{stream}/record"
    body = {"Data": data, "PartitionKey": SMOKE_PARTITION_KEY}
    answer = ask_api(session, "PUT", url, path, json=body)
    if answer.status_code != 200:
        raise PipelineError(f"PUT {path}: the API answered {answer.status_code}: {answer.text[:200]}")
    try:
        document = answer.json()
        return str(document["ShardId"]), str(document["SequenceNumber"])
    except (ValueError, KeyError, TypeError):
        raise PipelineError(
            f"PUT {path}: the answer has no shard and sequence number: {answer.text[:200]}"
        ) from None


def _read(kinesis: Any, stream: str, shard: str, number: str) -> bytes:
    deadline = time.monotonic() + READ_SECONDS
    iterator = kinesis.get_shard_iterator(
        StreamName=stream,
        ShardId=shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=number,
    )["ShardIterator"]
    while iterator and time.monotonic() < deadline:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=1)
        for record in answer["Records"]:
            if record["SequenceNumber"] == number:
                return bytes(record["Data"])
        iterator = answer.get("NextShardIterator")
        # A shard may be read five times a second.
        time.sleep(_PAUSE_S)
    raise PipelineError(f"stream {stream}: the smoke record {number} was acknowledged, but {shard} lacks it")


def _compare(stream: str, posted: dict[str, Any], found: bytes) -> None:
    try:
        document = json.loads(found)
    except ValueError:
        document = None
    if document != posted:
        raise PipelineError(
            f"stream {stream}: the smoke record came out as {found[:200]!r}, so the API's mapping template "
            "spoils records"
        )
