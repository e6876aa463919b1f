"""The source database: how fast it answers, and how many rows its tables have."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import contracts
from pinterest_pipeline.health.checks.source import Reading
from pinterest_pipeline.paths import read_include

if TYPE_CHECKING:
    import pymysql
    from airflow.sdk import Connection

CONNECT_S = 4
READ_S = 5
#: Seconds that a statement may take, on the server. Where that does not do to count, the greatest keys must
#: do, which an index has.
COUNT_S = 2
#: The same for MySQL in milliseconds, for MariaDB in seconds; each knows its own alone.
LIMITS = (f"max_execution_time = {COUNT_S * 1000}", f"max_statement_time = {COUNT_S}")
COUNT, KEYS = "health/source_rows.sql", "health/source_greatest_keys.sql"
#: Error numbers of the servers, which are the same wherever MySQL or MariaDB runs.
_UNKNOWN_VARIABLE, _NO_SUCH_TABLE = 1193, 1146
#: MySQL and MariaDB, in this order.
_TOOK_TOO_LONG = (3024, 1969)
_TROUBLES = {
    1040: "it has too many connections",
    1044: "it refuses the user this database",
    1045: "it refuses the user or the password",
    1049: "it has no such database",
    1129: "it has blocked this host after many errors",
    1130: "it refuses this host",
    1142: "it refuses the user its tables",
    2003: "no connection",
    2006: "it has closed the connection",
    2013: "it did not answer in time",
}


def read(memory: Mapping[str, Any]) -> Reading:
    """Connect and count.

    :param memory: ``counted``: what took too long to count at one check is not counted at the next.
    """
    import pymysql
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = BaseHook.get_connection(connections.SOURCE)
    except AirflowNotFoundException:
        return Reading(no_connection=True)
    began = time.monotonic()
    try:
        database = _connect(connection)
        latency = time.monotonic() - began
        with database:
            _limit(database)
            rows = _ask(database, COUNT) if memory.get("counted", True) else None
            counted = rows is not None
            found = rows if rows is not None else _ask(database, KEYS)
    except (pymysql.err.OperationalError, pymysql.err.InternalError) as error:
        return Reading(trouble=_trouble(error))
    except pymysql.err.ProgrammingError as error:
        if _number(error) != _NO_SUCH_TABLE:
            raise
        return Reading(missing=_missing(str(error)), latency_s=latency)
    return Reading(latency_s=latency, rows=found or {}, counted=counted)


def _connect(connection: Connection) -> pymysql.Connection[Any]:
    import pymysql

    return pymysql.connect(
        host=connection.host or "localhost",
        port=connection.port or 3306,
        user=connection.login,
        password=connection.password or "",
        database=connection.schema,
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
    )


def _limit(database: pymysql.Connection[Any]) -> None:
    """Let the server end what takes too long, for this session alone: it would go on without its client."""
    import pymysql

    for limit in LIMITS:
        try:
            with database.cursor() as cursor:
                cursor.execute(f"SET SESSION {limit}")
        except pymysql.err.MySQLError as error:
            if _number(error) != _UNKNOWN_VARIABLE:
                raise
        else:
            return


def _ask(database: pymysql.Connection[Any], relative: str) -> dict[str, int] | None:
    """Table to the number that a statement gives of it; ``None`` when that takes too long.

    The columns of a statement have the names of the tables.
    """
    import pymysql

    try:
        with database.cursor() as cursor:
            cursor.execute(read_include(f"sql/{relative}"))
            (numbers,) = cursor.fetchall()
            tables = [column[0] for column in cursor.description]
    except pymysql.err.MySQLError as error:
        if _number(error) not in _TOOK_TOO_LONG:
            raise
        return None
    return {table: int(number or 0) for table, number in zip(tables, numbers, strict=True)}


def _missing(text: str) -> str:
    tables = [contract.source_table for contract in contracts().values()]
    return next((table for table in tables if table in text), "that is needed")


def _trouble(error: Exception) -> str:
    # The server's own words hold the user and the host.
    number = _number(error)
    return _TROUBLES.get(number, f"MySQL error {number}")


def _number(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0
