"""Build the S3 sink once: a plugin folder for the worker, and the zip that MSK Connect takes."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinterest_sandbox.jars import JAVA_SOURCES, cache_folder, maven

#: The connector's class name.
CONNECTOR_CLASS = "pinterest.sandbox.connect.s3.S3SinkConnector"
_SOURCES = JAVA_SOURCES / "s3-sink"
_NAME = "s3-sink"


def plugins_folder() -> Path:
    """The worker's ``plugin.path``."""
    return cache_folder() / "plugins"


def build_sink() -> Path:
    """Build the plugin folder ``<cache>/plugins/s3-sink`` and the zip beside it, if the sources have changed.

    :returns: the zip.
    :raises pinterest_sandbox.jars.BuildFailed: when Maven fails.
    """
    plugins = plugins_folder()
    plugins.mkdir(parents=True, exist_ok=True)
    archive = plugins / f"{_NAME}.zip"
    stamp = plugins / f".{_NAME}.sha256"
    digest = source_digest(_SOURCES)
    with _only_one(plugins / f".{_NAME}.lock"):
        if stamp.exists() and stamp.read_text() == digest and archive.exists() and (plugins / _NAME).is_dir():
            return archive
        target = cache_folder() / "build" / _NAME
        shutil.rmtree(target, ignore_errors=True)
        maven(
            "-f", str(_SOURCES / "pom.xml"), "package", "-Dmaven.test.skip=true", f"-Dbuild.folder={target}"
        )
        stamp.unlink(missing_ok=True)
        shutil.rmtree(plugins / _NAME, ignore_errors=True)
        (target / "plugin").rename(plugins / _NAME)
        write_zip(archive, plugins / _NAME)
        stamp.write_text(digest)
        shutil.rmtree(target)
    return archive


def source_digest(folder: Path) -> str:
    """SHA-256 over ``pom.xml`` and the main sources: file names and contents."""
    digest = hashlib.sha256()
    for file in [folder / "pom.xml", *sorted((folder / "src" / "main").rglob("*"))]:
        if file.is_file():
            digest.update(f"{file.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def write_zip(archive: Path, folder: Path) -> None:
    """Zip the jars of ``folder`` under its name; the same jars give the same bytes."""
    partial = archive.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as target:
        for jar in sorted(folder.glob("*.jar")):
            # Jars are compressed already, and a fixed date makes the zip reproducible.
            target.writestr(zipfile.ZipInfo(f"{folder.name}/{jar.name}"), jar.read_bytes())
    partial.replace(archive)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
