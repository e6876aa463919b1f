"""``/dbfs/...`` for Python's own file functions, as the driver of a Databricks cluster has it."""

from __future__ import annotations

import builtins
import contextlib
import errno
import functools
import io
import os
import posixpath
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pinterest_sandbox.databricks.dbfs import WAREHOUSE, dbfs_folder
from pinterest_sandbox.databricks.mounts import Mounts

_ROOT = "/dbfs"
#: Functions of ``os`` by the number of paths that they begin with; most others of Python are made of these.
_FUNCTIONS = {
    **dict.fromkeys(("access", "chmod", "lstat", "open", "stat", "truncate", "utime"), 1),
    **dict.fromkeys(("listdir", "mkdir", "remove", "rmdir", "scandir", "unlink"), 1),
    **dict.fromkeys(("rename", "replace"), 2),
}
_KEYWORDS = {"file", "path", "src", "dst"}


class LocalFiles:
    """Leads ``/dbfs`` to the folder that ``dbfs:/`` is.

    :param warehouse: folder of managed tables.
    :param mounts: what lies in S3 and can't be reached so.
    """

    def __init__(self, warehouse: Path, mounts: Mounts) -> None:
        self._warehouse = warehouse
        self._folder = dbfs_folder(warehouse)
        self._mounts = mounts

    def place(self, path: Any) -> Any:
        """The real place of a path under ``/dbfs``; anything else as it is.

        :raises OSError: when it is in a mounted bucket.
        """
        named = os.fspath(path) if isinstance(path, os.PathLike) else path
        if not isinstance(named, str) or not f"{named}/".startswith(f"{_ROOT}/"):
            return path
        full = PurePosixPath(posixpath.normpath(named))
        if not full.is_relative_to(_ROOT):
            return str(full)
        inside = "/" / full.relative_to(_ROOT)
        if inside.is_relative_to(WAREHOUSE):
            return str(self._warehouse / inside.relative_to(WAREHOUSE))
        for point, target in self._mounts.all().items():
            if inside.is_relative_to(point):
                raise OSError(
                    errno.EOPNOTSUPP,
                    f"{point} is mounted from {target}: Python's file functions can't reach it here, "
                    "spark and dbutils.fs can",
                    str(path),
                )
        return str(self._folder / inside.relative_to("/"))

    @contextlib.contextmanager
    def reachable(self) -> Iterator[None]:
        """Within the body ``open`` and the functions of ``os`` know ``/dbfs``."""
        with contextlib.ExitStack() as changed:
            for module, name, paths in (
                (builtins, "open", 1),
                # The same function, where pathlib looks for it.
                (io, "open", 1),
                *((os, name, paths) for name, paths in _FUNCTIONS.items()),
            ):
                original = getattr(module, name)
                changed.callback(setattr, module, name, original)
                setattr(module, name, self._knowing(original, paths))
            yield

    def _knowing(self, function: Callable[..., Any], paths: int) -> Callable[..., Any]:
        @functools.wraps(function)
        def known(*arguments: Any, **options: Any) -> Any:
            for name in _KEYWORDS & options.keys():
                options[name] = self.place(options[name])
            return function(*map(self.place, arguments[:paths]), *arguments[paths:], **options)

        return known
