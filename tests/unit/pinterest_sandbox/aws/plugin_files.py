"""Plugin files for tests: zips of jars with class files that name their ancestor."""

from __future__ import annotations

import io
import zipfile


def archive(entries: dict[str, bytes]) -> bytes:
    """A zip (or jar) with these entries."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    return target.getvalue()


def connector_class(ancestor: str = "org/apache/kafka/connect/sink/SinkConnector") -> bytes:
    """Bytes as of a class file whose constant pool names its ancestor."""
    return b"\xca\xfe\xba\xbe\x00\x00\x00\x3d\x01" + ancestor.encode() + b"\x00"


def plugin_zip(class_name: str = "io.confluent.connect.s3.S3SinkConnector") -> bytes:
    """A plugin as Confluent packs it: jars in a ``lib`` folder."""
    jar = archive({class_name.replace(".", "/") + ".class": connector_class()})
    return archive({"confluentinc-kafka-connect-s3/lib/kafka-connect-s3.jar": jar, "README.md": b"x"})
