"""Run SQL statements on a warehouse; keep the result of a query as a table and as files.

The provider is imported where it is used, not on top: that costs more time than the rest of a DAG file
together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator, conf
from airflow.sdk.exceptions import AirflowTaskTimeout

from cloud_operators.databricks.links.pages import StatementLink, page_url
from cloud_operators.databricks.materialize import read_back, s3_location, sort_expression, store
from cloud_operators.databricks.statement import Parameter, Statement, bare, is_missing_table, quoted_table
from cloud_operators.exceptions import ServiceFailed, StatementFailed

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook


class _StatementOperator(BaseOperator):
    """What the operators share: one statement is started, waited for, here or in the triggerer, and finished.

    Nothing is remembered for a retry in any mode: it runs the statement again, which is right for queries and
    for CREATE OR REPLACE.
    """

    template_fields: Sequence[str] = (
        "sql",
        "parameters",
        "warehouse_id",
        "catalog",
        "schema",
        "databricks_conn_id",
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}
    operator_extra_links = (StatementLink(),)
    ui_color = "#1CB1C2"
    ui_fgcolor = "#fff"

    #: Whether a task that is not deferrable waits until its statement has ended.
    wait_for_completion: bool = True

    def __init__(
        self,
        *,
        sql: str,
        parameters: Mapping[str, Parameter] | None = None,
        warehouse_id: str,
        catalog: str | None = None,
        schema: str | None = None,
        polling_period_seconds: float = 5,
        timeout_seconds: float = 3600,
        databricks_conn_id: str = "databricks_default",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self.parameters = parameters
        self.warehouse_id = warehouse_id
        self.catalog = catalog
        self.schema = schema
        self.polling_period_seconds = polling_period_seconds
        self.timeout_seconds = timeout_seconds
        self.databricks_conn_id = databricks_conn_id
        self.deferrable = deferrable
        self.statement_id: str | None = None

    @cached_property
    def hook(self) -> DatabricksStatementHook:
        """The hook that all calls go through."""
        from cloud_operators.databricks.hooks.sql import DatabricksStatementHook

        return DatabricksStatementHook(self.databricks_conn_id, caller=type(self).__name__)

    def _statement(self) -> tuple[str, dict[str, Parameter]]:
        """Give the statement to run and its parameters."""
        return self.sql, dict(self.parameters or {})

    def _finish(self, answer: Mapping[str, Any]) -> Any:
        """Make the task's return value of the answer to a statement that has succeeded."""
        return self.hook.rows(answer)

    def _failed(self, error: StatementFailed) -> Any:
        """Make the task's return value of a failed statement, or raise the error."""
        raise error

    def execute(self, context: Context) -> Any:
        """Run the statement.

        :returns: its rows (column -> value), or what the operator makes of them; its id when the task does
            not wait
        :raises ValueError: when an argument is wrong
        :raises StatementFailed: when the statement fails, is cancelled or takes too long
        :raises ServiceFailed: when the wait in the triggerer is broken off
        """
        sql, parameters = self._statement()
        statement = Statement(sql, warehouse_id=self.warehouse_id, catalog=self.catalog, schema=self.schema)
        self.statement_id = self.hook.start(statement, parameters)
        StatementLink.persist(context, page_url(self.hook, StatementLink.path(self.statement_id)))
        if self.deferrable:
            self._defer(self.statement_id)
        if not self.wait_for_completion:
            return self.statement_id
        try:
            answer = self.hook.wait(
                self.statement_id,
                polling_period_seconds=self.polling_period_seconds,
                timeout_seconds=self.timeout_seconds,
                statement=sql,
            )
        except StatementFailed as error:
            return self._failed(error)
        return self._finish(answer)

    def _defer(self, statement_id: str) -> None:
        from cloud_operators.databricks.triggers.ending import DatabricksStatementEndTrigger

        self.defer(
            trigger=DatabricksStatementEndTrigger(
                external_id=statement_id,
                databricks_conn_id=self.databricks_conn_id,
                polling_period_seconds=self.polling_period_seconds,
                # Airflow itself counts its limit anew for each part of a deferred task (3.3).
                end_time=time.time() + min(self.timeout_seconds, self._execution_limit()),
            ),
            method_name="execute_complete",
        )

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Take over from the triggerer.

        :param event: event of the trigger
        :returns: what :meth:`execute` returns
        :raises StatementFailed: when the statement has failed, was cancelled or took too long
        :raises ServiceFailed: when the triggerer could not look at the statement
        :raises AirflowTaskTimeout: when ``execution_timeout`` was over; the statement is cancelled
        """
        statement_id = self.statement_id = str(event["id"])
        if event["status"] == "error":
            raise ServiceFailed(
                f"the wait for statement {statement_id}", "broken off", message=event["message"]
            )
        sql, _ = self._statement()
        if event["status"] == "timeout" and self._execution_limit() < self.timeout_seconds:
            raise AirflowTaskTimeout(f"statement {statement_id} was cancelled after {self.execution_timeout}")
        if event["status"] == "timeout":
            raise self.hook.timed_out(statement_id, self.timeout_seconds, sql)
        answer = self.hook.get(statement_id)
        try:
            self.hook.check(answer, statement=sql)
        except StatementFailed as error:
            return self._failed(error)
        return self._finish(answer)

    def _execution_limit(self) -> float:
        return self.execution_timeout.total_seconds() if self.execution_timeout else math.inf

    def on_kill(self) -> None:
        """Cancel the statement."""
        if self.statement_id:
            self.hook.cancel(self.statement_id)


class DatabricksSqlStatementOperator(_StatementOperator):
    """Run one SQL statement and return its rows.

    The rows go to XCom: fetch figures with it, not tables.

    .. seealso:: https://docs.databricks.com/api/statement-execution/v1/execute-statement

    :param sql: text of the statement, or the name of a ``.sql`` file (templated)
    :param parameters: value of each ``:name`` in it (templated)
    :param warehouse_id: the SQL warehouse (templated)
    :param missing_table_ok: return no rows, instead of failing, when a table does not exist
    :param catalog: catalog of names that have none (templated)
    :param schema: schema of names that have none (templated)
    :param polling_period_seconds: longest pause between two looks at the statement
    :param timeout_seconds: seconds after which the statement is cancelled
    :param wait_for_completion: wait until the statement has ended; otherwise the task ends with the
        statement's id once it is started, and nothing looks at its end
    :param deferrable: wait in the triggerer, without a worker slot; implies waiting
    :param databricks_conn_id: the Databricks connection (templated)
    """

    def __init__(
        self, *, missing_table_ok: bool = False, wait_for_completion: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.missing_table_ok = missing_table_ok
        self.wait_for_completion = wait_for_completion

    def _failed(self, error: StatementFailed) -> list[dict[str, Any]]:
        if self.missing_table_ok and is_missing_table(error):
            self.log.info("A table does not exist, there are no rows: %s", error.service_message)
            return []
        raise error


class DatabricksMaterializeQueryOperator(_StatementOperator):
    """Keep the result of a query: as a Delta table, and as CSV and JSON lines in S3.

    ``CREATE OR REPLACE TABLE … AS <query>``; then the table is read back in order, ``result.csv`` and
    ``result.jsonl`` are written under ``destination``, and the counts of the table, of the rows read and of
    both files are compared. The same names are written each time, so that it can be run again. For results up
    to 25 MiB.

    .. seealso:: https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-using

    :param sql: the query, or the name of a ``.sql`` file with it (templated)
    :param parameters: value of each ``:name`` in it (templated)
    :param result_table: the table, as a full name of back-quoted parts (templated)
    :param destination: S3 prefix, ``s3://<bucket>/<prefix>`` (templated)
    :param order_by: ``"ALL"`` for the columns' own order, or the names of the columns to sort by
    :param warehouse_id: the SQL warehouse (templated)
    :param aws_conn_id: the AWS connection (templated)
    :param catalog: catalog of names that have none (templated)
    :param schema: schema of names that have none (templated)
    :param polling_period_seconds: longest pause between two looks at the statement
    :param timeout_seconds: seconds after which the statement is cancelled
    :param deferrable: wait for the query in the triggerer, without a worker slot; a worker reads the result
    :param databricks_conn_id: the Databricks connection (templated)
    """

    template_fields: Sequence[str] = (
        *_StatementOperator.template_fields,
        "result_table",
        "destination",
        "aws_conn_id",
    )

    def __init__(
        self,
        *,
        result_table: str,
        destination: str,
        order_by: str | Sequence[str] = "ALL",
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.result_table = result_table
        self.destination = destination
        self.order_by = order_by
        self.aws_conn_id = aws_conn_id

    def _statement(self) -> tuple[str, dict[str, Parameter]]:
        parameters = dict(self.parameters or {})
        if "result_table" in parameters:
            raise ValueError("parameters: result_table is set by the argument of that name")
        query = bare(self.sql)
        if not query:
            raise ValueError("sql: the query is empty")
        parameters["result_table"] = quoted_table(self.result_table)
        # Used after the query only, but a mistake in them should not cost a query.
        sort_expression(self.order_by)
        s3_location(self.destination)
        return f"CREATE OR REPLACE TABLE IDENTIFIER(:result_table) USING DELTA AS\n{query}", parameters

    def _finish(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Read the table back and store its rows.

        :returns: ``rows`` (count), ``columns`` (names), ``table``, ``files`` (their S3 URIs)
        :raises CountsDiffer: when the counts are not equal
        """
        result = read_back(
            self.hook,
            quoted_table(self.result_table),
            order_by=self.order_by,
            warehouse_id=self.warehouse_id,
            polling_period_seconds=self.polling_period_seconds,
            timeout_seconds=self.timeout_seconds,
            on_start=self._started,
        )
        files = store(result, self.destination, aws_conn_id=self.aws_conn_id)
        self.log.info("%s has %d rows, stored as %s", self.result_table, len(result.rows), ", ".join(files))
        return {
            "rows": len(result.rows),
            "columns": result.columns,
            "table": self.result_table,
            "files": files,
        }

    def _started(self, statement_id: str) -> None:
        # on_kill cancels the statement that runs now, not the one before.
        self.statement_id = statement_id
