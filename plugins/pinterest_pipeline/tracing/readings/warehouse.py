"""What the tables know of a post. Names of tables that do not exist yet give no rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.settings import settings
from pinterest_pipeline.tracing import statements
from pinterest_pipeline.tracing.batch import Place
from pinterest_pipeline.tracing.stream import Number
from pinterest_pipeline.tracing.writers import Commit, HasRow, read_commits

if TYPE_CHECKING:
    from cloud_operators.databricks.statement import Parameter

type Rows = list[dict[str, Any]]


def ask(relative: str, parameters: dict[str, Any]) -> Rows:
    """The rows of a statement under ``include/sql``.

    :param relative: path below ``include/sql``.
    :param parameters: named parameters beside the table names.
    """
    rows: Rows = connections.run_sql(relative, parameters, missing_table_ok=True)
    return rows


def read_refused(
    entity: str,
    ind: int,
    *,
    places: Sequence[Place] = (),
    dead_letters: Sequence[tuple[int, int]] = (),
    numbers: Sequence[Number] = (),
) -> Rows:
    """Rows of the quarantine: those with the key, and those at given places.

    :param entity: the entity.
    :param ind: key of the post.
    :param places: places of lines.
    :param dead_letters: partition and offset of dead letters.
    :param numbers: places of records of the stream.
    """
    wanted = [
        *({"partition": p, "first_offset": first, "line": line} for p, first, line in places),
        *({"partition": p, "sequence_number": str(offset)} for p, offset in dead_letters),
        *({"shard": shard, "sequence_number": number} for shard, number in numbers),
    ]
    return ask(
        "trace/quarantine.sql",
        {
            "ind": ind,
            "quarantine_table": names().table(f"{entity}_quarantine"),
            "topic": names().topic(entity),
            "stream": names().stream(entity),
            "places": json.dumps(wanted),
        },
    )


def read_history(table: str, limit: int = statements.COMMITS) -> list[Commit]:
    """What was done to a table, the oldest first.

    :param table: full, back-quoted name.
    :param limit: commits at most, the latest.
    """
    return read_commits(_run(statements.history(table, limit), {}, missing_table_ok=True))


def row_comparer(table: str, ind: int, *positions: dict[str, Any]) -> HasRow:
    """What tells whether a version of a table has a row as it is now.

    :param table: full, back-quoted name.
    :param ind: the row's key.
    :param positions: position columns to their values; one set of values, or several that say the same.
    """
    from cloud_operators.exceptions import StatementFailed

    def has_row(version: int) -> bool | None:
        try:
            rows = _run(statements.row_at_version(table, version, list(positions[0])), {"ind": ind})
        except StatementFailed:
            # Its files were vacuumed, or its log has expired.
            return None
        return rows in [[each] for each in positions]

    return has_row


def _run(sql: str, parameters: dict[str, Parameter], *, missing_table_ok: bool = False) -> Rows:
    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook

    return DatabricksStatementHook(databricks_conn_id=connections.DATABRICKS).run(
        sql,
        parameters,
        warehouse_id=settings().databricks_warehouse_id,
        polling_period_seconds=1,
        missing_table_ok=missing_table_ok,
    )
