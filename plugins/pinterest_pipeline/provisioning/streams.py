"""The smoke records: put into a stream by each method of the API, and read back from Kinesis."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import requests

from pinterest_pipeline.entities import SMOKE_PARTITION_KEY
from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.provisioning.asking import SETTLE_SECONDS, ask_api, until_settled

#: Seconds within which a record that was acknowledged can be read.
READ_SECONDS = 30.0
_PAUSE_S = 0.25


class Method(NamedTuple):
    """A method of the API that puts records into a stream.

    :param name: Kinesis's name of it.
    :param path: its path below the stream's.
    :param write: the body of a request that puts one record with some data.
    :param read: what the answer says of that record; raises when it says nothing.
    """

    name: str
    path: str
    write: Callable[[Any], dict[str, Any]]
    read: Callable[[Any], Mapping[str, Any]]


METHODS = (
    Method(
        "PutRecord",
        "record",
        lambda data: {"Data": data, "PartitionKey": SMOKE_PARTITION_KEY},
        lambda document: document,
    ),
    # The one that the burst uses.
    Method(
        "PutRecords",
        "records",
        lambda data: {"records": [{"data": data, "partition-key": SMOKE_PARTITION_KEY}]},
        lambda document: document["Records"][0],
    ),
)


def check_streams(
    url: str, api_key: str, kinesis: Any, streams: list[str], *, settle_seconds: float = SETTLE_SECONDS
) -> None:
    """Post one record to each stream through each method of the API, and read it back from the stream itself.

    API, mapping templates, execution role and stream all have a part in it.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html,
        https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html

    :param url: the API's invoke URL.
    :param api_key: key of the API, or an empty text.
    :param kinesis: a boto3 Kinesis client.
    :param streams: names of the streams.
    :param settle_seconds: how long refusals are put down to a deployment that is still spreading.
    :raises PipelineError: when a record is refused, cannot be read, or is another one than was posted; it
        names the method.
    """
    deadline = time.monotonic() + settle_seconds
    with requests.Session() as session:
        if api_key:
            session.headers["x-api-key"] = api_key
        for stream in streams:
            for method in METHODS:
                # Of every kind that JSON has: a template that spoils one is found here.
                data: dict[str, Any] = {
                    "smoke_test": str(uuid.uuid4()),
                    "text": "❄ \"'\\",
                    "list": [1, 2.5, None, True, {}],
                }
                put = partial(_put, session, url, stream, method, data)
                shard, number = until_settled(deadline, put)
                _compare(stream, method, data, _read(kinesis, stream, method, shard, number))


def _put(
    session: requests.Session, url: str, stream: str, method: Method, data: dict[str, Any]
) -> tuple[str, str]:
    path = f"/streams/{stream}/{method.path}"
    answer = ask_api(session, "PUT", url, path, json=method.write(data))
    if answer.status_code != 200:
        raise PipelineError(
            f"{method.name} by PUT {path}: the API answered {answer.status_code}: {answer.text[:200]}"
        )
    try:
        told = method.read(answer.json())
        return str(told["ShardId"]), str(told["SequenceNumber"])
    except (ValueError, LookupError, TypeError):
        # A record that is refused inside a 200 has an error in their place.
        raise PipelineError(
            f"{method.name} by PUT {path}: the answer has no shard and sequence number: {answer.text[:200]}"
        ) from None


def _read(kinesis: Any, stream: str, method: Method, shard: str, number: str) -> bytes:
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
    raise PipelineError(
        f"stream {stream}: the smoke record {number} of {method.name} was acknowledged, but {shard} lacks it"
    )


def _compare(stream: str, method: Method, posted: dict[str, Any], found: bytes) -> None:
    try:
        document = json.loads(found)
    except ValueError:
        document = None
    if document != posted:
        raise PipelineError(
            f"stream {stream}: the smoke record of {method.name} came out as {found[:200]!r}, so the API's "
            f"mapping template of {method.name} spoils records"
        )
