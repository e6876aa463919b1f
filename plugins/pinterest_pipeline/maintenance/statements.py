"""The statements about a table, and what the warehouse says of their work.

Neither Delta's parser nor the documentation of Databricks takes ``IDENTIFIER(:table)`` in them, so that the
name is written into them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cloud_operators.databricks.statement import quoted_table

#: Hours that files of old versions are kept at least. Delta refuses less, unless it is told not to:
#: statements that still run may read such files, or may have written some that no version has yet.
LEAST_RETENTION_HOURS = 168
#: Commits that are looked at for those of a VACUUM: it makes two, and others may write meanwhile.
_RECENT = 20

type Rows = Sequence[Mapping[str, Any]]


class Optimized(NamedTuple):
    """What an OPTIMIZE has done.

    :param removed: files that belong to the table no more. They stay until a VACUUM.
    :param added: files that were written in their place.
    """

    removed: int
    added: int


class Vacuumed(NamedTuple):
    """What a VACUUM has done; ``None`` is what the warehouse does not say.

    :param files: files that were deleted.
    :param size: their bytes.
    """

    files: int | None
    size: int | None


def optimize(table: str) -> str:
    """The statement that makes few files of many small ones.

    :param table: full, back-quoted name.
    :raises ValueError: when it is no such name.
    """
    return f"OPTIMIZE {quoted_table(table)}"


def vacuum(table: str, retention_hours: int, *, dry_run: bool = False) -> str:
    """The statement that deletes files which have belonged to no version for some time.

    :param table: full, back-quoted name.
    :param retention_hours: for how long.
    :param dry_run: only list them; Databricks lists at most 1,000.
    :raises ValueError: when it is no such name, or the time is too short.
    """
    if retention_hours < LEAST_RETENTION_HOURS:
        raise ValueError(f"retention_hours is {retention_hours}, but at least {LEAST_RETENTION_HOURS}")
    return f"VACUUM {quoted_table(table)} RETAIN {retention_hours:d} HOURS{' DRY RUN' if dry_run else ''}"


def newest_commit(table: str) -> str:
    """The statement that tells a table's version.

    :param table: full, back-quoted name.
    :raises ValueError: when it is no such name.
    """
    return f"DESCRIBE HISTORY {quoted_table(table)} LIMIT 1"


def recent_commits(table: str) -> str:
    """The statement that tells what has lately been done to a table, the latest first.

    :param table: full, back-quoted name.
    :raises ValueError: when it is no such name.
    """
    return f"DESCRIBE HISTORY {quoted_table(table)} LIMIT {_RECENT}"


def detail(table: str) -> str:
    """The statement that tells a table's files and bytes (``numFiles``, ``sizeInBytes``).

    :param table: full, back-quoted name.
    :raises ValueError: when it is no such name.
    """
    return f"DESCRIBE DETAIL {quoted_table(table)}"


def read_optimized(rows: Rows) -> Optimized:
    """What the answer to an OPTIMIZE says.

    :param rows: its only row.
    """
    metrics = rows[0]["metrics"]
    return Optimized(removed=int(metrics["numFilesRemoved"]), added=int(metrics["numFilesAdded"]))


def read_vacuumed(commits: Rows, *, after: int) -> Vacuumed:
    """What a table's history says of a VACUUM. Its own answer has only the table's path.

    A warehouse that does not log VACUUM says nothing.

    :param commits: the answer to :func:`recent_commits`.
    :param after: the table's version before the VACUUM.
    """
    own = [commit for commit in commits if int(commit["version"]) > after]
    return Vacuumed(
        files=_metric(own, "VACUUM END", "numDeletedFiles"),
        size=_metric(own, "VACUUM START", "sizeOfDataToDelete"),
    )


def _metric(commits: Rows, operation: str, name: str) -> int | None:
    for commit in commits:
        value = (commit.get("operationMetrics") or {}).get(name)
        if commit["operation"] == operation and value is not None:
            return int(value)
    return None
