from __future__ import annotations

from pathlib import Path
from typing import Any

from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from cloud_operators.databricks.operators.sql import DatabricksSqlStatementOperator
from cloud_operators.databricks.operators.workspace import DatabricksPublishFolderOperator
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks, Notebook


def test_walk(databricks: FakeDatabricks, context: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "hello.py").write_text("# Databricks notebook source\nprint(1)\n")
    folder = DatabricksPublishFolderOperator(
        task_id="publish", source_folder=tmp_path, workspace_root="/Shared/p"
    ).execute(context)
    notebook = f"{folder}/notebooks/hello"
    assert databricks.objects[notebook]["object_type"] == "NOTEBOOK"
    databricks.notebooks[notebook] = [Notebook(exit_value='{"rows": 3}')]
    value = DatabricksRunNotebookOperator(
        task_id="run",
        notebook_path=notebook,
        parameters={"a": "b"},
        compute={"existing_cluster_id": "c"},
        polling_period_seconds=0,
    ).execute(context)
    assert value == {"rows": 3}
    databricks.statements = lambda request: Answer((("n", "LONG"),), ([["1"]], [["2"]]))
    rows = DatabricksSqlStatementOperator(
        task_id="sql", sql="SELECT :x AS n", parameters={"x": 1}, warehouse_id="w"
    ).execute(context)
    assert rows == [{"n": 1}, {"n": 2}]
