"""The metastore as a supervised process.

An in-memory catalog dies with its Spark process, and embedded Derby admits a single process; the network
server lets several read and write the same tables at once. It is Derby's own
(https://db.apache.org/derby/docs/10.16/adminguide/), in the version inside PySpark.
"""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from pinterest_sandbox.config import HOST, Config
from pinterest_sandbox.databricks.class_archive import metastore_schema
from pinterest_sandbox.jars import class_path, jar_folder
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady


def service(config: Config) -> Service:
    """The metastore of the sandbox ``config``, with its data under ``<home>/metastore``."""
    folder = config.home / "metastore"
    port = config.ports["metastore"]
    return Service(
        name="metastore",
        title="Metastore (Derby)",
        command=command(folder=folder, port=port),
        prepare=lambda: prepare(folder),
        directory=folder,
        check=lambda: check(port),
    )


def prepare(folder: Path) -> None:
    """Make the server's folder, with an empty database where one has been recorded before.

    Without, the first Spark process creates the metastore's tables, which takes it some seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database, schema = folder / "metastore", metastore_schema()
    if not database.exists() and schema.exists():
        shutil.copytree(schema, database)


def command(*, folder: Path, port: int) -> tuple[str, ...]:
    """The command line of a Derby server.

    :param folder: where its databases and its log are kept.
    :param port: TCP port on 127.0.0.1.
    """
    return (
        "java",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xmx256m",
        f"-Dderby.system.home={folder}",
        f"-Dderby.stream.error.file={folder / 'derby.log'}",
        "-cp",
        class_path(jar_folder("metastore")),
        "org.apache.derby.drda.NetworkServerControl",
        "start",
        "-h",
        HOST,
        "-p",
        str(port),
        # Derby's own security manager needs one that newer Java versions no longer have.
        "-noSecurityManager",
    )


def check(port: int) -> None:
    """Whether Derby takes connections on ``port``.

    :raises NotReady: when something else than Derby's protocol answers.
    :raises OSError: when nothing listens.
    """
    with socket.create_connection((HOST, port), timeout=2) as connection:
        connection.sendall(_EXCHANGE_ATTRIBUTES)
        answer = connection.recv(10)
    # DDM reply: two bytes of length, 0xD0, format, correlation, length, code point EXCSATRD.
    if len(answer) < 10 or answer[2] != 0xD0 or answer[8:10] != b"\x14\x43":
        raise NotReady(f"port {port} does not speak Derby's protocol")


def _exchange_attributes() -> bytes:
    """The first message of a DRDA conversation: EXCSAT (1041) with an empty manager level list (1404)."""
    managers = b"\x00\x04\x14\x04"
    body = (4 + len(managers)).to_bytes(2, "big") + b"\x10\x41" + managers
    return (6 + len(body)).to_bytes(2, "big") + b"\xd0\x01\x00\x01" + body


_EXCHANGE_ATTRIBUTES = _exchange_attributes()
