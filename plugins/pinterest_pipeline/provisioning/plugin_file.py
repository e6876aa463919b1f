"""The sink's plugin file, brought into the pipeline's bucket without ever lying on a disk here."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote, urlsplit

from pinterest_pipeline.errors import Permanent

logger = logging.getLogger(__name__)

FOLDER = "kafka-connect-s3"
TIMEOUT_S = (10.0, 60.0)
_SOURCE = "pinterest-source"


def plugin_key(source: str) -> str:
    """S3 key of the plugin file: the folder and the file's own name."""
    return f"{FOLDER}/{unquote(urlsplit(source).path).rpartition('/')[2]}"


def copy_plugin_file(s3: Any, source: str, bucket: str) -> str:
    """Bring the plugin file into the bucket, unless the same one is there.

    :param s3: a boto3 S3 client.
    :param source: ``https://`` or ``s3://`` address.
    :param bucket: the pipeline's bucket.
    :returns: its key in the bucket.
    :raises Permanent: when there is nothing at ``source``.
    """
    key = plugin_key(source)
    parts = urlsplit(source)
    if parts.scheme == "s3":
        _copy_from_s3(s3, parts.netloc, parts.path.lstrip("/"), bucket, key)
    else:
        _copy_from_web(s3, source, bucket, key)
    return key


def _copy_from_s3(s3: Any, source_bucket: str, source_key: str, bucket: str, key: str) -> None:
    if (source_bucket, source_key) == (bucket, key):
        if _head(s3, bucket, key) is None:
            raise Permanent(f"there is no plugin file at s3://{bucket}/{key}")
        return
    found = _head(s3, source_bucket, source_key)
    if found is None:
        raise Permanent(f"there is no plugin file at s3://{source_bucket}/{source_key}")
    _unless_equal(
        s3,
        bucket,
        key,
        found["ContentLength"],
        f"s3://{source_bucket}/{source_key} {found['ETag']}",
        lambda extra: s3.copy(
            {"Bucket": source_bucket, "Key": source_key},
            bucket,
            key,
            ExtraArgs={**extra, "MetadataDirective": "REPLACE"},
        ),
    )


def _copy_from_web(s3: Any, source: str, bucket: str, key: str) -> None:
    import requests

    with requests.get(source, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code in (401, 403, 404, 410):
            raise Permanent(f"there is no plugin file at {source}: status {answer.status_code}")
        answer.raise_for_status()
        size = int(answer.headers.get("Content-Length", -1))
        _unless_equal(
            s3,
            bucket,
            key,
            size,
            f"{source} {answer.headers.get('ETag', '')}".strip(),
            lambda extra: s3.upload_fileobj(answer.raw, bucket, key, ExtraArgs=extra),
        )


def _unless_equal(s3: Any, bucket: str, key: str, size: int, origin: str, copy: Any) -> None:
    found = _head(s3, bucket, key)
    if found and found["ContentLength"] == size and found["Metadata"].get(_SOURCE) == origin:
        logger.info("s3://%s/%s is the same file already", bucket, key)
        return
    copy({"Metadata": {_SOURCE: origin}})
    logger.info("copied the plugin file to s3://%s/%s", bucket, key)


def _head(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        found: dict[str, Any] = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
            return None
        raise
    return found
