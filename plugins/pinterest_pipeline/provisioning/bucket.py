"""The pipeline's bucket, made so that a run which breaks off in between is taken up by the next one.

The record of what was created lies in the bucket itself, so the bucket can't be noted before it is there. Its
tags, which S3 takes with the request that creates it, say whose it is until it is noted.

.. seealso:: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pinterest_pipeline.provisioning.resources import Entry


def create_bucket(s3: Any, bucket: str, tags: Mapping[str, str]) -> None:
    """Create the bucket in the client's region.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :param tags: tags, there from the first moment.
    """
    region = s3.meta.region_name
    # us-east-1 is the default, and S3 refuses to be told so.
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={**place, "Tags": tag_set})


def has_tags(s3: Any, bucket: str, tags: Mapping[str, str]) -> bool:
    """Whether a bucket has all of these tags.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :param tags: the tags.
    """
    from botocore.exceptions import ClientError

    try:
        tag_set = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchTagSet":
            return False
        raise
    return tags.items() <= {tag["Key"]: tag["Value"] for tag in tag_set}.items()


def is_left_behind(s3: Any, bucket: str, entries: Iterable[Entry], tags: Mapping[str, str]) -> bool:
    """Whether the bucket was made by a run that broke off before it was noted as created.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    :param entries: the record of what was created.
    :param tags: those that the bucket was made with.
    """
    states = {entry["state"] for entry in entries if (entry["kind"], entry["name"]) == ("bucket", bucket)}
    return "created" not in states and has_tags(s3, bucket, tags)


def enable_versioning(s3: Any, bucket: str) -> None:
    """Keep what is written over or deleted in the bucket.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    """
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def block_public_access(s3: Any, bucket: str) -> None:
    """Let nobody make anything in the bucket public.

    :param s3: a boto3 S3 client.
    :param bucket: bucket name.
    """
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
