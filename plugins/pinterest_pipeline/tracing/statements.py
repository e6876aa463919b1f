"""Statements about versions of a table; Delta takes neither a table nor a version as a parameter in them."""

from __future__ import annotations

from collections.abc import Sequence

from cloud_operators.databricks.statement import quoted_table

#: Commits that are looked at, the latest.
COMMITS = 1000


def history(table: str, limit: int = COMMITS) -> str:
    """The statement that tells what was done to a table, the latest first.

    :param table: full, back-quoted name.
    :param limit: commits at most.
    :raises ValueError: when it is no such name.
    """
    return f"DESCRIBE HISTORY {quoted_table(table)} LIMIT {limit:d}"


def row_at_version(table: str, version: int, columns: Sequence[str]) -> str:
    """The query that gives a key's row as a version had it, with the parameter ``ind``.

    :param table: full, back-quoted name.
    :param version: the version.
    :param columns: names of the columns.
    :raises ValueError: when it is no such name.
    """
    return (
        f"SELECT {', '.join(columns)} FROM {quoted_table(table)} VERSION AS OF {version:d} WHERE ind = :ind"
    )
