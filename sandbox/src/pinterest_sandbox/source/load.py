"""Rows from JSON lines files over those in the database, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pinterest_sandbox.source.records import BadRecord, parse_record
from pinterest_sandbox.source.tables import TABLES, Row, Table

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_SHOWN_PROBLEMS = 10


class LoadError(ValueError):
    """Files that cannot be loaded.

    :param problems: what is wrong, each with its file and line.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        more = len(problems) - _SHOWN_PROBLEMS
        lines = [*problems[:_SHOWN_PROBLEMS], *([f"… and {more} more"] if more > 0 else [])]
        super().__init__("nothing was loaded:\n" + "\n".join(lines))


def load(connection: Connection[Cursor], folder: Path) -> dict[str, int]:
    """Put the rows of ``pin.jsonl``, ``geo.jsonl`` and ``user.jsonl`` over those with the same key.

    All files are checked before anything is written, and written in one transaction. A file that is not there
    leaves its table as it is. Loading again changes nothing.

    :param connection: to a database whose tables exist.
    :param folder: holds at least one of the three files.
    :returns: entity to the number of rows loaded.
    :raises LoadError: with every bad line's file and number; then nothing is written.
    """
    rows = read_folder(folder)
    with connection.cursor() as cursor:
        try:
            for table in TABLES:
                if found := rows.get(table.entity):
                    cursor.executemany(table.write_statement("REPLACE"), found)
        except BaseException:
            connection.rollback()
            raise
    connection.commit()
    return {table.entity: len(rows.get(table.entity, ())) for table in TABLES}


def read_folder(folder: Path) -> dict[str, list[Row]]:
    """Read and check the files of a folder.

    :returns: entity to rows in key order, for each file that is there.
    :raises LoadError: when there is no file, or one has a bad line.
    """
    rows: dict[str, list[Row]] = {}
    problems: list[str] = []
    for table in TABLES:
        file = folder / f"{table.entity}.jsonl"
        if file.is_file():
            rows[table.entity] = sorted(_read_file(table, file, problems))
    if not rows:
        problems.append(f"{folder}: has none of {', '.join(f'{table.entity}.jsonl' for table in TABLES)}")
    if problems:
        raise LoadError(problems)
    return rows


def _read_file(table: Table, file: Path, problems: list[str]) -> Iterator[Row]:
    """Give the good rows of a file; bad lines are added to ``problems``."""
    line_of_key: dict[object, int] = {}
    for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = parse_record(table, line.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            problems.append(f"{file}:{number}: not UTF-8: {error.reason} at byte {error.start}")
        except BadRecord as error:
            problems.append(f"{file}:{number}: {error}")
        else:
            first = line_of_key.setdefault(row[0], number)
            if first != number:
                problems.append(f"{file}:{number}: key {row[0]} occurs already in line {first}")
            yield row


def export(connection: Connection[Cursor], folder: Path) -> dict[str, int]:
    """Write all rows as the files that :func:`load` reads, in key order; dates are ``YYYY-MM-DD HH:MM:SS``.

    :param folder: made when missing.
    :returns: entity to the number of rows written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    for table in TABLES:
        names = [column.name for column in table.columns]
        columns = ", ".join(f"`{name}`" for name in names)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM `{table.name}` ORDER BY `{table.key}`")
            found = cursor.fetchall()
        with (folder / f"{table.entity}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            for row in found:
                record = dict(zip(names, row, strict=True))
                file.write(json.dumps(record, ensure_ascii=False, default=_plain) + "\n")
        counts[table.entity] = len(found)
    return counts


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    raise TypeError(f"no JSON form for {type(value).__name__}")
