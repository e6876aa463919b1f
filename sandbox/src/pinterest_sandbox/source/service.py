"""The source database as the sandbox's commands use it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pinterest_sandbox.config import Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.source import database, server
from pinterest_sandbox.source.generator import generate
from pinterest_sandbox.source.load import load
from pinterest_sandbox.source.template import data_folder


def service(config: Config) -> Service:
    """The MariaDB process; its files are in ``<home>/source``."""
    folder, port, password = _folder(config), config.ports["source"], config.source_password
    return Service(
        name="source",
        title="Source database",
        command=server.command(folder, port),
        prepare=partial(server.prepare, folder, password, template=partial(data_folder, config.cache)),
        check=partial(database.check, port, password),
    )


def fill(config: Config) -> dict[str, int]:
    """Create the tables and insert generated rows for the keys that are missing; quick when none is.

    :returns: entity to the number of rows inserted.
    :raises pymysql.MySQLError: when the database is not there or refuses.
    """
    with database.connect(config.ports["source"], config.source_password) as connection:
        database.create_tables(connection)
        if database.is_full(connection):
            return {entity: 0 for entity in database.count_rows(connection)}
        return database.insert_missing(connection, generate())


def load_rows(config: Config, folder: Path) -> dict[str, int]:
    """Put the rows of ``pin.jsonl``, ``geo.jsonl`` and ``user.jsonl`` in ``folder`` over the present ones.

    :returns: entity to the number of rows loaded.
    :raises ~pinterest_sandbox.source.load.LoadError: when a file has a bad line; then nothing is changed.
    """
    with database.connect(config.ports["source"], config.source_password) as connection:
        return load(connection, folder)


def _folder(config: Config) -> Path:
    return config.home / "source"
