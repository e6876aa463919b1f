"""The workspace's tree of folders, files and notebooks, kept as real folders and files.

A notebook is a file without extension; what tells it from other files is a mark of the same path in a second
tree, which holds its language. https://docs.databricks.com/api/workspace/workspace
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter, NotFound
from pinterest_sandbox.databricks.imports import read_import

#: Limit of an import's content as sent, that is in base64.
IMPORT_LIMIT = 10 * 1024 * 1024
#: Bytes of one name in a path, and of a whole path: what file systems allow, less the room for our folders.
NAME_LIMIT = 255
PATH_LIMIT = 2000


@dataclass(frozen=True, kw_only=True)
class WorkspaceObject:
    """One object.

    :param path: absolute path in the workspace.
    :param kind: ``DIRECTORY``, ``FILE`` or ``NOTEBOOK``.
    :param language: of a notebook, ``PYTHON`` or ``SQL``.
    :param created_at: milliseconds since 1970.
    :param modified_at: milliseconds since 1970.
    :param size: bytes of a file.
    """

    path: str
    kind: str
    object_id: int
    created_at: int
    modified_at: int
    language: str | None = None
    size: int | None = None


class Workspace:
    """The objects under one folder.

    :param folder: holds ``files`` (the tree), ``notebooks`` (the marks) and ``incoming`` (half-written
        files).
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "files"
        self._marks = folder / "notebooks"
        self._incoming = folder / "incoming"
        self._lock = threading.Lock()
        for made in (self.root / "Shared", self.root / "Users", self._marks, self._incoming):
            made.mkdir(parents=True, exist_ok=True)

    def file(self, path: str) -> Path:
        """The place of ``path`` on disk; it need not exist.

        :param path: absolute; ``/Workspace`` in front of it is allowed.
        :raises InvalidParameter: when it is not absolute or has ``.`` or ``..`` in it.
        """
        return self.root / _relative(path)

    def notebook_source(self, path: str) -> str:
        """The text of the notebook at ``path``.

        :raises NotFound: when there is none.
        """
        if not self._mark(path).is_file():
            raise NotFound(f"Path ({path}) doesn't exist.")
        return self.file(path).read_text(encoding="utf-8")

    def status(self, path: str) -> WorkspaceObject:
        """The object at ``path``.

        :raises NotFound: when there is none.
        """
        file = self.file(path)
        if not file.exists():
            raise NotFound(f"Path ({path}) doesn't exist.")
        return self._describe(file)

    def list(self, path: str) -> list[WorkspaceObject]:
        """What is in the folder ``path``; of a file or notebook itself.

        :raises NotFound: when it does not exist.
        """
        found = self.status(path)
        if found.kind != "DIRECTORY":
            return [found]
        return [self._describe(child) for child in sorted(self.file(path).iterdir())]

    def mkdirs(self, path: str) -> None:
        """Make the folder ``path`` and those above it; a present one is fine.

        :raises ApiError: ``RESOURCE_ALREADY_EXISTS`` when a file is in the way.
        """
        with self._lock:
            try:
                self.file(path).mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise _exists(path) from None

    def delete(self, path: str, *, recursive: bool = False) -> None:
        """Delete an object; a folder with something in it only when ``recursive``.

        :raises NotFound: when it does not exist.
        :raises ApiError: ``DIRECTORY_NOT_EMPTY``.
        """
        with self._lock:
            found = self.status(path)
            file = self.file(path)
            if file == self.root:
                raise InvalidParameter("the root folder can't be deleted")
            if found.kind != "DIRECTORY":
                file.unlink()
                self._mark(path).unlink(missing_ok=True)
                return
            if not recursive and any(file.iterdir()):
                raise ApiError("DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty")
            shutil.rmtree(file)
            shutil.rmtree(self._mark(path), ignore_errors=True)

    def write(
        self,
        path: str,
        content: bytes,
        *,
        format: str = "SOURCE",
        language: str | None = None,
        overwrite: bool = False,
    ) -> None:
        """Import one file or notebook.

        :param path: where to; a notebook recognised by ``AUTO`` loses its extension.
        :param format: ``AUTO``, ``SOURCE``, ``JUPYTER`` or ``RAW``: see :func:`read_import`.
        :param overwrite: whether an object of the same kind is replaced.
        :raises InvalidParameter: when ``content`` is not what ``format`` says.
        :raises NotFound: when the folder does not exist.
        :raises ApiError: ``RESOURCE_ALREADY_EXISTS``.
        """
        target, found, content = read_import(path, content, format, language)
        with self._lock:
            self._check_target(target, found, overwrite)
            file, mark = self.file(target), self._mark(target)
            self._put(file, content)
            if found:
                mark.parent.mkdir(parents=True, exist_ok=True)
                mark.write_text(found, encoding="utf-8")

    def read(self, path: str) -> bytes:
        """The content of a file or notebook.

        :raises NotFound: when it does not exist.
        :raises InvalidParameter: when it is a folder.
        """
        if self.status(path).kind == "DIRECTORY":
            raise InvalidParameter(f"{path} is a folder: only files and notebooks are exported here")
        return self.file(path).read_bytes()

    def _check_target(self, path: str, language: str | None, overwrite: bool) -> None:
        file = self.file(path)
        if not file.parent.is_dir():
            raise NotFound(f"The parent folder ({PurePosixPath(path).parent}) does not exist.")
        if not file.exists():
            return
        same_kind = not file.is_dir() and self._mark(path).is_file() == (language is not None)
        if not overwrite or not same_kind:
            raise _exists(path)

    def _put(self, file: Path, content: bytes) -> None:
        handle, partial = tempfile.mkstemp(dir=self._incoming)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(partial, file)

    def _mark(self, path: str) -> Path:
        return self._marks / _relative(path)

    def _describe(self, file: Path) -> WorkspaceObject:
        path = "/" + file.relative_to(self.root).as_posix().removeprefix(".")
        stat, mark = file.stat(), self._mark(path)
        kind = "DIRECTORY" if file.is_dir() else "NOTEBOOK" if mark.is_file() else "FILE"
        return WorkspaceObject(
            path=path,
            kind=kind,
            object_id=stat.st_ino,
            created_at=int(stat.st_ctime * 1000),
            modified_at=int(stat.st_mtime * 1000),
            language=mark.read_text(encoding="utf-8") if kind == "NOTEBOOK" else None,
            size=stat.st_size if kind == "FILE" else None,
        )


def _relative(path: str) -> PurePosixPath:
    parts = PurePosixPath(path).parts
    if not path.startswith("/") or ".." in parts or "\0" in path:
        raise InvalidParameter(f"Path ({path}) must be absolute and without '..'")
    try:
        lengths = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        raise InvalidParameter(f"Path ({path}) is no valid text") from None
    if max(lengths) > NAME_LIMIT or sum(lengths) + len(parts) > PATH_LIMIT:
        raise InvalidParameter(f"Path ({path}) is too long")
    parts = parts[1:]
    return PurePosixPath(*parts[1:] if parts[:1] == ("Workspace",) else parts)


def _exists(path: str) -> ApiError:
    return ApiError("RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
