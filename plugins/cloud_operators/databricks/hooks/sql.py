"""SQL statements on a warehouse, over the Statement Execution API 2.0."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.databricks.hooks.databricks import DatabricksHook
from tenacity import Retrying, retry_if_result, wait_exponential

from cloud_operators.databricks.statement import (
    Parameter,
    Statement,
    is_missing_table,
    statement_parameters,
    typed_rows,
)
from cloud_operators.exceptions import StatementFailed

_STATEMENTS = "2.0/sql/statements"
_ACTIVE = ("PENDING", "RUNNING")
#: First pause between two looks at a statement; it doubles up to the polling period.
_FIRST_PAUSE_SECONDS = 0.1


class DatabricksStatementHook(DatabricksHook):
    """Run SQL statements with named parameters and read their rows.

    Results come inline (``JSON_ARRAY``, at most 25 MiB, in chunks). The request to start a statement is
    repeated when its answer is lost, and the API has no token against that: statements should be safe to run
    twice.

    .. seealso:: https://docs.databricks.com/api/statement-execution/v1/statement-execution

    :param databricks_conn_id: the Databricks connection
    :param kwargs: ``retry_limit``, ``retry_delay``, ``retry_args``, ``timeout_seconds`` of the provider's
        hook
    """

    def __init__(self, databricks_conn_id: str = DatabricksHook.default_conn_name, **kwargs: Any) -> None:
        kwargs.setdefault("caller", type(self).__name__)
        super().__init__(databricks_conn_id, **kwargs)

    def run(
        self,
        sql: str,
        parameters: Mapping[str, Parameter] | None = None,
        *,
        warehouse_id: str,
        catalog: str | None = None,
        schema: str | None = None,
        polling_period_seconds: float = 5,
        timeout_seconds: float = 3600,
        missing_table_ok: bool = False,
        on_start: Callable[[str], None] | None = None,
    ) -> list[dict[str, Any]]:
        """Run a statement to its end and return its rows. It is cancelled when the caller is interrupted.

        :param sql: one statement; ``:name`` marks a parameter
        :param parameters: value of each parameter
        :param warehouse_id: the SQL warehouse
        :param catalog: catalog of names that have none
        :param schema: schema of names that have none
        :param polling_period_seconds: longest pause between two looks at the statement
        :param timeout_seconds: seconds after which the statement is cancelled
        :param missing_table_ok: give no rows, instead of an error, when a table does not exist
        :param on_start: called with the statement's id once it is started
        :returns: column -> value: whole numbers as int, FLOAT and DOUBLE as float, DECIMAL as Decimal,
            BOOLEAN as bool, arrays, maps and structs parsed, everything else (dates too) as text
        :raises ValueError: when a parameter's name or type is not one that can be passed
        :raises StatementFailed: when the statement fails or is cancelled
        """
        statement = Statement(sql, warehouse_id=warehouse_id, catalog=catalog, schema=schema)
        statement_id = self.start(statement, parameters)
        if on_start:
            on_start(statement_id)
        try:
            answer = self.wait(
                statement_id,
                polling_period_seconds=polling_period_seconds,
                timeout_seconds=timeout_seconds,
                statement=sql,
            )
        except StatementFailed as error:
            if missing_table_ok and is_missing_table(error):
                return []
            raise
        return self.rows(answer)

    def run_all(
        self,
        statements: Sequence[tuple[Statement, Mapping[str, Parameter]]],
        *,
        polling_period_seconds: float = 5,
        timeout_seconds: float = 3600,
    ) -> list[list[dict[str, Any]]]:
        """Run statements beside each other and return the rows of each.

        When one fails, or the caller is interrupted, those that still run are cancelled.

        :param statements: statement and its parameters
        :param polling_period_seconds: longest pause between two looks at a statement
        :param timeout_seconds: seconds after which a statement is cancelled, counted anew for each
        :returns: rows as :meth:`run` gives them, in the order of the statements
        :raises ValueError: when a parameter's name or type is not one that can be passed
        :raises StatementFailed: when a statement fails or is cancelled
        """
        running: list[str] = []
        rows = []
        try:
            running.extend(self.start(statement, parameters) for statement, parameters in statements)
            for statement, _ in statements:
                # The one that is waited for is cancelled by the waiting.
                answer = self.wait(
                    running.pop(0),
                    polling_period_seconds=polling_period_seconds,
                    timeout_seconds=timeout_seconds,
                    statement=statement.sql,
                )
                rows.append(self.rows(answer))
        except BaseException:
            for statement_id in running:
                self.cancel(statement_id)
            raise
        return rows

    def start(self, statement: Statement, parameters: Mapping[str, Parameter] | None = None) -> str:
        """Start a statement and return at once.

        :param statement: what to run and where
        :param parameters: value of each parameter
        :returns: the statement's id
        :raises ValueError: when a parameter's name or type is not one that can be passed
        """
        # wait_timeout 0s: the answer brings the id before the statement has run, so that it can be cancelled.
        request = {
            **statement.request(),
            "parameters": statement_parameters(parameters or {}),
            "disposition": "INLINE",
            "format": "JSON_ARRAY",
            "wait_timeout": "0s",
            "on_wait_timeout": "CONTINUE",
        }
        statement_id = str(self.post_sql_statement(request))
        self.log.info("Started statement %s", statement_id)
        return statement_id

    def get(self, statement_id: str) -> dict[str, Any]:
        """Read the state of a statement and, once it has succeeded, its manifest and first chunk.

        :param statement_id: id that :meth:`start` gave
        """
        return cast("dict[str, Any]", self._do_api_call(("GET", f"{_STATEMENTS}/{statement_id}")))

    def wait(
        self,
        statement_id: str,
        *,
        polling_period_seconds: float = 5,
        timeout_seconds: float = 3600,
        statement: str = "",
    ) -> dict[str, Any]:
        """Wait until a statement has ended.

        :param statement_id: id that :meth:`start` gave
        :param polling_period_seconds: longest pause between two looks at the statement
        :param timeout_seconds: seconds after which the statement is cancelled
        :param statement: its text, for the error
        :returns: the API's answer with manifest and first chunk
        :raises StatementFailed: when it fails, is cancelled or takes too long
        """
        deadline = time.monotonic() + timeout_seconds
        polling = Retrying(
            retry=retry_if_result(lambda answer: answer["status"]["state"] in _ACTIVE),
            wait=wait_exponential(multiplier=_FIRST_PAUSE_SECONDS, max=polling_period_seconds),
            stop=lambda _: time.monotonic() >= deadline,
            retry_error_callback=lambda _: None,
        )
        try:
            answer = polling(self.get, statement_id)
        except BaseException:
            # A task that is interrupted (time limit, kill) leaves nothing running behind.
            self.cancel(statement_id)
            raise
        if answer is None:
            self.cancel(statement_id)
            raise self.timed_out(statement_id, timeout_seconds, statement)
        self.check(answer, statement=statement)
        return answer

    def timed_out(self, statement_id: str, timeout_seconds: float, statement: str) -> StatementFailed:
        """Give the error of a statement that was cancelled because its time was over.

        :param statement_id: id that :meth:`start` gave
        :param timeout_seconds: seconds that it had
        :param statement: its text
        """
        return StatementFailed(
            "TIMEOUT", f"cancelled after {timeout_seconds:g} s", statement, statement_id=statement_id
        )

    def check(self, answer: Mapping[str, Any], *, statement: str = "") -> None:
        """Raise unless the statement has succeeded.

        :param answer: what :meth:`get` gave
        :param statement: its text, for the error
        :raises StatementFailed: with the warehouse's error
        """
        status = answer["status"]
        if status["state"] == "SUCCEEDED":
            return
        error = status.get("error") or {}
        raise StatementFailed(
            error.get("error_code") or status["state"],
            error.get("message") or f"the statement is {status['state']}",
            statement,
            statement_id=str(answer.get("statement_id", "")),
        )

    def rows(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Read all rows of a statement that has succeeded, chunk by chunk.

        :param answer: what :meth:`get` or :meth:`wait` gave
        :raises StatementFailed: when the result was cut short
        """
        statement_id = str(answer["statement_id"])
        manifest = answer.get("manifest") or {}
        data: list[list[str | None]] = []
        chunk: Mapping[str, Any] = answer.get("result") or {}
        while True:
            data.extend(chunk.get("data_array") or [])
            following = chunk.get("next_chunk_index")
            if following is None:
                break
            chunk = self._do_api_call(("GET", f"{_STATEMENTS}/{statement_id}/result/chunks/{following}"))
        expected = int(manifest.get("total_row_count", len(data)))
        if manifest.get("truncated") or len(data) != expected:
            raise StatementFailed(
                "RESULT_INCOMPLETE", f"{len(data)} of {expected} rows came", statement_id=statement_id
            )
        columns = (manifest.get("schema") or {}).get("columns") or []
        return typed_rows(columns, data)

    def cancel(self, statement_id: str) -> None:
        """Cancel a statement; one that has ended, or that cannot be reached, is left as it is.

        :param statement_id: id that :meth:`start` gave
        """
        try:
            self.cancel_sql_statement(statement_id)
        except AirflowException as error:
            self.log.warning("Statement %s could not be cancelled: %s", statement_id, error)
