"""Landed objects: their names, their listing and their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(
    r"topics/(?P<topic>[^/]+)/partition=(?P<partition>\d+)/(?P=topic)\+(?P=partition)\+(?P<offset>\d{10,})\.json"
)
READERS = 8


@dataclass(frozen=True, kw_only=True)
class LandedObject:
    """One object of the landing.

    :param key: S3 key.
    :param etag: ETag without quotes.
    :param size: bytes.
    :param first_offset: Kafka offset of its first line.
    """

    key: str
    etag: str
    size: int
    first_offset: int


def partition_prefix(topic: str, partition: int) -> str:
    """S3 key prefix of one partition's objects."""
    return f"topics/{topic}/partition={partition}/"


def object_key(topic: str, partition: int, first_offset: int) -> str:
    """S3 key of the object whose first line has ``first_offset``."""
    return f"{partition_prefix(topic, partition)}{topic}+{partition}+{first_offset:010d}.json"


def parse_offset(key: str, topic: str, partition: int) -> int | None:
    """The first offset in an object's key, or ``None`` when it is no landed object of this partition."""
    match = _NAME.fullmatch(key)
    if not match or match["topic"] != topic or int(match["partition"]) != partition:
        return None
    return int(match["offset"])


def list_objects(
    s3: Any, bucket: str, topic: str, partition: int, *, from_offset: int = 0
) -> list[LandedObject]:
    """List a partition's objects.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :param topic: Kafka topic.
    :param partition: partition number.
    :param from_offset: objects whose first offset is lower are not even listed.
    :returns: objects in the order of their offsets.
    """
    request = {"Bucket": bucket, "Prefix": partition_prefix(topic, partition)}
    if from_offset > 0:
        # S3 lists what comes behind this key, so the object that begins at ``from_offset`` is the first.
        request["StartAfter"] = object_key(topic, partition, from_offset - 1)
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(**request):
        for entry in page.get("Contents", []):
            offset = parse_offset(entry["Key"], topic, partition)
            if offset is not None:
                found.append(
                    LandedObject(
                        key=entry["Key"],
                        etag=entry["ETag"].strip('"'),
                        size=entry["Size"],
                        first_offset=offset,
                    )
                )
    return sorted(found, key=lambda item: item.first_offset)


def read_lines(s3: Any, bucket: str, keys: Sequence[str]) -> Iterator[list[bytes]]:
    """Read the lines of objects, several objects at a time.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :param keys: object keys.
    :returns: the lines of each object, in the order of ``keys``; see :func:`split_lines`.
    """

    def read(key: str) -> list[bytes]:
        return split_lines(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    with ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="landing") as pool:
        # Not all at once: the pool would read ahead of its consumer without a limit.
        for begin in range(0, len(keys), READERS * 4):
            yield from pool.map(read, keys[begin : begin + READERS * 4])


def split_lines(content: bytes) -> list[bytes]:
    """The lines of an object. Only a line feed ends a line; an end of file does not begin another."""
    lines = content.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines
