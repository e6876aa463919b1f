"""Class archives (AppCDS): a JVM that starts with one is ready in less than half the time."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from pathlib import Path
from typing import Literal

from pinterest_sandbox.jars import cache_folder, jar_folder
from pinterest_sandbox.prerequisites import require_program

Program = Literal["kafka", "connect"]


def class_archive(program: Program) -> Path:
    """The archive of ``program``, whether or not it exists: its name depends on the jars and on the JVM.

    The JVM itself passes over an archive that does not fit; the name makes sure that then a new one is made.
    """
    digest = hashlib.sha256(_java_version(require_program("java")).encode())
    for jar in sorted(jar_folder("kafka").glob("*.jar")):
        state = jar.stat()
        digest.update(f"{jar}:{state.st_size}:{state.st_mtime_ns}\n".encode())
    return cache_folder() / "cds" / f"{program}-{digest.hexdigest()[:12]}.jsa"


@cache
def _java_version(java: str) -> str:
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
    return done.stderr
