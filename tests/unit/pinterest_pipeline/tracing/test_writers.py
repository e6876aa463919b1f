"""Which version has written a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pinterest_pipeline.tracing import statements
from pinterest_pipeline.tracing.writers import Commit, Writer, find_writer, read_commits


def commit(version: int, operation: str = "MERGE") -> Commit:
    return Commit(version=version, at=f"2026-01-01T00:00:{version:02d}Z", operation=operation, run_id="r")


def table(newest: int, oldest: int = 0) -> list[Commit]:
    """Every third commit is an OPTIMIZE."""
    made = {0: "CREATE TABLE"}
    return [commit(v, made.get(v, "OPTIMIZE" if v % 3 == 0 else "MERGE")) for v in range(oldest, newest + 1)]


def written_in(version: int, *, readable_from: int = 0) -> Callable[[int], bool | None]:
    return lambda asked: None if asked < readable_from else asked >= version


@pytest.mark.parametrize("version", [v for v in range(1, 41) if v % 3])
def test_the_first_version_with_the_row_is_found(version: int) -> None:
    assert find_writer(table(40), written_in(version)) == Writer(commit(version), True)


def test_few_versions_are_looked_at() -> None:
    asked: list[int] = []
    found = find_writer(table(1000), lambda version: bool(asked.append(version)) or version >= 500)
    assert found == Writer(commit(500), True)
    assert len(asked) <= 10
    assert set(asked) <= {v for v in range(1, 1001) if v % 3}


@pytest.mark.parametrize(
    ("version", "found", "certain"),
    [
        pytest.param(3, 20, False, id="before-all-that-can-be-read"),
        pytest.param(20, 20, False, id="in-the-first-that-can-be-read"),
        pytest.param(22, 22, True, id="in-a-later-one"),
    ],
)
def test_versions_that_cannot_be_read_leave_a_doubt(version: int, found: int, certain: bool) -> None:
    assert find_writer(table(40), written_in(version, readable_from=20)) == Writer(commit(found), certain)


def test_a_history_that_does_not_begin_with_the_table_leaves_a_doubt() -> None:
    assert find_writer(table(40, oldest=10), written_in(5)) == Writer(commit(10), False)
    assert find_writer(table(40, oldest=10), written_in(11)) == Writer(commit(11), True)


def test_without_commits_that_write_records_nothing_is_known() -> None:
    assert find_writer([], written_in(1)) is None
    assert find_writer([commit(0, "CREATE TABLE"), commit(3, "OPTIMIZE")], written_in(1)) is None


def test_the_history_is_read_oldest_first() -> None:
    rows: list[dict[str, Any]] = [
        {"version": 10, "timestamp": "t10", "operation": "MERGE", "userMetadata": "run", "userName": None},
        {"version": 9, "timestamp": "t9", "operation": "OPTIMIZE", "userMetadata": None},
    ]
    assert read_commits(rows) == [Commit(9, "t9", "OPTIMIZE", None), Commit(10, "t10", "MERGE", "run")]


def test_statements_name_quoted_tables_only() -> None:
    assert statements.history("`a`.`b`", 3) == "DESCRIBE HISTORY `a`.`b` LIMIT 3"
    assert statements.row_at_version("`a`", 7, ["_line"]) == (
        "SELECT _line FROM `a` VERSION AS OF 7 WHERE ind = :ind"
    )
    with pytest.raises(ValueError, match="back-quoted"):
        statements.history("a; DROP TABLE b")
    with pytest.raises(ValueError, match="back-quoted"):
        statements.row_at_version("a", 1, ["_line"])
