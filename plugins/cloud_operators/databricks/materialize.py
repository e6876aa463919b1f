"""Read a result table back in order and store it in S3, with every count compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloud_operators.databricks.results import count_csv, count_json_lines, to_csv, to_json_lines
from cloud_operators.databricks.statement import Statement
from cloud_operators.exceptions import CountsDiffer

if TYPE_CHECKING:
    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook


@dataclass(frozen=True)
class Result:
    """The rows of a table.

    :param table: its name
    :param columns: names in their order
    :param rows: column -> value, in the order asked for
    """

    table: str
    columns: list[str]
    rows: list[dict[str, Any]]


def read_back(
    hook: DatabricksStatementHook,
    table: str,
    *,
    order_by: str | Sequence[str],
    warehouse_id: str,
    polling_period_seconds: float,
    timeout_seconds: float,
    on_start: Callable[[str], None],
) -> Result:
    """Read a table in order and compare the number of rows with a count of its own.

    :param hook: what runs the statements
    :param table: full name of back-quoted parts
    :param order_by: ``"ALL"`` or the names of columns
    :param warehouse_id: the SQL warehouse
    :param polling_period_seconds: longest pause between two looks at a statement
    :param timeout_seconds: seconds after which a statement is cancelled
    :param on_start: called with the id of each statement
    :raises CountsDiffer: when the counts are not equal
    """

    def answer(sql: str) -> dict[str, Any]:
        statement_id = hook.start(Statement(sql, warehouse_id=warehouse_id), {"result_table": table})
        on_start(statement_id)
        return hook.wait(
            statement_id,
            polling_period_seconds=polling_period_seconds,
            timeout_seconds=timeout_seconds,
            statement=sql,
        )

    selected = answer(f"SELECT * FROM IDENTIFIER(:result_table) ORDER BY {sort_expression(order_by)}")
    rows = hook.rows(selected)
    counted = hook.rows(answer("SELECT count(*) AS row_count FROM IDENTIFIER(:result_table)"))
    row_count = int(counted[0]["row_count"])
    if row_count != len(rows):
        raise CountsDiffer(f"the rows of {table}", {"counted": row_count, "read": len(rows)})
    columns = [str(column["name"]) for column in selected["manifest"]["schema"]["columns"]]
    return Result(table, columns, rows)


def sort_expression(order_by: str | Sequence[str]) -> str:
    """Write what follows ORDER BY.

    :param order_by: ``"ALL"`` or the names of columns
    :raises ValueError: when it is another text, or a name holds a back-quote
    """
    if isinstance(order_by, str):
        if order_by.upper() != "ALL":
            raise ValueError(f"order_by={order_by!r}: 'ALL' or a list of column names is needed")
        return "ALL"
    if not order_by or any("`" in name for name in order_by):
        raise ValueError(f"order_by={list(order_by)!r}: column names without back-quotes are needed")
    return ", ".join(f"`{name}`" for name in order_by)


def s3_location(destination: str) -> tuple[str, str]:
    """Split an S3 prefix into bucket and key prefix.

    :param destination: ``s3://<bucket>/<prefix>``
    :raises ValueError: when it is something else
    """
    bucket, _, prefix = destination.removeprefix("s3://").rstrip("/").partition("/")
    if not destination.startswith("s3://") or not bucket or not prefix:
        raise ValueError(f"destination={destination!r}: s3://<bucket>/<prefix> is needed")
    return bucket, prefix


def store(result: Result, destination: str, *, aws_conn_id: str | None) -> list[str]:
    """Write ``result.csv`` and ``result.jsonl``, read them again and compare the counts.

    :param result: what to write
    :param destination: S3 prefix, ``s3://<bucket>/<prefix>``
    :param aws_conn_id: the AWS connection
    :returns: the S3 URIs of the files
    :raises ValueError: when the destination is no S3 prefix
    :raises CountsDiffer: when the counts are not equal
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    bucket, prefix = s3_location(destination)
    client = S3Hook(aws_conn_id=aws_conn_id).get_conn()
    contents = {
        "result.csv": (to_csv(result.columns, result.rows), "text/csv; charset=utf-8", count_csv),
        "result.jsonl": (to_json_lines(result.columns, result.rows), "application/jsonl", count_json_lines),
    }
    counts = {"table": len(result.rows)}
    for name, (content, content_type, count) in contents.items():
        key = f"{prefix}/{name}"
        client.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)
        counts[name] = count(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    if len(set(counts.values())) != 1:
        raise CountsDiffer(f"the rows of {result.table}", counts)
    return [f"s3://{bucket}/{prefix}/{name}" for name in contents]
