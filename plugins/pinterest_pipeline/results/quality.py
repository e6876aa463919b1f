"""The quality checks under ``include/sql/quality``: each is a query that finds what must not be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinterest_pipeline.entities import ENTITIES, Names
from pinterest_pipeline.results.sql import used_parameters

MAX_ROWS = 20


def check_names() -> list[str]:
    """The checks, by the name of their file without its suffix."""
    from pinterest_pipeline.paths import include_folder

    return sorted(file.stem for file in (include_folder() / "sql" / "quality").glob("*.sql"))


def parameter_sets(statement: str, names: Names, unchecked: Mapping[str, int]) -> list[dict[str, Any]]:
    """With which parameters beside the names of the tables a check is run, one item a run.

    There is a quarantine table for each entity, so that a check of ``:quarantine_table`` is run for each.

    :param statement: the check's SQL.
    :param names: names of the tables.
    :param unchecked: entity to the first offset from which on its rows are checked.
    """
    offsets = {f"{entity}_unchecked": offset for entity, offset in unchecked.items()}
    known = {**names.sql_parameters, **offsets, "quarantine_table": ""}
    if "quarantine_table" not in used_parameters(statement, known):
        return [offsets]
    return [{**offsets, "quarantine_table": names.table(f"{entity}_quarantine")} for entity in ENTITIES]


def render_rows(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a text table, the first few of them.

    :param rows: rows with equal columns, at least one.
    """
    shown = rows[:MAX_ROWS]
    columns = list(shown[0])
    cells = [columns, *([str(row[column]) for column in columns] for row in shown)]
    widths = [max(len(line[position]) for line in cells) for position in range(len(columns))]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    if len(rows) > len(shown):
        lines.append(f"... and {len(rows) - len(shown)} more")
    return "\n".join(lines)
