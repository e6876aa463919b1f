"""The content of a release: which files, under which names, with which hash. No service is called here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

#: What the workspace's import call takes at most, counted in base64 as it is sent.
IMPORT_LIMIT_BYTES = 10 * 1024 * 1024
NAME_LENGTH = 12

#: First line of a source that the workspace imports as a notebook, by extension.
_NOTEBOOK_HEADERS = {
    ".py": b"# Databricks notebook source",
    ".sql": b"-- Databricks notebook source",
    ".scala": b"// Databricks notebook source",
    ".r": b"# Databricks notebook source",
}


@dataclass(frozen=True)
class Release:
    """A set of files to publish.

    :param files: relative POSIX path -> bytes, sorted by path
    """

    files: dict[str, bytes]

    @classmethod
    def of_folder(cls, folder: Path, include: Sequence[str]) -> Release:
        """Read the files of a folder.

        ``__pycache__`` and names that start with a dot are left out.

        :param folder: local folder
        :param include: glob patterns relative to it; a folder that matches brings all that is in it
        :raises ValueError: when there is no such folder, a pattern matches no file, a file is larger than the
            workspace takes, or two files would become one workspace object
        """
        if not folder.is_dir():
            raise ValueError(f"source_folder={str(folder)!r}: there is no such folder")
        found: dict[str, Path] = {}
        for pattern in include:
            matches = {path.relative_to(folder).as_posix(): path for path in _files_matching(folder, pattern)}
            if not matches:
                raise ValueError(f"include={pattern!r} matches no file in {folder}")
            found.update(matches)
        files = {name: found[name].read_bytes() for name in sorted(found)}
        _refuse_large_files(files)
        _refuse_collisions(files)
        return cls(files)

    @cached_property
    def sha256(self) -> str:
        """Hash over all paths and bytes; lengths go in too, so that no two sets of files run together."""
        digest = hashlib.sha256()
        for name, content in self.files.items():
            for part in (name.encode(), content):
                digest.update(len(part).to_bytes(8))
                digest.update(part)
        return digest.hexdigest()

    @property
    def name(self) -> str:
        """Name of the release folder."""
        return self.sha256[:NAME_LENGTH]

    @property
    def folders(self) -> list[str]:
        """Relative folders to create, parents first; the release folder itself is ``""``."""
        parents = {
            "" if str(parent) == "." else str(parent)
            for name in self.files
            for parent in PurePosixPath(name).parents
        }
        return sorted(parents)


def is_release_name(name: str) -> bool:
    """Tell whether a folder's name is that of a release."""
    return re.fullmatch(rf"[0-9a-f]{{{NAME_LENGTH}}}", name) is not None


def workspace_name(name: str, content: bytes) -> str:
    """Give the name that an imported file has in the workspace: notebooks lose their extension.

    :param name: relative path of the file
    :param content: the file's bytes
    """
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    header = _NOTEBOOK_HEADERS.get(suffix)
    first_line = content.partition(b"\n")[0].rstrip()
    if suffix == ".ipynb" or (header is not None and first_line == header):
        return str(path.with_suffix(""))
    return name


def _files_matching(folder: Path, pattern: str) -> Iterator[Path]:
    for match in folder.glob(pattern):
        for path in [match] if match.is_file() else match.rglob("*"):
            parts = path.relative_to(folder).parts
            if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in parts):
                yield path


def _refuse_large_files(files: dict[str, bytes]) -> None:
    limit = IMPORT_LIMIT_BYTES // 4 * 3  # base64 makes four characters of three bytes
    large = [f"{name} ({len(content):,} bytes)" for name, content in files.items() if len(content) > limit]
    if large:
        raise ValueError(f"larger than the {limit:,} bytes that the workspace imports: {', '.join(large)}")


def _refuse_collisions(files: dict[str, bytes]) -> None:
    owners: dict[str, str] = {}
    for name, content in files.items():
        target = workspace_name(name, content)
        if target in owners:
            raise ValueError(f"{owners[target]} and {name} would both become the workspace object {target}")
        owners[target] = name
