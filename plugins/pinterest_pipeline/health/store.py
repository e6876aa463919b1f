"""The records in S3: the latest one, and one object a run as history."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from pinterest_pipeline.health.records import Malformed, Record, Run, parse_record

logger = logging.getLogger(__name__)

LATEST = "health/latest.json"
TOLD = "health/told.json"
PAGE = "health/index.html"
HISTORY = "health/history"
#: Where a document goes that could not be read, for a person to look at.
MALFORMED = "health/malformed"
#: Records that are looked at for what a run has left undone; it is four hours of them.
MOST_EARLIER = 48


def read_latest(s3: Any, bucket: str) -> Record | None:
    """The latest record; nothing before the first run.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :raises Malformed: when it is no record.
    """
    return _read_record(s3, bucket, LATEST)


def read_earlier(s3: Any, bucket: str, record: Record, *, until: Callable[[Run], bool]) -> list[Record]:
    """The records before one, as far as they are wanted, the earliest first.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param record: what is not among them.
    :param until: whether a run, and with it those before it, is not wanted any more.
    """
    found: list[Record] = []
    run = record["follows"]
    while run is not None and len(found) < MOST_EARLIER and not until(run):
        try:
            earlier = _read_record(s3, bucket, history_key(run["checked_at"], run["run_id"]))
        except Malformed as error:
            logger.warning("%s; what it holds is not told later", error)
            break
        if earlier is None:
            break
        found.append(earlier)
        run = earlier["follows"]
    return found[::-1]


def write_record(s3: Any, bucket: str, record: Record) -> str:
    """Keep a record: in the history first, then as the latest.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param record: the record; written again it replaces itself.
    :returns: key of the object in the history.
    """
    key = history_key(record["checked_at"], record["run_id"])
    write_document(s3, bucket, key, record)
    write_document(s3, bucket, LATEST, record)
    return key


def history_key(checked_at: str, run_id: str) -> str:
    """Key of a run's record in the history.

    :param checked_at: ISO 8601 time in UTC, whole seconds.
    :param run_id: the run, whose id may hold what a key should not.
    """
    moment = re.sub(r"[-:]|\+.*", "", checked_at)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", run_id)
    return f"{HISTORY}/date={checked_at[:10]}/{moment}_{name}.json"


def set_aside(s3: Any, bucket: str, key: str, at: str) -> str:
    """Copy a document that can't be read out of the way.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param key: its key.
    :param at: ISO 8601 time in UTC.
    :returns: key of the copy.
    """
    target = f"{MALFORMED}/{re.sub(r'[-:]|[+].*', '', at)}_{key.rpartition('/')[2]}"
    s3.copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": key})
    return target


def _read_record(s3: Any, bucket: str, key: str) -> Record | None:
    body = read_object(s3, bucket, key)
    if body is None:
        return None
    try:
        document = json.loads(body)
        # Parts of it are written again, and not all that can be read can be.
        _written(document)
        return parse_record(document)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"s3://{bucket}/{key} can't be read: {error}") from error


def read_object(s3: Any, bucket: str, key: str) -> bytes | None:
    """An object's content; nothing when it is not there.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param key: its key.
    """
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    return body


def write_document(s3: Any, bucket: str, key: str, document: Any) -> None:
    """Write a JSON document.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param key: its key.
    :param document: what can be written as JSON.
    """
    s3.put_object(Bucket=bucket, Key=key, Body=_written(document), ContentType="application/json")


def write_page(s3: Any, bucket: str, html: str) -> None:
    """Write the page.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param html: the page.
    """
    # One that a browser has kept would show what was.
    s3.put_object(
        Bucket=bucket,
        Key=PAGE,
        Body=html.encode(),
        ContentType="text/html; charset=utf-8",
        CacheControl="no-store",
    )


def _written(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
