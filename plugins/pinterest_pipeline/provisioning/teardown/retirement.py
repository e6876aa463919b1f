"""Landed objects, moved out of the way of the sink that comes next.

A topic that is made again begins at offset 0, and the sink would write its objects over those of the same
name that are kept. So they are copied to ``retired/<time>/`` by S3, looked at, and only then deleted where
they were. Broken off at any point, the same again goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Any, NamedTuple

from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.landing.objects import READERS

logger = logging.getLogger(__name__)

FOLDER = "retired"
#: How many objects are copied before they are deleted, and how many S3 deletes at once.
BATCH = 1000


class Object(NamedTuple):
    """An object as S3 lists it."""

    key: str
    size: int
    etag: str
    modified: datetime


class Occupied(PipelineError):
    """Where an object shall go, another one lies: an earlier teardown that broke off has moved it there."""


def retired_prefix(begun: str) -> str:
    """Folder of the objects of one teardown, with a slash at the end.

    :param begun: its time.
    """
    return f"{FOLDER}/{begun.replace('+00:00', 'Z').replace(':', '-')}/"


def retire_objects(s3: Any, bucket: str, prefix: str, target: str) -> int:
    """Move all objects below a prefix.

    :param s3: a boto3 S3 client.
    :param bucket: the pipeline's bucket.
    :param prefix: key prefix of what is moved, with a slash at the end.
    :param target: folder before their keys, with a slash at the end.
    :returns: how many were moved now.
    :raises Occupied: when another object is in the place of a copy; neither is touched.
    :raises PipelineError: when a copy is not as its original, which is left then.
    """
    moved = 0
    with ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="retirement") as pool:
        for some in batched(listed(s3, bucket, prefix), BATCH):
            there = {item.key: item for item in _copies(s3, bucket, target, some)}
            missing = [item for item in some if not _is_copied(item, there, target)]
            list(pool.map(partial(_copy, s3, bucket, target), missing))
            there = {item.key: item for item in _copies(s3, bucket, target, some)}
            _verify(some, there, target)
            delete_keys(s3, bucket, [item.key for item in some])
            moved += len(some)
            logger.info("moved %d objects from %s to %s%s", moved, prefix, target, prefix)
    return moved


def listed(s3: Any, bucket: str, prefix: str) -> Iterator[Object]:
    """The objects below a prefix.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :param prefix: key prefix.
    """
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            yield _object(entry)


def delete_keys(s3: Any, bucket: str, keys: Sequence[str]) -> None:
    """Delete objects by their keys.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :param keys: up to 1,000.
    :raises PipelineError: when S3 does not delete one of them.
    """
    if not keys:
        return
    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
    )
    check_deleted(answer)


def check_deleted(answer: dict[str, Any]) -> None:
    """Look for errors in an answer of DeleteObjects, which is a success all the same.

    :param answer: the answer.
    :raises PipelineError: with the first error.
    """
    errors = answer.get("Errors", [])
    if errors:
        first = errors[0]
        raise PipelineError(
            f"S3 did not delete {len(errors)} objects; {first.get('Key')}: {first.get('Code')}: "
            f"{first.get('Message')}"
        )


def _copies(s3: Any, bucket: str, target: str, some: Sequence[Object]) -> Iterator[Object]:
    """What lies where these objects go. S3 lists in the order of the keys, so the listing can be cut off."""
    first, last = f"{target}{some[0].key}", f"{target}{some[-1].key}"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=target, StartAfter=first[:-1])
    for page in pages:
        for entry in page.get("Contents", []):
            if entry["Key"].encode() > last.encode():
                return
            yield _object(entry)


def _is_copied(item: Object, there: dict[str, Object], target: str) -> bool:
    found = there.get(f"{target}{item.key}")
    if found is None:
        return False
    # ETags do not tell: the sink writes in parts, and the ETag of such an object is not that of its copy. But
    # what a sink has written since, into a topic of another life, is younger than what lies there.
    if found.size != item.size or found.modified < item.modified:
        raise Occupied(f"{found.key} is there, and is no copy of {item.key}")
    return True


def _object(entry: Mapping[str, Any]) -> Object:
    return Object(entry["Key"], entry["Size"], entry["ETag"], entry["LastModified"])


def _copy(s3: Any, bucket: str, target: str, item: Object) -> None:
    s3.copy_object(
        Bucket=bucket,
        Key=f"{target}{item.key}",
        CopySource={"Bucket": bucket, "Key": item.key},
        # One that was written again since it was listed is not taken for the one that was.
        CopySourceIfMatch=item.etag,
    )


def _verify(some: Sequence[Object], there: dict[str, Object], target: str) -> None:
    wrong = [
        item.key
        for item in some
        if (found := there.get(f"{target}{item.key}")) is None or found.size != item.size
    ]
    if wrong:
        raise PipelineError(
            f"{len(wrong)} objects were not copied to {target} as they are, the first is {wrong[0]}; "
            "none of them is deleted"
        )
