"""DatabricksMaterializeQueryOperator against the fake warehouse and moto's S3."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cloud_operators.databricks.operators.sql import DatabricksMaterializeQueryOperator
from cloud_operators.exceptions import CountsDiffer, StatementFailed
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks
from tests.unit.cloud_operators.databricks.warehouse import BUCKET, ROWS, TABLE, Warehouse


def materialise(**arguments: Any) -> DatabricksMaterializeQueryOperator:
    given = {
        "sql": "SELECT country, follower_count FROM IDENTIFIER(:pins);\n",
        "parameters": {"pins": "`pins`"},
        "result_table": TABLE,
        "destination": f"s3://{BUCKET}/results/top_country",
        "warehouse_id": "w1",
        "catalog": "spark_catalog",
        "polling_period_seconds": 0.01,
        "deferrable": False,
        **arguments,
    }
    return DatabricksMaterializeQueryOperator(task_id="materialise", **given)


def read(s3: Any, name: str) -> bytes:
    content: bytes = s3.get_object(Bucket=BUCKET, Key=f"results/top_country/{name}")["Body"].read()
    return content


def test_table_and_files(databricks: FakeDatabricks, context: Any, s3: Any) -> None:
    databricks.statements = warehouse = Warehouse(ROWS)
    assert materialise().execute(context) == {
        "rows": 3,
        "columns": ["country", "follower_count"],
        "table": TABLE,
        "files": [
            f"s3://{BUCKET}/results/top_country/result.csv",
            f"s3://{BUCKET}/results/top_country/result.jsonl",
        ],
    }
    assert warehouse.sql == [
        "CREATE OR REPLACE TABLE IDENTIFIER(:result_table) USING DELTA AS\n"
        "SELECT country, follower_count FROM IDENTIFIER(:pins)",
        "SELECT * FROM IDENTIFIER(:result_table) ORDER BY ALL",
        "SELECT count(*) AS row_count FROM IDENTIFIER(:result_table)",
    ]
    created = next(iter(databricks.running.values())).request
    assert created["catalog"] == "spark_catalog"
    assert created["parameters"] == [
        {"name": "pins", "value": "`pins`", "type": "STRING"},
        {"name": "result_table", "value": TABLE, "type": "STRING"},
    ]
    csv_text = "country,follower_count\r\nAngola,94000\r\nCôte d'Ivoire,\r\n,0\r\n"
    assert read(s3, "result.csv") == csv_text.encode()
    assert [json.loads(line) for line in read(s3, "result.jsonl").splitlines()] == [
        {"country": "Angola", "follower_count": 94000},
        {"country": "Côte d'Ivoire", "follower_count": None},
        {"country": None, "follower_count": 0},
    ]
    head = s3.head_object(Bucket=BUCKET, Key="results/top_country/result.csv")
    assert head["ContentType"] == "text/csv; charset=utf-8"


def test_second_time_replaces_the_first(databricks: FakeDatabricks, context: Any, s3: Any) -> None:
    databricks.statements = Warehouse(ROWS)
    materialise().execute(context)
    databricks.statements = Warehouse(ROWS[:1])
    assert materialise().execute(context)["rows"] == 1
    assert read(s3, "result.csv") == b"country,follower_count\r\nAngola,94000\r\n"
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == ["results/top_country/result.csv", "results/top_country/result.jsonl"]


def test_query_without_rows(databricks: FakeDatabricks, context: Any, s3: Any) -> None:
    databricks.statements = Warehouse([])
    assert materialise().execute(context)["rows"] == 0
    assert read(s3, "result.csv") == b"country,follower_count\r\n"
    assert read(s3, "result.jsonl") == b""


def test_counts_that_differ_write_nothing(databricks: FakeDatabricks, context: Any, s3: Any) -> None:
    databricks.statements = Warehouse(ROWS, counted=4)
    with pytest.raises(CountsDiffer, match="counted 4, read 3"):
        materialise().execute(context)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_failed_query_writes_nothing(databricks: FakeDatabricks, context: Any, s3: Any) -> None:
    error = {"error_code": "BAD_REQUEST", "message": "[UNRESOLVED_COLUMN] no column x"}
    databricks.statements = lambda request: Answer(state="FAILED", error=error)
    with pytest.raises(StatementFailed, match="UNRESOLVED_COLUMN"):
        materialise().execute(context)
    assert len(databricks.running) == 1
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("order_by", "sql"),
    [("all", "ORDER BY ALL"), (["country", "n b"], "ORDER BY `country`, `n b`")],
    ids=["all", "columns"],
)
def test_order(databricks: FakeDatabricks, context: Any, s3: Any, order_by: Any, sql: str) -> None:
    databricks.statements = warehouse = Warehouse(ROWS)
    materialise(order_by=order_by).execute(context)
    assert warehouse.sql[1].endswith(sql)


def test_kill_cancels_the_statement_that_runs_now(
    databricks: FakeDatabricks, context: Any, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(ROWS)
    databricks.statements = warehouse
    operator = materialise()

    def kill_in_the_reading(seconds: float) -> None:
        if len(databricks.running) == 2:
            operator.on_kill()

    monkeypatch.setattr("time.sleep", kill_in_the_reading)
    with pytest.raises(StatementFailed, match="CANCELED"):
        operator.execute(context)
    assert [statement.cancelled for statement in databricks.running.values()] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param({"result_table": "t; DROP TABLE x"}, "back-quoted", id="table-not-quoted"),
        pytest.param({"parameters": {"result_table": "x"}}, "result_table is set by", id="own-parameter"),
        pytest.param({"sql": ";"}, "query is empty", id="no-query"),
        pytest.param({"destination": "results/x"}, "s3://<bucket>/<prefix>", id="no-uri"),
        pytest.param({"destination": "s3://bucket"}, "s3://<bucket>/<prefix>", id="no-prefix"),
        pytest.param({"order_by": "country; DROP"}, "order_by=", id="text-as-order"),
        pytest.param({"order_by": ["a`b"]}, "order_by=", id="back-quote-in-order"),
    ],
)
def test_wrong_arguments_start_nothing(
    databricks: FakeDatabricks, context: Any, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        materialise(**arguments).execute(context)
    assert databricks.requests == []


def test_all_of_it_can_be_templated(databricks: FakeDatabricks, context: Any, s3: Any) -> None:
    databricks.statements = warehouse = Warehouse(ROWS)
    operator = materialise(
        result_table="`{{ name }}`",
        destination="s3://{{ bucket }}/results/{{ name }}",
        aws_conn_id="{{ aws }}",
    )
    operator.render_template_fields(context | {"name": "r1", "bucket": BUCKET, "aws": "aws_default"})
    assert operator.execute(context)["files"][0] == f"s3://{BUCKET}/results/r1/result.csv"
    assert len(warehouse.sql) == 3
