"""What the machine itself must have, and the one command that mends what is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

#: program: (Debian package, what it is for)
PROGRAMS = {
    "mariadbd": ("mariadb-server-core", "the source database"),
    "mariadb-install-db": ("mariadb-server-core", "the source database"),
    # mariadb-install-db calls it; its own package neither has it nor asks for it.
    "my_print_defaults": ("mariadb-client-core", "the source database"),
    "java": ("openjdk-17-jdk-headless", "Kafka, Connect and Spark"),
    "javac": ("openjdk-17-jdk-headless", "the S3 sink"),
    "mvn": ("maven", "fetching Kafka's and Delta's jars"),
}
LEAST_JAVA = 17


class Missing(Exception):
    """The machine lacks something; the message names it and its remedy."""


def find_program(name: str) -> str | None:
    """The path of ``name``: Java's programs from ``JAVA_HOME`` if it is set, others from the search path.

    System folders are looked through too: Debian keeps ``mariadbd`` outside a user's search path.
    """
    home = os.environ.get("JAVA_HOME")
    if home and name in ("java", "javac") and (Path(home) / "bin" / name).exists():
        return str(Path(home) / "bin" / name)
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def require_program(name: str) -> str:
    """The path of one of :data:`PROGRAMS`.

    :raises Missing: when it is not installed.
    """
    found = find_program(name)
    if found is None:
        raise Missing(_message([name]))
    return found


def check_prerequisites() -> None:
    """Look whether every needed program is there.

    :raises Missing: naming all that is missing and the command that installs it.
    """
    absent = [name for name in PROGRAMS if find_program(name) is None]
    if absent:
        raise Missing(_message(absent))
    version = java_version()
    if version < LEAST_JAVA:
        raise Missing(
            f"{find_program('java')} is Java {version}: Kafka 4 and Spark 4 need {LEAST_JAVA} or later.\n"
            "Install one (Debian and Ubuntu: sudo apt-get install openjdk-17-jdk-headless) and put it first "
            "on the PATH, or name it in JAVA_HOME"
        )


def java_version() -> int:
    """The major version of the ``java`` that is used."""
    command = [require_program("java"), "-version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.search(r'version "(\d+)', shown)
    return int(found.group(1)) if found else 0


def _message(absent: list[str]) -> str:
    packages = " ".join(sorted({PROGRAMS[name][0] for name in absent}))
    return "\n".join(
        [
            "This machine lacks:",
            *(f"  {name}: needed for {PROGRAMS[name][1]}" for name in absent),
            f"Install: sudo apt-get update && sudo apt-get install {packages}",
        ]
    )
