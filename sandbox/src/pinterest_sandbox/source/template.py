"""A data folder with the system tables and the generated rows, made once and copied by each new sandbox."""

from __future__ import annotations

import getpass
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from pymysql.converters import escape_item

from pinterest_sandbox.prerequisites import require_program
from pinterest_sandbox.source.generator import generate
from pinterest_sandbox.source.server import LOG_SIZE, ServerRefused, as_user
from pinterest_sandbox.source.tables import DATABASE, TABLES, Row, Table

#: Bytes of one statement; MariaDB reads at most 60,000 in bootstrap mode, and lines of 20,000.
_STATEMENT_BYTES = 40_000


def data_folder(cache: Path) -> Path:
    """The data folder to copy: one for each server version, user and state of this package.

    :param cache: folder that is kept when sandboxes come and go.
    :raises ServerRefused: when MariaDB is not installed or refuses.
    """
    target = cache / "source" / _identity()
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    for outdated in target.parent.glob("[0-9a-f]*"):
        if outdated != target:
            shutil.rmtree(outdated, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="partial-") as scratch:
        made = Path(scratch) / "data"
        _make(made, Path(scratch))
        try:
            made.rename(target)
        except OSError:
            # Another sandbox may have made it in the meantime.
            if not target.exists():
                raise
    return target


def _make(folder: Path, scratch: Path) -> None:
    common = ("--no-defaults", *as_user(), f"--datadir={folder}", f"--tmpdir={scratch}", LOG_SIZE)
    _run(
        (
            require_program("mariadb-install-db"),
            *common,
            "--skip-test-db",
            "--skip-name-resolve",
            # root only by the socket: with "normal" it has no password at all.
            "--auth-root-authentication-method=socket",
            f"--auth-root-socket-user={getpass.getuser()}",
        )
    )
    # Bootstrap mode has no network and reads statements from standard input:
    # https://mariadb.com/kb/en/mariadbd-options/#-bootstrap
    bootstrap = (require_program("mariadbd"), *common, "--bootstrap", "--character-set-server=utf8mb4")
    _run((*bootstrap, "--innodb-flush-log-at-trx-commit=0"), "".join(statements(generate())))


def statements(rows: dict[str, list[Row]]) -> Iterator[str]:
    """The SQL that makes the database, its tables and rows; a row is a line.

    :param rows: entity to rows, as :func:`~pinterest_sandbox.source.generator.generate` gives them.
    """
    yield f"CREATE DATABASE `{DATABASE}` CHARACTER SET utf8mb4;\nUSE `{DATABASE}`;\nSET NAMES utf8mb4;\n"
    for table in TABLES:
        yield f"{table.definition};\n"
        yield from _inserts(table, rows[table.entity])


def _inserts(table: Table, rows: Sequence[Row]) -> Iterator[str]:
    lines: list[str] = []
    size = 0
    for row in rows:
        line = f"({', '.join(map(_literal, row))})"
        lines.append(line)
        size += len(line.encode())
        if size > _STATEMENT_BYTES:
            yield _insert(table, lines)
            lines, size = [], 0
    if lines:
        yield _insert(table, lines)


def _insert(table: Table, lines: list[str]) -> str:
    return f"INSERT INTO `{table.name}` VALUES\n" + ",\n".join(lines) + ";\n"


def _literal(value: object) -> str:
    literal: str = escape_item(value, "utf8mb4")
    return literal


def _identity() -> str:
    """Changes with everything that the folder's content depends on."""
    server = Path(require_program("mariadbd")).stat()
    digest = hashlib.sha256(repr((server.st_size, server.st_mtime_ns, getpass.getuser())).encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()[:16]


def _run(command: tuple[str, ...], text: str | None = None) -> None:
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise ServerRefused(f"{command[0]} failed:\n{tail}")
