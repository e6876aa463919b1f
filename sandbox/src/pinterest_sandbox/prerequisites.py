"""What the machine itself must have, and the one command that mends what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess

#: program: (Debian package, what it is for)
PROGRAMS = {
    "mariadbd": ("mariadb-server-core", "the source database"),
    "mariadb-install-db": ("mariadb-server-core", "the source database"),
    "java": ("default-jdk-headless", "Kafka, Connect and Spark"),
    "javac": ("default-jdk-headless", "the S3 sink"),
    "mvn": ("maven", "fetching Kafka's and Delta's jars"),
}
LEAST_JAVA = 17


class Missing(Exception):
    """The machine lacks something; the message names it and its remedy."""


def find_program(name: str) -> str | None:
    """The path of ``name``; system folders are looked through too (``mariadbd`` lies in ``/usr/sbin``)."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def check_prerequisites() -> None:
    """Look whether every needed program is there.

    :raises Missing: naming all that is missing and the command that installs it.
    """
    absent = {name: PROGRAMS[name] for name in PROGRAMS if find_program(name) is None}
    if absent:
        packages = " ".join(sorted({package for package, _ in absent.values()}))
        lines = [f"  {name}: needed for {purpose}" for name, (_, purpose) in absent.items()]
        raise Missing(
            "\n".join(
                [
                    "This machine lacks:",
                    *lines,
                    f"Install: sudo apt-get update && sudo apt-get install {packages}",
                ]
            )
        )
    version = java_version()
    if version < LEAST_JAVA:
        raise Missing(
            f"Java {version} is too old for Kafka 4 and Spark 4: version {LEAST_JAVA} or later is needed.\n"
            "Install: sudo apt-get update && sudo apt-get install default-jdk-headless"
        )


def java_version() -> int:
    """The major version of the ``java`` on the path."""
    shown = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    found = re.search(r'version "(\d+)', shown)
    return int(found.group(1)) if found else 0
