"""Versions of objects, listed and deleted.

The pipeline's bucket is versioned: to delete an object without saying which version would free nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import batched
from typing import Any

from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.maintenance.expiry import Version

#: Versions in a request; S3 takes no more.
BATCH = 1000


class NotDeleted(PipelineError):
    """S3 has refused to delete some of the versions.

    :param errors: ``Key``, ``Code`` and ``Message`` of each.
    :param asked: how many were to be deleted.
    """

    def __init__(self, errors: Sequence[dict[str, Any]], asked: int) -> None:
        self.errors = list(errors)
        first = self.errors[0]
        codes = sorted({str(error.get("Code")) for error in self.errors})
        super().__init__(
            f"S3 did not delete {len(self.errors)} of {asked} versions ({', '.join(codes)}); the first is "
            f"{first.get('Key')}: {first.get('Message')}"
        )


def list_versions(s3: Any, bucket: str, prefix: str) -> list[Version]:
    """All versions and delete markers.

    :param s3: a boto3 S3 client.
    :param bucket: their bucket.
    :param prefix: of their keys.
    :raises ClientError: also when there is no such bucket.
    """
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    return [
        Version(
            key=item["Key"],
            version_id=item["VersionId"],
            modified=item["LastModified"],
            size=item.get("Size", 0),
            current=item["IsLatest"],
            marker=marker,
        )
        for page in pages
        for marker, kind in ((False, "Versions"), (True, "DeleteMarkers"))
        for item in page.get(kind, [])
    ]


def present_time(s3: Any, bucket: str, prefix: str) -> datetime:
    """The time by the clock of S3, which also says when each version was written.

    :param s3: a boto3 S3 client.
    :param bucket: a bucket.
    :param prefix: of keys that may be listed.
    :raises ClientError: also when there is no such bucket.
    """
    answer = s3.list_object_versions(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])


def delete_versions(s3: Any, bucket: str, versions: Sequence[Version]) -> None:
    """Delete exactly these versions; one that is gone already is no error.

    .. seealso:: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html

    :param s3: a boto3 S3 client.
    :param bucket: their bucket.
    :param versions: which.
    :raises NotDeleted: after all were tried.
    """
    errors: list[dict[str, Any]] = []
    for some in batched(versions, BATCH):
        objects = [{"Key": version.key, "VersionId": version.version_id} for version in some]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        errors += answer.get("Errors", [])
    if errors:
        raise NotDeleted(errors, len(versions))
