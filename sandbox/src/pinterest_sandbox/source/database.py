"""A connection to the source database, and whole tables written through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pymysql

from pinterest_sandbox.config import HOST
from pinterest_sandbox.source.server import USER
from pinterest_sandbox.source.tables import DATABASE, ROWS, TABLES, Row
from pinterest_sandbox.waiting import NotReady

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


def connect(port: int, password: str) -> Connection[Cursor]:
    """Open a connection as the user ``pinterest``; the caller commits and closes.

    :param port: TCP port on 127.0.0.1.
    :param password: the user's password.
    :raises pymysql.err.OperationalError: when the server does not answer or refuses.
    """
    connection = pymysql.connect(
        host=HOST,
        port=port,
        user=USER,
        password=password,
        database=DATABASE,
        charset="utf8mb4",
        connect_timeout=5,
    )
    return connection


def check(port: int, password: str) -> None:
    """See that the database answers a query.

    :raises NotReady: while it does not, with the server's or the socket's own words.
    """
    try:
        with connect(port, password) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except pymysql.MySQLError as seen:
        raise NotReady(str(seen)) from seen


def create_tables(connection: Connection[Cursor]) -> None:
    """Create those of the three tables that are missing."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(table.definition)


def count_rows(connection: Connection[Cursor]) -> dict[str, int]:
    """Entity to the number of rows in its table."""
    counts: dict[str, int] = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT COUNT(*) FROM `{table.name}`")
            row = cursor.fetchone()
            counts[table.entity] = int(row[0]) if row else 0
    return counts


def is_full(connection: Connection[Cursor]) -> bool:
    """Whether each table has all of its rows."""
    return all(count == ROWS for count in count_rows(connection).values())


def insert_missing(connection: Connection[Cursor], rows: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    """Insert the rows whose key is not there yet, in the order given, in one transaction.

    :param rows: entity to rows, values in the table's column order.
    :returns: entity to the number of rows inserted.
    """
    inserted: dict[str, int] = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT `{table.key}` FROM `{table.name}`")
            present = {row[0] for row in cursor.fetchall()}
            missing = [row for row in rows[table.entity] if row[0] not in present]
            if missing:
                cursor.executemany(table.write_statement("INSERT"), missing)
            inserted[table.entity] = len(missing)
    connection.commit()
    return inserted
