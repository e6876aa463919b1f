"""The pipeline's bucket: this account's, in the right place, and versioned; or not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pinterest_pipeline.provisioning import bucket, resources
from pinterest_pipeline.provisioning.prerequisites.clients import aws_client
from pinterest_pipeline.provisioning.prerequisites.findings import Outcome, Status
from pinterest_pipeline.provisioning.prerequisites.looking import Check


@dataclass(frozen=True, kw_only=True)
class BucketReading:
    """What S3 says of a bucket.

    :param exists: whether it is there.
    :param refused: whether S3 forbids a look at it.
    :param region: where it lies; empty when S3 does not say so.
    :param versioning: ``Enabled``, ``Suspended``, or empty when it never was versioned.
    :param unfinished: whether it was made by a run that broke off, which the next one ends.
    """

    exists: bool = True
    refused: bool = False
    region: str = ""
    versioning: str = ""
    unfinished: bool = False


def bucket_check(name: str, state_root: str, tags: Mapping[str, str]) -> Check:
    """The check of the bucket.

    :param name: its name.
    :param state_root: ``s3://`` URI of the state, which tells what a run that broke off has made.
    :param tags: those of everything that provisioning creates.
    """
    return Check(name="bucket", required=True, service="s3", look=partial(_look, name, state_root, tags))


def judge_bucket(name: str, region: str, reading: BucketReading) -> Outcome:
    """What is to be said of the bucket.

    :param name: its name.
    :param region: that of the connection.
    :param reading: what S3 says.
    """
    if reading.refused:
        return Outcome(
            status=Status.WRONG,
            found=f"S3 forbids a look at {name}",
            remedy="allow s3:ListBucket on it. If that is allowed, the name is taken by another account: use "
            "another PINTEREST_USER_ID.",
        )
    if not reading.exists:
        return Outcome(
            status=Status.TO_BE_CREATED, found=f"{name} is not there; provisioning makes it, versioned"
        )
    if reading.region and reading.region != region:
        return Outcome(
            status=Status.WRONG,
            found=f"{name} lies in {reading.region}, the connection aws_default is of {region}",
            remedy="let aws_default be of the bucket's region, or use another PINTEREST_USER_ID.",
        )
    if reading.versioning == "Enabled":
        return Outcome(status=Status.THERE, found=f"{name}, versioned")
    if reading.unfinished:
        return Outcome(
            status=Status.TO_BE_CREATED,
            found=f"{name} was made by a run that broke off; provisioning ends it, versioned",
        )
    return Outcome(
        status=Status.WRONG,
        found=f"{name} is not versioned (versioning is {reading.versioning.lower() or 'not enabled'})",
        remedy="enable it, so that what is written over by mistake can be had back:\n"
        f"aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled",
    )


def _look(name: str, state_root: str, tags: Mapping[str, str]) -> Outcome:
    s3 = aws_client("s3")
    return judge_bucket(name, str(s3.meta.region_name), _read(s3, name, state_root, tags))


def _read(s3: Any, name: str, state_root: str, tags: Mapping[str, str]) -> BucketReading:
    from botocore.exceptions import ClientError

    try:
        region = s3.head_bucket(Bucket=name).get("BucketRegion", "")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("404", "NoSuchBucket"):
            return BucketReading(exists=False)
        if code in ("403", "AccessDenied"):
            return BucketReading(refused=True)
        raise
    versioning = s3.get_bucket_versioning(Bucket=name).get("Status", "")
    unfinished = versioning != "Enabled" and bucket.is_left_behind(
        s3, name, resources.read_record(s3, state_root), tags
    )
    return BucketReading(region=region, versioning=versioning, unfinished=unfinished)
