"""A plugin file where it lies: an object in S3, or an address in the web."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pinterest_pipeline.errors import Permanent

if TYPE_CHECKING:
    import requests

TIMEOUT_S = (10.0, 60.0)
CHUNK = 1 << 20
#: Metadata of a copy that says which version it was made of. What lacks it was not copied here.
ORIGIN = "pinterest-source"


class Look(NamedTuple):
    """What is told of a file without reading it.

    :param size: bytes, ``None`` where that is not told.
    :param version: address and ETag.
    :param copied_of: the version that it is a copy of, ``None`` when it was not copied here.
    """

    size: int | None
    version: str
    copied_of: str | None = None


class Content(NamedTuple):
    """Size and hashes of what was read of a file.

    :param size: bytes.
    :param md5: as MSK Connect tells of a plugin's file.
    :param sha256: as whoever has published the file tells of it.
    """

    size: int
    md5: str
    sha256: str


class PluginFile(ABC):
    """A file that may be copied into the bucket."""

    @abstractmethod
    def look(self) -> Look:
        """Look at the file.

        :raises Permanent: when it is not there.
        """

    @abstractmethod
    def copy_to(self, s3: Any, bucket: str, key: str) -> None:
        """Copy it, with its version as metadata."""

    @abstractmethod
    def _chunks(self) -> Iterator[bytes]:
        """Its bytes."""

    def read(self) -> Content:
        """Read all of it, without keeping it."""
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        size = 0
        for chunk in self._chunks():
            md5.update(chunk)
            sha256.update(chunk)
            size += len(chunk)
        return Content(size, md5.hexdigest(), sha256.hexdigest())


@dataclass(frozen=True)
class S3File(PluginFile):
    """An object.

    :param s3: a boto3 S3 client.
    :param bucket: its bucket.
    :param key: its key.
    """

    s3: Any
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def look(self) -> Look:
        """Look at the object."""
        found = self.find()
        if found is None:
            raise Permanent(f"there is no plugin file at {self}")
        return found

    def find(self) -> Look | None:
        """Look at the object; ``None`` when it is not there."""
        from botocore.exceptions import ClientError

        try:
            head = self.s3.head_object(Bucket=self.bucket, Key=self.key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
                return None
            raise
        return Look(head["ContentLength"], f"{self} {head['ETag']}", head["Metadata"].get(ORIGIN))

    def delete(self) -> None:
        """Delete the object; a versioned bucket keeps it as an older version."""
        self.s3.delete_object(Bucket=self.bucket, Key=self.key)

    def copy_to(self, s3: Any, bucket: str, key: str) -> None:
        """Let S3 copy the object."""
        s3.copy(
            {"Bucket": self.bucket, "Key": self.key},
            bucket,
            key,
            ExtraArgs={"Metadata": {ORIGIN: self.look().version}, "MetadataDirective": "REPLACE"},
        )

    def _chunks(self) -> Iterator[bytes]:
        body = self.s3.get_object(Bucket=self.bucket, Key=self.key)["Body"]
        while chunk := body.read(CHUNK):
            yield chunk


@dataclass(frozen=True)
class WebFile(PluginFile):
    """A file at an address.

    :param url: ``https://`` address.
    """

    url: str

    def __str__(self) -> str:
        return self.url

    def look(self) -> Look:
        """Look at the file."""
        with self._answer() as answer:
            return self._look(answer)

    def copy_to(self, s3: Any, bucket: str, key: str) -> None:
        """Pass the bytes on as they come, without ever laying them on a disk here."""
        with self._answer() as answer:
            extra = {"Metadata": {ORIGIN: self._look(answer).version}}
            s3.upload_fileobj(answer.raw, bucket, key, ExtraArgs=extra)

    def _chunks(self) -> Iterator[bytes]:
        with self._answer() as answer:
            while chunk := answer.raw.read(CHUNK):
                yield chunk

    def _look(self, answer: requests.Response) -> Look:
        size = answer.headers.get("Content-Length")
        return Look(int(size) if size else None, f"{self} {answer.headers.get('ETag', '')}".strip())

    @contextmanager
    def _answer(self) -> Iterator[requests.Response]:
        import requests

        # Not compressed: the bytes are taken as they come.
        headers = {"Accept-Encoding": "identity"}
        with requests.get(self.url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
            if answer.status_code in (401, 403, 404, 410):
                raise Permanent(f"there is no plugin file at {self}: status {answer.status_code}")
            answer.raise_for_status()
            yield answer


def plugin_source(s3: Any, source: str) -> PluginFile:
    """The file at an address.

    :param s3: a boto3 S3 client.
    :param source: ``https://`` or ``s3://`` address.
    """
    parts = urlsplit(source)
    if parts.scheme == "s3":
        return S3File(s3, parts.netloc, parts.path.lstrip("/"))
    return WebFile(source)
