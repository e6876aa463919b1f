"""The data in S3, deleted when a person has chosen so beside the teardown itself."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from pinterest_pipeline.landing.manifest import split_uri
from pinterest_pipeline.provisioning.resources import FILE
from pinterest_pipeline.provisioning.teardown.retirement import FOLDER, check_deleted

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """Objects that are deleted with all their versions.

    :param bucket: their bucket.
    :param prefix: of their keys; empty for all.
    """

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def data_places(*, bucket: str, bucket_is_ours: bool, topics: Sequence[str], state_root: str) -> list[Place]:
    """What ``delete_data`` means.

    The state comes last, since the record lies in it, and :func:`delete_places` spares it until then. Of a
    bucket that was there before provisioning only what the pipeline alone writes: landed objects of topics
    that it made, results and state.

    :param bucket: the pipeline's bucket.
    :param bucket_is_ours: whether provisioning made it.
    :param topics: data topics that provisioning made.
    :param state_root: ``s3://`` URI of the state folder.
    """
    state_bucket, state_prefix = split_uri(f"{state_root}/")
    # Without a folder below the bucket, everything in it would be taken for state.
    state = [Place(state_bucket, state_prefix)] if state_prefix else []
    if bucket_is_ours:
        return [Place(bucket, ""), *state]
    return [
        *(Place(bucket, f"topics/{topic}/") for topic in topics),
        Place(bucket, f"{FOLDER}/"),
        Place(bucket, "results/"),
        *state,
    ]


def delete_objects(s3: Any, place: Place, *, spared: Place | None = None) -> int:
    """Delete objects, their versions and their delete markers.

    .. seealso:: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html

    :param s3: a boto3 S3 client.
    :param place: which.
    :param spared: those of them that stay for now.
    :returns: how many objects, versions and markers were deleted.
    :raises PipelineError: when S3 does not delete one of them.
    """
    deleted = 0
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=place.bucket, Prefix=place.prefix)
    try:
        for page in pages:
            found = [
                item
                for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if not (spared and spared.bucket == place.bucket and item["Key"].startswith(spared.prefix))
            ]
            if found:
                objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
                answer = s3.delete_objects(Bucket=place.bucket, Delete={"Objects": objects, "Quiet": True})
                check_deleted(answer)
                deleted += len(objects)
                logger.info("deleted %d objects and versions of %s", deleted, place)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        logger.info("bucket %s was gone", place.bucket)
    return deleted


def delete_places(s3: Any, places: Sequence[Place], state_root: str) -> None:
    """Delete the data, the record of what was made last: a run that breaks off is gone on with by it.

    :param s3: a boto3 S3 client.
    :param places: what :func:`data_places` gave.
    :param state_root: ``s3://`` URI of the state folder.
    """
    state, record = Place(*split_uri(f"{state_root}/")), Place(*split_uri(f"{state_root}/{FILE}"))
    for place in places:
        # S3 lists by key, so the state would come before the landing.
        delete_objects(s3, place, spared=record if place == state or not state.prefix else state)
    if any(place.bucket == record.bucket and record.prefix.startswith(place.prefix) for place in places):
        delete_objects(s3, record)


def left_in(s3: Any, places: Sequence[Place]) -> list[str]:
    """The places that still have objects, versions or delete markers.

    :param s3: a boto3 S3 client.
    :param places: what was to be emptied.
    """
    return [str(place) for place in places if _has_versions(s3, place)]


def _has_versions(s3: Any, place: Place) -> bool:
    try:
        page = s3.list_object_versions(Bucket=place.bucket, Prefix=place.prefix, MaxKeys=1)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        return False
    return bool(page.get("Versions") or page.get("DeleteMarkers"))


def delete_bucket(s3: Any, bucket: str) -> None:
    """Delete a bucket that is empty; one that is gone already is no error.

    :param s3: a boto3 S3 client.
    :param bucket: its name.
    """
    try:
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        logger.info("bucket %s was gone", bucket)
        return
    logger.info("deleted bucket %s", bucket)
