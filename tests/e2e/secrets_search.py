"""Where Airflow shows a secret: all log files, and every column of every table of its metadata database.

XComs, rendered fields, conf, audit log, triggers and the state stores are tables among others; that all are
looked through keeps a new one from being forgotten.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

#: Columns that tell a reader which row it is.
_NAMING = ("dag_id", "task_id", "run_id", "map_index", "key", "event", "id")


def places_that_show(text: str, airflow_home: Path, others: Iterable[Path] = ()) -> list[str]:
    """Look for a text, also as JSON, URLs and base64 spell it.

    :param text: the secret.
    :param airflow_home: with ``airflow.db``, a SQLite database, and the folder ``logs``.
    :param others: more files and folders to look through.
    :returns: a line for each place, which names it and does not repeat the text.
    :raises FileNotFoundError: when what is to be looked through is not there.
    :raises ValueError: when the text is too short to be told from others.
    """
    if len(text) < 8:
        raise ValueError("a text of at least 8 characters expected")
    spellings = _spellings(text)
    database = airflow_home / "airflow.db"
    found = list(_in_database(database, spellings))
    for folder in (airflow_home / "logs", *others):
        if not folder.exists():
            raise FileNotFoundError(folder)
        files = sorted(folder.rglob("*")) if folder.is_dir() else [folder]
        for file in files:
            if file.is_file():
                found += _in_file(file, spellings)
    return found


def _spellings(text: str) -> set[bytes]:
    """All that a reader could make the text of."""
    written = {text, quote(text), quote(text, safe=""), repr(text)[1:-1]}
    for _ in range(3):
        # A JSON text inside another one, as XComs are.
        written |= {
            json.dumps(each, ensure_ascii=ascii_only)[1:-1]
            for each in set(written)
            for ascii_only in (True, False)
        }
    return {each.encode() for each in written} | set(_in_base64(text.encode()))


def _in_base64(content: bytes) -> Iterator[bytes]:
    """What base64 makes of a content wherever it begins, without the edges that its neighbours change."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + content).rstrip(b"=")
        whole = encoded[4 * (before > 0) : len(encoded) - 1]
        yield whole
        yield whole.translate(bytes.maketrans(b"+/", b"-_"))


def _in_database(database: Path, spellings: set[bytes]) -> Iterator[str]:
    if not database.is_file():
        raise FileNotFoundError(database)
    with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        # As it is stored: a text that is no UTF-8 is no error.
        connection.text_factory = bytes
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (name,) in tables.fetchall():
            table = name.decode()
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for column in row.keys():  # noqa: SIM118 - a Row iterates over its values
                    if isinstance(row[column], bytes) and _shows(_plain(row[column]), spellings):
                        yield f"table {table}, column {column}: {_name_of(row)}"


def _name_of(row: sqlite3.Row) -> str:
    named = ((column, row[column]) for column in _NAMING if column in row.keys())  # noqa: SIM118
    return ", ".join(
        f"{column} {value.decode(errors='replace') if isinstance(value, bytes) else value}"
        for column, value in named
        if value is not None
    )


def _plain(content: bytes) -> bytes:
    """A content without its compression: serialized DAGs may have one."""
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content


def _in_file(file: Path, spellings: set[bytes]) -> Iterator[str]:
    for number, line in enumerate(file.read_bytes().split(b"\n"), 1):
        if _shows(line, spellings):
            yield f"{file}, line {number}"


def _shows(content: bytes, spellings: set[bytes]) -> bool:
    return any(spelling in content for spelling in spellings)
