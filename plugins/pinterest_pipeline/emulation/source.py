"""Rows of the source database, fetched by key."""

from __future__ import annotations

from collections.abc import Sequence
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
        conv=converters(),
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
    )


def converters() -> dict[Any, Any]:
    """PyMySQL's converters, with values that JSON has for what MySQL sends as text.

    Dates and times stay the text that they are, without fractions of a second: ``2020-08-28 03:52:47``. To
    make a datetime of it and text of that again would take as long as all the rest of a row.
    """
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import conversions

    texts = (FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP)
    return {
        **conversions,
        **dict.fromkeys(texts, _without_fraction),
        FIELD_TYPE.DATE: str,
        FIELD_TYPE.DECIMAL: float,
        FIELD_TYPE.NEWDECIMAL: float,
    }


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
    names = contract.column_names
    key_position = names.index(contract.key)
    rows: dict[int, Row] = {
        int(values[key_position]): dict(zip(names, values, strict=True)) for values in selected
    }
    missing = [key for key in wanted if key not in rows]
    if missing:
        raise MissingRows(contract.source_table, missing)
    return rows


def _without_fraction(text: str) -> str:
    return text.partition(".")[0]
