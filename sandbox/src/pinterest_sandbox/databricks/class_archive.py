"""Where the class archive (AppCDS) and the empty metastore lie; both are made by ``recording``."""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import cache
from pathlib import Path

from pinterest_sandbox.jars import cache_folder, jar_folder


def class_archive() -> Path:
    """The archive that fits this machine's JVM and Spark's jars, whether or not it exists.

    The JVM passes over one that does not fit; the name makes sure that then a new one is made.
    """
    return cache_folder() / "cds" / f"spark-{_fingerprint()}.jsa"


def metastore_schema() -> Path:
    """A Derby database with the tables of the metastore and nothing in them, whether or not it exists."""
    return cache_folder() / "metastore" / _fingerprint()


@cache
def _fingerprint() -> str:
    import pyspark

    digest = hashlib.sha256()
    shipped = Path(pyspark.__file__).parent / "jars"
    for file in (_java_image(), *sorted(jar_folder("spark").glob("*.jar")), *sorted(shipped.glob("*.jar"))):
        state = file.stat()
        digest.update(f"{file}:{state.st_size}:{int(state.st_mtime)}\n".encode())
    return digest.hexdigest()[:12]


def _java_image() -> Path:
    """The file that holds the JVM's own classes, of the ``java`` that Spark starts."""
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else Path(shutil.which("java") or "java")
    return java.resolve().parents[1] / "lib" / "modules"
