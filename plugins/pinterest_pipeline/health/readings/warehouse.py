"""Statements on the SQL warehouse that are given up after seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.health.readings.workspace import PATIENCE
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.results.sql import used_parameters
from pinterest_pipeline.settings import settings

if TYPE_CHECKING:
    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook

SETTING = "PINTEREST_DATABRICKS_WAREHOUSE_ID"
_POLL_S = 0.5

#: The rows of a statement; ``None`` when a table that it reads does not exist.
type Rows = list[dict[str, Any]] | None


class NoAnswer(Exception):
    """The warehouse has not answered in the time that it had; it may be starting."""


def ask(requests: Sequence[tuple[str, Mapping[str, Any]]], *, limit_s: float) -> list[Rows]:
    """Run statements under ``include/sql`` beside each other. Those that are given up are cancelled.

    :param requests: path below ``include/sql``, and named parameters beside the names of the tables.
    :param limit_s: seconds that all of them have together.
    :returns: the rows of each, in their order.
    :raises NoAnswer: when one has not ended by then.
    :raises StatementFailed: when one fails, but for a table that does not exist.
    """
    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook
    from cloud_operators.databricks.statement import Statement

    hook = DatabricksStatementHook(connections.DATABRICKS, **PATIENCE)
    deadline = time.monotonic() + limit_s
    running: list[str] = []
    answers = []
    try:
        for relative, parameters in requests:
            text = read_include(f"sql/{relative}")
            values = used_parameters(text, {**names().sql_parameters, **parameters})
            running.append(
                hook.start(Statement(text, warehouse_id=settings().databricks_warehouse_id), values)
            )
        while running:
            # The one that is waited for is cancelled by the waiting.
            answers.append(_rows(hook, running.pop(0), deadline - time.monotonic()))
    except BaseException:
        for statement_id in running:
            hook.cancel(statement_id)
        raise
    return answers


def _rows(hook: DatabricksStatementHook, statement_id: str, left_s: float) -> Rows:
    from cloud_operators.databricks.statement import is_missing_table
    from cloud_operators.exceptions import StatementFailed

    try:
        answer = hook.wait(statement_id, polling_period_seconds=_POLL_S, timeout_seconds=left_s)
    except StatementFailed as error:
        if is_missing_table(error):
            return None
        if error.error_code == "TIMEOUT":
            raise NoAnswer from error
        raise
    return hook.rows(answer)
