"""Jar folders from the small poms in ``sandbox/java``, fetched once by Maven and kept in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from pinterest_sandbox.config import CHECKOUT

JAVA_SOURCES = CHECKOUT / "sandbox" / "java"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_VERSION = re.compile(r"-\d[\w.\-]*\.jar$")


class BuildFailed(Exception):
    """A Maven call failed; the message has the end of its output."""


def cache_folder() -> Path:
    """The folder of jars and class archives."""
    return Path(os.environ.get("PINTEREST_SANDBOX_CACHE") or CHECKOUT / ".sandbox" / "cache")


def jar_folder(name: str) -> Path:
    """The folder with the jars of ``sandbox/java/<name>/pom.xml``; they are fetched when the pom has changed.

    :param name: ``kafka``, ``spark`` or ``metastore``.
    :raises BuildFailed: when Maven fails.
    """
    pom = JAVA_SOURCES / name / "pom.xml"
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()
    target = cache_folder() / "jars" / name
    stamp = target / ".pom-sha256"
    target.parent.mkdir(parents=True, exist_ok=True)
    # The demo and the tests share the cache and may be started at the same time.
    with open(target.with_name(f"{name}.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != digest:
            _fetch(name, pom, target, digest)
    return target


def _fetch(name: str, pom: Path, target: Path, digest: str) -> None:
    partial = target.with_name(f"{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    maven("-f", str(pom), _COPY, "-DincludeScope=runtime", f"-DoutputDirectory={partial}")
    if name == "spark":
        _drop_what_pyspark_has(partial)
    (partial / ".pom-sha256").write_text(digest)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def class_path(*folders: Path) -> str:
    """An explicit, sorted class path: class archives (AppCDS) are bound to it."""
    return ":".join(str(jar) for folder in folders for jar in sorted(folder.glob("*.jar")))


def maven(*arguments: str) -> None:
    """Run Maven in batch mode.

    :raises BuildFailed: with the end of its output.
    """
    command = ["mvn", "-B", "-q", "-ntp", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise BuildFailed(f"{' '.join(command)} failed:\n{tail}")


def _drop_what_pyspark_has(folder: Path) -> None:
    """Remove jars whose artifact PySpark ships: another Netty ahead of Spark's own kills it at start."""
    import pyspark

    shipped = {_VERSION.sub("", jar.name) for jar in (Path(pyspark.__file__).parent / "jars").glob("*.jar")}
    for jar in folder.glob("*.jar"):
        if _VERSION.sub("", jar.name) in shipped:
            jar.unlink()
