"""What is in a custom plugin's file: the check that MSK Connect makes before a plugin becomes active."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

#: A connector class names one of these as its ancestor, in its constant pool.
_ANCESTORS = (
    b"org/apache/kafka/connect/sink/SinkConnector",
    b"org/apache/kafka/connect/source/SourceConnector",
)
_SERVICES = tuple(
    f"META-INF/services/org.apache.kafka.connect.{kind}Connector" for kind in ("sink.Sink", "source.Source")
)
#: AWS takes plugin files up to 200 MB.
MAX_BYTES = 200_000_000


class BadPluginFile(Exception):
    """The file can't be a plugin; the message says why."""


@dataclass(frozen=True)
class PluginFile:
    """A checked plugin file.

    :param size: bytes.
    :param md5: hex digest.
    :param classes: names of the connector classes found, sorted.
    """

    size: int
    md5: str
    classes: tuple[str, ...]


def inspect_plugin(content: bytes, content_type: str) -> PluginFile:
    """Check a plugin file and list its connector classes.

    :param content: the object's bytes.
    :param content_type: ``ZIP`` (jars in any folder) or ``JAR``.
    :raises BadPluginFile: when it is too large, no archive of that type, or has no connector class.
    """
    if len(content) > MAX_BYTES:
        raise BadPluginFile(f"The plugin file has {len(content)} bytes; at most {MAX_BYTES} are allowed.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            jars = [archive] if content_type == "JAR" else list(_jars(archive))
            classes = {name for jar in jars for name in _connector_classes(jar)}
    except zipfile.BadZipFile as error:
        raise BadPluginFile(f"The plugin file is not a valid {content_type} file.") from error
    if not classes:
        raise BadPluginFile(f"The {content_type} file has no class that implements Connector.")
    return PluginFile(len(content), hashlib.md5(content).hexdigest(), tuple(sorted(classes)))


def _jars(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipFile]:
    for name in archive.namelist():
        if name.endswith(".jar"):
            yield zipfile.ZipFile(io.BytesIO(archive.read(name)))


def _connector_classes(jar: zipfile.ZipFile) -> Iterator[str]:
    names = set(jar.namelist())
    for service in _SERVICES:
        if service in names:
            lines = jar.read(service).decode("utf-8").splitlines()
            yield from (line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip())
    for name in names:
        # Kafka Connect's own API jar, when shipped along, has the ancestors themselves.
        if name.endswith("Connector.class") and not name.startswith("org/apache/kafka/connect/"):
            content = jar.read(name)
            if any(ancestor in content for ancestor in _ANCESTORS):
                yield name.removesuffix(".class").replace("/", ".")
