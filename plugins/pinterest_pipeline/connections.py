"""The Airflow connections that the pipeline uses, and clients made from them."""

from __future__ import annotations

from typing import Any

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
    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook
    from pinterest_pipeline.entities import names
    from pinterest_pipeline.paths import read_include
    from pinterest_pipeline.results.sql import used_parameters
    from pinterest_pipeline.settings import settings

    values = settings()
    values.require("databricks_warehouse_id")
    statement = read_include(f"sql/{relative}")
    return DatabricksStatementHook(databricks_conn_id=DATABRICKS).run(
        statement,
        used_parameters(statement, {**names().sql_parameters, **(parameters or {})}),
        warehouse_id=values.databricks_warehouse_id,
        polling_period_seconds=1,
        missing_table_ok=missing_table_ok,
    )
