"""MariaDB as one user's process: data folder, start-up statements and command line.

See https://mariadb.com/kb/en/mariadb-install-db/ and https://mariadb.com/kb/en/mariadbd-options/.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from pinterest_sandbox.config import HOST
from pinterest_sandbox.prerequisites import require_program
from pinterest_sandbox.source.tables import DATABASE

USER = "pinterest"
#: Must be the same whenever a data folder is opened.
LOG_SIZE = "--innodb-log-file-size=16M"


class ServerRefused(Exception):
    """MariaDB could not make the data folder."""


def prepare(folder: Path, password: str, *, template: Callable[[], Path]) -> None:
    """Make the data folder, if there is none, and the statements that the server runs at each start.

    :param folder: the database's folder; MariaDB's own files are in ``data`` inside.
    :param password: password of the user ``pinterest``.
    :param template: gives the data folder to copy.
    :raises ServerRefused: when MariaDB is not installed or refuses.
    """
    for sub_folder in (folder, folder / "tmp"):
        sub_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    init_file = folder / "init.sql"
    init_file.touch(mode=0o600, exist_ok=True)
    init_file.write_text(start_statements(password), encoding="utf-8")
    data = folder / "data"
    if not data.exists():
        # Under another name first, so that half a data folder is never used.
        partial = folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(template(), partial)
        partial.rename(data)


def start_statements(password: str) -> str:
    """SQL, one statement a line, that gives the database and its only user that can connect by TCP."""
    quoted = "'" + password.replace("\\", "\\\\").replace("'", "''") + "'"
    account = f"'{USER}'@'{HOST}'"
    return (
        f"CREATE DATABASE IF NOT EXISTS `{DATABASE}` CHARACTER SET utf8mb4;\n"
        f"CREATE OR REPLACE USER {account} IDENTIFIED BY {quoted};\n"
        f"GRANT ALL ON `{DATABASE}`.* TO {account};\n"
    )


def command(folder: Path, port: int) -> tuple[str, ...]:
    """The server's command line: on 127.0.0.1 only, small, and quick to end.

    The socket's path is relative to the data folder: a full one may exceed the 107 bytes that Linux allows.

    :param folder: as in :func:`prepare`.
    :param port: TCP port.
    """
    return (
        require_program("mariadbd"),
        "--no-defaults",
        *as_user(),
        f"--datadir={folder / 'data'}",
        f"--tmpdir={folder / 'tmp'}",
        f"--init-file={folder / 'init.sql'}",
        "--socket=mariadbd.sock",
        "--pid-file=mariadbd.pid",
        f"--bind-address={HOST}",
        f"--port={port}",
        "--skip-name-resolve",
        "--skip-log-bin",
        "--character-set-server=utf8mb4",
        "--max-connections=64",
        "--key-buffer-size=1M",
        "--aria-pagecache-buffer-size=8M",
        "--innodb-buffer-pool-size=64M",
        LOG_SIZE,
        "--innodb-log-buffer-size=8M",
        # A commit outlives a kill of the server, not of the machine: no wait for the disk.
        "--innodb-flush-log-at-trx-commit=2",
        "--innodb-fast-shutdown=2",
        "--performance-schema=OFF",
    )


def as_user() -> tuple[str, ...]:
    """The option without which MariaDB refuses to run as root; none for another user."""
    return ("--user=root",) if os.geteuid() == 0 else ()
