"""Publish a notebook, run it, read a figure, and keep the result of a query."""

from pathlib import Path

from airflow.sdk import DAG

from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from cloud_operators.databricks.operators.sql import (
    DatabricksMaterializeQueryOperator,
    DatabricksSqlStatementOperator,
)
from cloud_operators.databricks.operators.workspace import DatabricksPublishFolderOperator

CODE = Path("example_code")
CODE.mkdir(exist_ok=True)
(CODE / "hello.py").write_text(
    "# Databricks notebook source\n"
    "import json\n"
    'dbutils.widgets.text("name", "")\n'
    'dbutils.notebook.exit(json.dumps({"hello": dbutils.widgets.get("name")}))\n'
)

with DAG("example_databricks", schedule=None) as dag:
    publish = DatabricksPublishFolderOperator(
        task_id="publish", source_folder=CODE.resolve(), workspace_root="/Shared/example"
    )
    run_notebook = DatabricksRunNotebookOperator(
        task_id="run_notebook",
        notebook_path="{{ ti.xcom_pull(task_ids='publish') }}/hello",
        parameters={"name": "{{ run_id }}"},
        compute={"existing_cluster_id": "0923-164208-meows279"},
        deferrable=True,
    )
    count_rows = DatabricksSqlStatementOperator(
        task_id="count_rows",
        sql="SELECT count(*) AS n FROM range(:limit)",
        parameters={"limit": 3},
        warehouse_id="0123456789abcdef",
    )
    keep_result = DatabricksMaterializeQueryOperator(
        task_id="keep_result",
        sql="SELECT :greeting AS greeting, count(*) AS n FROM range(3)",
        parameters={"greeting": "hello"},
        result_table="`main`.`default`.`example_result`",
        destination="s3://example-bucket/results/example",
        warehouse_id="0123456789abcdef",
    )
    publish >> run_notebook >> count_rows >> keep_result
