"""Rows of the source database, fetched by key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pinterest_pipeline.emulation.sender import Row
from pinterest_pipeline.entities import Contract
from pinterest_pipeline.errors import EmptySource, MissingRows

if TYPE_CHECKING:
    import pymysql
    from airflow.sdk import Connection

CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60


def connect(connection: Connection) -> pymysql.Connection[Any]:
    """Open the source database.

    :param connection: the Airflow connection ``pinterest_source``; its schema is the database.
    :raises pymysql.err.OperationalError: when it can't be reached.
    """
    import pymysql

    return pymysql.connect(
        host=connection.host or "localhost",
        port=connection.port or 3306,
        user=connection.login,
        password=connection.password or "",
        database=connection.schema,
        # Texts hold characters of four bytes, which the server's default may refuse.
        charset="utf8mb4",
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
    )


def fetch_greatest_key(database: pymysql.Connection[Any], statement: str) -> int:
    """The greatest key of a post that has all of its rows.

    :param database: an open connection.
    :param statement: SQL that selects it.
    :raises EmptySource: when a table is empty.
    """
    with database.cursor() as cursor:
        cursor.execute(statement)
        ((greatest,),) = cursor.fetchall()
    database.rollback()
    if greatest is None:
        raise EmptySource
    return int(greatest)


def fetch_rows(
    database: pymysql.Connection[Any], contract: Contract, statement: str, keys: Sequence[int]
) -> dict[int, Row]:
    """Fetch the rows of some keys in one query.

    :param database: an open connection.
    :param contract: the entity that ``statement`` selects.
    :param statement: SQL that selects the contract's columns in their order, with the parameter ``keys``.
    :param keys: keys in any order; repeated ones are fetched once.
    :returns: key to row.
    :raises MissingRows: when a key has no row.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    with database.cursor() as cursor:
        cursor.execute(statement, {"keys": wanted})
        selected = cursor.fetchall()
    # Ends the snapshot of this read, so that a later one sees rows added meanwhile.
    database.rollback()
    key_position = contract.column_names.index(contract.key)
    rows = {
        int(values[key_position]): {
            name: _as_json(value) for name, value in zip(contract.column_names, values, strict=True)
        }
        for values in selected
    }
    missing = [key for key in wanted if key not in rows]
    if missing:
        raise MissingRows(contract.source_table, missing)
    return rows


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value
