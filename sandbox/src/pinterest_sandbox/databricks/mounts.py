"""Buckets mounted into ``dbfs:/``: of the whole workspace, kept in a file, seen by every worker.

https://docs.databricks.com/aws/en/dbfs/mounts
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import posixpath
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pinterest_sandbox.databricks.dbfs import WAREHOUSE, link
from pinterest_sandbox.databricks.errors import NotSupported

_SOURCE = re.compile(
    r"(?P<scheme>\w+)://(?:(?P<key>[^:/@]+):(?P<secret>[^/@]*)@)?(?P<bucket>[^/:@]+)(?P<prefix>/.*)?"
)
_SCHEMES = ("s3", "s3a", "s3n")
#: A percent sign that begins no encoded byte.
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class MountError(Exception):
    """What was asked of the mounts can't be done; the message has Databricks' words."""


def read_source(source: str) -> str:
    """Where a mount leads: the address of its bucket, without the keys that may be in ``source``.

    The keys are only looked at: S3 is moto here, which takes any, and the workers have keys of their own.

    :param source: ``s3a://bucket[/prefix]``, or with ``KEY:SECRET@`` before the bucket, URL-encoded.
    :raises NotSupported: for another file system.
    :raises MountError: when it can't be read; the message does not repeat it, for it may hold a secret.
    """
    scheme = source.partition("://")[0]
    if scheme not in _SCHEMES:
        raise NotSupported(f"mounting {scheme}:// is not supported here: only {', '.join(_SCHEMES)}")
    found = _SOURCE.fullmatch(source)
    if found is None or found["secret"] == "" or _BARE_PERCENT.search(found["secret"] or ""):
        raise MountError(
            f"The source must be {scheme}://<bucket> or {scheme}://<access key>:<secret key>@<bucket>, "
            'with the secret key URL-encoded: urllib.parse.quote(secret_key, safe="")'
        )
    # The file system that the other two names stand for.
    return f"s3a://{found['bucket']}{found['prefix'] or '/'}"


def read_point(point: str) -> str:
    """The path in ``dbfs:/`` that a mount point names."""
    return posixpath.normpath("/" + point.removeprefix("dbfs:").strip("/"))


class Mounts:
    """The mounts of the workspace, and what of them this process's Spark sees.

    :param file: where they are kept.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._seen: dict[str, str] = {}

    def all(self) -> dict[str, str]:
        """Mount points and where they lead."""
        if not self._file.exists():
            return {}
        mounts: dict[str, str] = json.loads(self._file.read_text(encoding="utf-8"))
        return mounts

    def mount(self, source: str, point: str, *, update: bool = False) -> None:
        """Let the path ``point`` lead to ``source``.

        :param update: whether it must be mounted already instead of not yet.
        :raises MountError: when it is, or is not; when one mount would lie in another.
        """
        target, point = read_source(source), read_point(point)
        with self._changed() as mounts:
            if update:
                _check_mounted(mounts, point)
            elif point in mounts:
                raise MountError(f"requirement failed: Directory already mounted: {point}")
            for other in {*mounts} - {point} | {WAREHOUSE}:
                if _lies_in(other, point) or _lies_in(point, other):
                    raise MountError(f"requirement failed: {point} and {other} would lie in each other")
            mounts[point] = target

    def unmount(self, point: str) -> None:
        """Let the path ``point`` lead nowhere.

        :raises MountError: when it is not mounted.
        """
        with self._changed() as mounts:
            _check_mounted(mounts, read_point(point))
            del mounts[read_point(point)]

    def refresh(self, hadoop: Any) -> None:
        """Let Spark see the present mounts; what runs goes on with those that it began with.

        :param hadoop: the configuration of Hadoop in the JVM.
        """
        with self._lock:
            mounts = self.all()
            for point in self._seen.keys() - mounts.keys():
                hadoop.unset(link(point))
            for point, target in mounts.items():
                hadoop.set(link(point), target)
            self._seen = mounts

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, str]]:
        """The mounts, to be changed in the body and then kept; other processes wait meanwhile."""
        with open(self._file.with_suffix(".lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            mounts = self.all()
            yield mounts
            partial = self._file.with_suffix(".partial")
            partial.write_text(json.dumps(mounts), encoding="utf-8")
            os.replace(partial, self._file)


def _check_mounted(mounts: dict[str, str], point: str) -> None:
    if point not in mounts:
        raise MountError(f"Directory not mounted: {point}")


def _lies_in(inner: str, outer: str) -> bool:
    return outer == "/" or inner == outer or inner.startswith(f"{outer}/")
