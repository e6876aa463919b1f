"""The statements' texts and what is read from the answers; tests/unit/spark runs them."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.entities import names
from pinterest_pipeline.maintenance import statements
from pinterest_pipeline.maintenance.tables import table_names
from pinterest_pipeline.provisioning.teardown.tasks import drop_tables

TABLE = "`main`.`default`.`12ab_pin_batch`"


def test_the_tables_are_those_that_a_teardown_tells_to_drop() -> None:
    dropped = {f"DROP TABLE IF EXISTS {names().table(table)};" for table in table_names()}
    assert dropped == set(drop_tables())
    assert len(table_names()) == len(dropped)


def test_the_texts() -> None:
    assert statements.optimize(TABLE) == f"OPTIMIZE {TABLE}"
    assert statements.vacuum(TABLE, 168) == f"VACUUM {TABLE} RETAIN 168 HOURS"
    assert statements.vacuum(TABLE, 400, dry_run=True) == f"VACUUM {TABLE} RETAIN 400 HOURS DRY RUN"


def test_less_than_a_week_is_refused() -> None:
    with pytest.raises(ValueError, match="retention_hours is 167, but at least 168"):
        statements.vacuum(TABLE, 167)


@pytest.mark.parametrize("name", ["pins", "`a`.`b`.`c` RETAIN 0 HOURS", "`a``b`; DROP", ""])
def test_what_is_no_quoted_name_comes_into_no_statement(name: str) -> None:
    for make in (
        statements.optimize,
        statements.newest_commit,
        statements.recent_commits,
        statements.detail,
        lambda table: statements.vacuum(table, 168),
    ):
        with pytest.raises(ValueError, match="back-quoted"):
            make(name)


@pytest.mark.parametrize("kind", [int, str])
def test_numbers_come_as_numbers_or_as_text(kind: Any) -> None:
    rows = [{"path": "x", "metrics": {"numFilesAdded": kind(1), "numFilesRemoved": kind(4)}}]
    assert statements.read_optimized(rows) == (4, 1)


def commit(version: int, operation: str, **metrics: str) -> dict[str, Any]:
    return {"version": version, "operation": operation, "operationMetrics": metrics or None}


def test_a_vacuum_is_found_in_the_history_behind_the_version_before_it() -> None:
    commits = [
        commit(9, "MERGE", numTargetRowsInserted="5"),
        commit(8, "VACUUM END", numDeletedFiles="3", numVacuumedDirectories="1"),
        commit(7, "VACUUM START", numFilesToDelete="3", sizeOfDataToDelete="4096"),
        commit(6, "OPTIMIZE", numRemovedFiles="4"),
        commit(5, "VACUUM END", numDeletedFiles="70"),
        commit(4, "VACUUM START", sizeOfDataToDelete="70000"),
    ]
    assert statements.read_vacuumed(commits, after=5) == (3, 4096)
    # One of last week is none of this run.
    assert statements.read_vacuumed(commits[3:], after=5) == (None, None)


def test_a_vacuum_without_figures_tells_nothing() -> None:
    assert statements.read_vacuumed([commit(2, "VACUUM END"), commit(1, "VACUUM START")], after=0) == (
        None,
        None,
    )
    assert statements.read_vacuumed([], after=0) == (None, None)
