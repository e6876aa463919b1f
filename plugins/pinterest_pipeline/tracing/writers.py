"""Which version of a table has written a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

#: Operations of commits that write records; others, such as OPTIMIZE, only write them anew.
_WRITING = ("MERGE", "WRITE")

#: Whether a version has the row as it is now; ``None`` when that version can't be read any more.
type HasRow = Callable[[int], bool | None]


class Commit(NamedTuple):
    """A version of a table.

    :param at: ISO 8601 in UTC.
    :param run_id: the run of the pipeline that made it, as its commit says.
    """

    version: int
    at: str
    operation: str
    run_id: str | None


class Writer(NamedTuple):
    """The version that wrote a row.

    :param commit: it, or the earliest that is known to have the row.
    :param certain: whether it is the one; else an earlier one may have been, which can't be looked at.
    """

    commit: Commit
    certain: bool


def read_commits(rows: Sequence[Mapping[str, Any]]) -> list[Commit]:
    """The answer to ``DESCRIBE HISTORY``, the oldest first."""
    return sorted(
        Commit(
            version=int(row["version"]),
            at=str(row["timestamp"]),
            operation=str(row["operation"]),
            run_id=row.get("userMetadata"),
        )
        for row in rows
    )


def find_writer(commits: Sequence[Commit], has_row: HasRow) -> Writer | None:
    """The first version that has the row as it is now.

    A row changes only for a later record, so all versions from then on have it.

    :param commits: the table's history, the oldest first.
    :param has_row: looks at a version.
    :returns: nothing when no commit is known that wrote records.
    """
    writing = [commit for commit in commits if commit.operation in _WRITING]
    if not writing:
        return None
    # The row is there now, and what came behind the last of them has written no records.
    low, high = 0, len(writing) - 1
    # Whether it is known that the version before ``low`` lacks the row.
    bounded = commits[0].version == 0
    while low < high:
        middle = (low + high) // 2
        answer = has_row(writing[middle].version)
        if answer:
            high = middle
        else:
            low, bounded = middle + 1, answer is not None
    return Writer(writing[high], bounded)
