"""The Airflow connections that the pipeline uses, and clients made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook
    from cloud_operators.databricks.statement import Statement

AWS = "aws_default"
KAFKA = "kafka_default"
DATABRICKS = "databricks_default"
SOURCE = "pinterest_source"
API = "pinterest_api"


def aws_client(service: str) -> Any:
    """A boto3 client of an AWS service, with region and credentials of ``aws_default``.

    :param service: boto3's name of the service.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    return AwsBaseHook(aws_conn_id=AWS, client_type=service).conn


def run_sql(
    relative: str, parameters: dict[str, Any] | None = None, *, missing_table_ok: bool = False
) -> Any:
    """Run a statement under ``include/sql`` on the SQL warehouse.

    :param relative: path below ``include/sql``.
    :param parameters: named parameters beside the table names; those that the statement lacks are left out.
    :param missing_table_ok: an unknown table gives no rows instead of an error.
    :returns: the rows, as dicts.
    """
    statement, values = _statement(relative, parameters or {})
    return _statement_hook().run(
        statement.sql,
        values,
        warehouse_id=statement.warehouse_id,
        polling_period_seconds=1,
        missing_table_ok=missing_table_ok,
    )


def run_sql_together(requests: Sequence[tuple[str, dict[str, Any]]]) -> Any:
    """Run statements under ``include/sql`` beside each other.

    :param requests: path below ``include/sql`` and named parameters, as :func:`run_sql` takes them.
    :returns: the rows of each, in their order.
    """
    return _statement_hook().run_all(
        [_statement(relative, parameters) for relative, parameters in requests], polling_period_seconds=1
    )


def _statement_hook() -> DatabricksStatementHook:
    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook

    return DatabricksStatementHook(databricks_conn_id=DATABRICKS)


def _statement(relative: str, parameters: dict[str, Any]) -> tuple[Statement, dict[str, Any]]:
    from cloud_operators.databricks.statement import Statement
    from pinterest_pipeline.entities import names
    from pinterest_pipeline.paths import read_include
    from pinterest_pipeline.results.sql import used_parameters
    from pinterest_pipeline.settings import settings

    chosen = settings()
    chosen.require("databricks_warehouse_id")
    text = read_include(f"sql/{relative}")
    values = used_parameters(text, {**names().sql_parameters, **parameters})
    return Statement(text, warehouse_id=chosen.databricks_warehouse_id), values
