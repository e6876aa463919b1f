"""The manifest of a daily run: exactly which objects the notebook reads, from which mark up to which pin."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from pinterest_pipeline.errors import Permanent, PositionLost
from pinterest_pipeline.landing.objects import LandedObject

VERSION = 1


class Mark(TypedDict):
    """The last processed object of a partition.

    :param first_offset: its first offset.
    :param lines: lines that were read from it.
    """

    first_offset: int
    lines: int


class PartitionEntry(TypedDict):
    """One partition in a manifest. ``objects`` are in offset order; the mark's object, if there is one,
    leads.
    """

    partition: int
    pinned_offset: int
    mark: Mark | None
    objects: list[dict[str, Any]]


#: Topic and partition to the mark.
Marks = Mapping[tuple[str, int], Mark]
#: Topic, partition and lowest first offset to the objects from there on.
Lister = Callable[[str, int, int], list[LandedObject]]


def read_marks(rows: list[dict[str, Any]]) -> dict[tuple[str, int], Mark]:
    """The marks from the rows of the table of positions.

    :param rows: rows with ``topic``, ``partition``, ``first_offset`` and ``lines``.
    """
    return {
        (row["topic"], int(row["partition"])): {
            "first_offset": int(row["first_offset"]),
            "lines": int(row["lines"]),
        }
        for row in rows
    }


def build_manifest(
    *,
    run_id: str,
    created_at: str,
    bucket: str,
    full_refresh: bool,
    topics: Mapping[str, str],
    pins: Mapping[str, Mapping[str, int | None]],
    marks: Marks,
    list_objects: Lister,
) -> dict[str, Any]:
    """Make the manifest of one run.

    :param run_id: the DAG run.
    :param created_at: ISO 8601 time in UTC.
    :param bucket: bucket of the landing.
    :param full_refresh: read everything from offset 0; ``marks`` are not looked at.
    :param topics: entity to topic.
    :param pins: topic to partition (as text) to the sink's committed offset, or nothing.
    :param marks: where the runs before have ended.
    :param list_objects: lists a partition.
    :returns: the document as the notebook reads it.
    :raises PositionLost: when a mark is at or above its partition's pin, or the partition has no pin.
    """
    entities = {}
    for entity, topic in topics.items():
        partitions = []
        if not full_refresh:
            _check_marks(topic, pins.get(topic, {}), marks)
        for partition, pin in sorted((int(number), pin or 0) for number, pin in pins.get(topic, {}).items()):
            mark = None if full_refresh else marks.get((topic, partition))
            listed = list_objects(topic, partition, mark["first_offset"] if mark else 0)
            partitions.append(_partition_entry(partition, pin, mark, listed))
        entities[entity] = {"topic": topic, "partitions": partitions}
    return {
        "version": VERSION,
        "run_id": run_id,
        "created_at": created_at,
        "bucket": bucket,
        "full_refresh": full_refresh,
        "entities": entities,
    }


def _check_marks(topic: str, pins: Mapping[str, int | None], marks: Marks) -> None:
    """A marked object began below its run's pin, and commits do not go back.

    So a pin at or below a mark, or none, is that of a topic that was created anew, of a group that was reset
    or forgotten, or of a wait that is older than the mark.
    """
    lost = {
        partition: (mark["first_offset"], pin)
        for (marked, partition), mark in marks.items()
        if marked == topic and ((pin := pins.get(str(partition))) is None or pin <= mark["first_offset"])
    }
    if lost:
        raise PositionLost(topic, lost)


def _partition_entry(
    partition: int, pin: int, mark: Mark | None, listed: list[LandedObject]
) -> PartitionEntry:
    # An object at or above the pin may still be written again with other lines: it waits for the next run.
    # Dead letters at the end of a partition keep the pin below them. They are in no object, and the good
    # record that follows begins an object at or above the pin: nothing is read too early or left out.
    objects = [
        {"key": item.key, "etag": item.etag, "size": item.size, "first_offset": item.first_offset}
        for item in listed
        if item.first_offset < pin
    ]
    return {"partition": partition, "pinned_offset": pin, "mark": mark, "objects": objects}


def manifest_name(run_id: str) -> str:
    """A run's manifest below ``manifests/``.

    Characters that paths dislike are replaced; the hash keeps apart runs whose ids differ only in these.
    """
    readable = re.sub(r"[^A-Za-z0-9_.\-]", "-", run_id)
    return f"{readable}-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}.json"


def write_once(
    s3: Any, uri: str, make: Callable[[], dict[str, Any]], *, run_id: str, full_refresh: bool
) -> dict[str, Any]:
    """Write a manifest unless there is one already: a run that is tried again reads what it read before.

    :param s3: a boto3 S3 client.
    :param uri: ``s3://`` URI of the manifest.
    :param make: makes the manifest; called only when there is none.
    :param run_id: the DAG run.
    :param full_refresh: whether the run reads everything from offset 0.
    :returns: the manifest that is there now.
    :raises Permanent: when the manifest that is there was made for another run or asks for something else.
    """
    found = read_manifest(s3, uri)
    if found is not None:
        for name, wanted in (("run_id", run_id), ("full_refresh", full_refresh)):
            if found.get(name) != wanted:
                raise Permanent(
                    f"the manifest {uri} is there, but with {name} {found.get(name)!r}, not {wanted!r}: "
                    "start a run with another id"
                )
        return found
    document = make()
    bucket, key = split_uri(uri)
    s3.put_object(
        Bucket=bucket, Key=key, Body=json.dumps(document, indent=1).encode(), ContentType="application/json"
    )
    return document


def read_manifest(s3: Any, uri: str) -> dict[str, Any] | None:
    """The manifest at ``uri``, or ``None``.

    :param s3: a boto3 S3 client.
    :param uri: ``s3://`` URI.
    """
    bucket, key = split_uri(uri)
    try:
        document = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None
    return dict(document)


def require_manifest(s3: Any, uri: str) -> dict[str, Any]:
    """The manifest at ``uri``, which the run has written before.

    :param s3: a boto3 S3 client.
    :param uri: ``s3://`` URI.
    :raises Permanent: when it is gone.
    """
    found = read_manifest(s3, uri)
    if found is None:
        raise Permanent(f"the manifest {uri} is gone")
    return found


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
