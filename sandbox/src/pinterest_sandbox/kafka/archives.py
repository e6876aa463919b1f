"""Class archives (AppCDS): a JVM that starts with one is ready in less than half the time."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Literal

from pinterest_sandbox.jars import cache_folder, jar_folder
from pinterest_sandbox.kafka.java import java_program

Program = Literal["kafka", "connect"]


def class_archive(program: Program) -> Path:
    """Where the archive of ``program`` is, whether or not it exists: its name depends on the jars and on the JVM.

    The JVM itself checks that the archive fits; the name makes sure that a new one is made when it would not.
    """
    digest = hashlib.sha256(_java_version().encode())
    for jar in sorted(jar_folder("kafka").glob("*.jar")):
        state = jar.stat()
        digest.update(f"{jar}:{state.st_size}:{state.st_mtime_ns}\n".encode())
    return cache_folder() / "cds" / f"{program}-{digest.hexdigest()[:12]}.jsa"


def _java_version() -> str:
    done = subprocess.run([java_program(), "-version"], capture_output=True, text=True, check=True)
    return done.stderr
