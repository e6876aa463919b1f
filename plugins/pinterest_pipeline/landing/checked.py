"""From which position on the rows of the batch tables have not passed the quality checks.

A check that looked at whole tables would cost more with every day. Rows only change when their records are
read, so a check begins where the reading of the runs since the last passed check began. Where that is lies
in ``_state/checked.json``, as entity to offset.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pinterest_pipeline.landing.manifest import split_uri

FILE = "checked.json"


def first_unchecked(manifest: Mapping[str, Any], passed: Mapping[str, int]) -> dict[str, int]:
    """Entity to the lowest first offset of the objects whose rows are to be checked.

    :param manifest: of the run.
    :param passed: what :func:`read_passed` gave.
    """
    return {
        entity: min(
            [
                passed.get(entity, 0),
                *(item["first_offset"] for each in part["partitions"] for item in each["objects"]),
            ]
        )
        for entity, part in manifest["entities"].items()
    }


def behind(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Entity to where the next run begins to read, in the partition where that is lowest.

    :param manifest: of the run that has passed.
    """
    return {
        entity: min((_last_offset(each) for each in part["partitions"]), default=0)
        for entity, part in manifest["entities"].items()
    }


def _last_offset(partition: Mapping[str, Any]) -> int:
    if partition["objects"]:
        return int(partition["objects"][-1]["first_offset"])
    return int(partition["mark"]["first_offset"]) if partition["mark"] else 0


def read_passed(s3: Any, uri: str) -> dict[str, int]:
    """Entity to the offset below which all rows have passed; empty before the first check.

    :param s3: a boto3 S3 client.
    :param uri: ``s3://`` URI.
    """
    bucket, key = split_uri(uri)
    try:
        document = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return {}
    return {entity: int(offset) for entity, offset in document.items()}


def write_passed(s3: Any, uri: str, passed: Mapping[str, int]) -> None:
    """Keep how far the checks have passed.

    :param s3: a boto3 S3 client.
    :param uri: ``s3://`` URI.
    :param passed: entity to offset.
    """
    bucket, key = split_uri(uri)
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(passed).encode(), ContentType="application/json")
