"""The note of a teardown that moves landed objects aside and lets daily runs forget where they have ended.

Between its first move and its end neither a daily run nor provisioning finds the landing as it should be, so
both are refused while the note is there.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.landing.manifest import split_uri

#: Where a teardown notes its time, for those that go on with it.
FILE = "teardown.json"
_NOTHING = ("NoSuchKey", "NoSuchBucket", "404")


def begun_at(s3: Any, state_root: str, now: str, *, anew: bool = False) -> str:
    """The time of this teardown: that of the one that broke off, if there is one.

    :param s3: a boto3 S3 client.
    :param state_root: ``s3://`` URI of the state folder.
    :param now: ISO 8601 time in UTC, for a teardown that begins.
    :param anew: begin a teardown, though one has broken off.
    """
    found = None if anew else _read(s3, state_root)
    if found is not None:
        return found
    bucket, key = split_uri(f"{state_root}/{FILE}")
    body = json.dumps({"begun_at": now}).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return now


def ended(s3: Any, state_root: str) -> None:
    """Note that the teardown has come to its end: the next one has a time of its own.

    :param s3: a boto3 S3 client.
    :param state_root: ``s3://`` URI of the state folder.
    """
    if _read(s3, state_root) is None:
        # To delete what is not there would leave a delete marker in a versioned bucket.
        return
    bucket, key = split_uri(f"{state_root}/{FILE}")
    s3.delete_object(Bucket=bucket, Key=key)


def refuse_while_under_way(s3: Any, state_root: str) -> None:
    """Refuse to go on between the beginning and the end of a teardown.

    :param s3: a boto3 S3 client.
    :param state_root: ``s3://`` URI of the state folder.
    :raises Permanent: when a teardown has begun to move objects and has not come to its end.
    """
    begun = _read(s3, state_root)
    if begun is not None:
        raise Permanent(
            f"a teardown that began at {begun} has moved landed objects and has not come to its end: run "
            "pinterest_teardown first, which goes on with what is left"
        )


def _read(s3: Any, state_root: str) -> str | None:
    bucket, key = split_uri(f"{state_root}/{FILE}")
    try:
        return str(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())["begun_at"])
    except s3.exceptions.NoSuchKey:
        return None
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOTHING:
            return None
        raise
