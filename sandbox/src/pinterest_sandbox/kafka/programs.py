"""The broker and the worker as Java programs, in folders of their own."""

from __future__ import annotations

from pathlib import Path

from pinterest_sandbox.config import HOST
from pinterest_sandbox.jars import cache_folder, class_path, jar_folder
from pinterest_sandbox.kafka.java import JavaCommand
from pinterest_sandbox.kafka.settings import LOGGING, broker_properties, properties_text, worker_properties
from pinterest_sandbox.kafka.sink_build import build_sink, plugins_folder
from pinterest_sandbox.kafka.storage import format_storage

#: The argument file in a program's folder, for ``java @<folder>/java.args``.
ARGUMENT_FILE = "java.args"


def prepare_broker(
    folder: Path,
    *,
    port: int,
    controller_port: int,
    archive: Path | None,
    archive_at_exit: Path | None = None,
) -> None:
    """Write what the broker needs into ``folder``: configuration, argument file, formatted data folder.

    :param port: where clients connect.
    :param controller_port: of the controller in it.
    :param archive: class archive to read, if there is one.
    :param archive_at_exit: class archive to write.
    """
    jars = jar_folder("kafka")
    folder.mkdir(parents=True, exist_ok=True)
    values = broker_properties(data=folder / "data", port=port, controller_port=controller_port)
    _write(
        folder,
        main="kafka.Kafka",
        properties=properties_text(values),
        jars=jars,
        archive=archive,
        archive_at_exit=archive_at_exit,
    )
    format_storage(folder / "data", jars=jars, cache=cache_folder())


def prepare_worker(
    folder: Path, *, kafka_port: int, port: int, archive: Path | None, archive_at_exit: Path | None = None
) -> None:
    """Write what the Connect worker needs into ``folder`` and build the S3 sink.

    :param kafka_port: the broker's.
    :param port: of the worker's REST API.
    :param archive: class archive to read, if there is one.
    :param archive_at_exit: class archive to write.
    """
    jars = jar_folder("kafka")
    build_sink()
    folder.mkdir(parents=True, exist_ok=True)
    values = worker_properties(bootstrap=f"{HOST}:{kafka_port}", port=port, plugins=plugins_folder())
    _write(
        folder,
        main="org.apache.kafka.connect.cli.ConnectDistributed",
        properties=properties_text(values),
        jars=jars,
        archive=archive,
        archive_at_exit=archive_at_exit,
    )


def _write(
    folder: Path,
    *,
    main: str,
    properties: str,
    jars: Path,
    archive: Path | None,
    archive_at_exit: Path | None,
) -> None:
    settings = folder / "program.properties"
    settings.write_text(properties, encoding="utf-8")
    logging = folder / "log4j2.properties"
    logging.write_text(LOGGING, encoding="utf-8")
    JavaCommand(
        main=main,
        arguments=(str(settings),),
        class_path=class_path(jars),
        heap_megabytes=256,
        logging=logging,
        archive=archive,
        archive_at_exit=archive_at_exit,
    ).write(folder / ARGUMENT_FILE)
