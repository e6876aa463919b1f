"""The bucket: there and versioned, or to be made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline import connections
from tests.unit.pinterest_pipeline.provisioning.prerequisites.looking import (
    BUCKET,
    COMMANDS,
    TAGS,
    aws,
    look,
    refused,
)


@pytest.mark.usefixtures("prepared")
def test_a_bucket_that_is_not_there_is_made(real_s3: Any) -> None:
    row = look()["bucket"]
    assert (row["status"], row["found"]) == (
        "to be created",
        f"{BUCKET} is not there; provisioning makes it, versioned",
    )
    assert real_s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("status", ["", "Suspended"])
def test_a_bucket_that_is_not_versioned(versioned: Any, status: str) -> None:
    if status:
        versioned.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})
    else:
        versioned.delete_bucket(Bucket=BUCKET)
        versioned.create_bucket(Bucket=BUCKET)
    _, row = refused()
    assert (row["name"], row["status"]) == ("bucket", "wrong")
    (command,) = COMMANDS.findall(row["remedy"])
    aws(command, versioned)
    assert look()["bucket"]["status"] == "there"


@pytest.mark.usefixtures("prepared")
def test_a_bucket_that_a_run_has_left_half_made_is_no_obstacle(real_s3: Any) -> None:
    real_s3.create_bucket(Bucket=BUCKET)
    real_s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": TAGS})
    assert look()["bucket"]["status"] == "to be created"
    created = {"kind": "bucket", "name": BUCKET, "state": "created"}
    record = json.dumps({"version": 1, "resources": [created]})
    real_s3.put_object(Bucket=BUCKET, Key="_state/resources.json", Body=record)
    # From now on it is whole, and what is done to it is somebody's will.
    assert refused()[1]["status"] == "wrong"


@pytest.mark.usefixtures("prepared")
def test_a_bucket_of_somebody_else(instead: Any) -> None:
    instead("S3", lambda path, body: (403, "application/xml", ""))
    message, row = refused()
    assert f"S3 forbids a look at {BUCKET}" in message
    assert "PINTEREST_USER_ID" in row["remedy"]


@pytest.mark.usefixtures("prepared")
def test_a_bucket_in_another_region() -> None:
    elsewhere = connections.aws_client("s3").create_bucket
    elsewhere(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert f"{BUCKET} lies in eu-west-1, the connection aws_default is of us-east-1" in refused()[0]
