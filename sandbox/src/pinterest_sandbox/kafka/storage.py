"""An empty, formatted data folder for the broker."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path

from pinterest_sandbox.jars import class_path
from pinterest_sandbox.kafka.java import JavaCommand
from pinterest_sandbox.kafka.settings import broker_properties, properties_text
from pinterest_sandbox.prerequisites import require_program

_META = "meta.properties"


class FormatFailed(Exception):
    """Kafka's storage tool failed; the message has its output."""


def format_storage(data: Path, *, jars: Path, cache: Path) -> None:
    """Make ``data`` a formatted data folder of a new cluster; one that is formatted already stays.

    Kafka's own tool needs a JVM (1 to 2 s) and its result depends on nothing but Kafka's version: it runs
    once, and its files are copied, with ids of their own, ever after.

    :param jars: Kafka's jars.
    :param cache: folder that keeps the copy.
    :raises FormatFailed: when the storage tool fails.
    """
    if (data / _META).exists():
        return
    template = _template(jars=jars, cache=cache)
    partial = data.with_name(data.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(template, partial)
    meta = partial / _META
    ids = re.compile(r"^(cluster\.id|directory\.id)=.*$", re.MULTILINE)
    meta.write_text(ids.sub(lambda found: f"{found[1]}={new_id()}", meta.read_text()))
    data.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(data)


def new_id() -> str:
    """A random id as Kafka writes them: 16 bytes in URL-safe Base64, with no leading dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def _template(*, jars: Path, cache: Path) -> Path:
    stamp = (jars / ".pom-sha256").read_text().strip()[:12]
    template = cache / "kafka-storage" / stamp
    if (template / _META).exists():
        return template
    work = template.with_name(f"{stamp}.{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    settings = work / "server.properties"
    # Neither port ends up in the formatted files.
    values = broker_properties(data=work / "data", port=9092, controller_port=9093)
    settings.write_text(properties_text(values))
    command = JavaCommand(
        main="kafka.tools.StorageTool",
        arguments=("format", "-t", new_id(), "-c", str(settings)),
        class_path=class_path(jars),
        heap_megabytes=128,
    )
    done = subprocess.run(
        [require_program("java"), *command.words()], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FormatFailed((done.stdout + done.stderr).strip())
    shutil.rmtree(template, ignore_errors=True)
    (work / "data").rename(template)
    shutil.rmtree(work)
    return template
