"""Streaming queries of notebooks: what they do to their run, and how they are displayed."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.sandbox.databricks.client import WorkspaceClient
from tests.sandbox.databricks.test_notebooks_of_others import exported, tables

RATE = "spark.readStream.format('rate').option('rowsPerSecond', 5).load()"


@pytest.fixture
def name(workspace: WorkspaceClient) -> Iterator[str]:
    """A table's name that begins with a digit, and the name of its checkpoint."""
    table = f"1{uuid4().hex}"
    yield table
    workspace.rows(f"DROP TABLE IF EXISTS {table}")


def test_run_lasts_until_its_streams_have_ended(workspace: WorkspaceClient, name: str) -> None:
    path = workspace.notebook(
        f"spark.range(1000).write.saveAsTable('{name}_source')",
        f"""query = (
    spark.readStream.option('maxFilesPerTrigger', 1).table('{name}_source').writeStream
    .option('checkpointLocation', '/tmp/{name}').outputMode('append').trigger(availableNow=True)
    .table('{name}')
)""",
        "dbutils.notebook.exit('left while the query runs')",
    )
    assert workspace.result(path) == "left while the query runs"
    assert workspace.rows(f"SELECT count(*) FROM {name}") == [["1000"]]
    workspace.rows(f"DROP TABLE {name}_source")


def test_run_fails_with_any_of_its_streams(workspace: WorkspaceClient, name: str) -> None:
    path = workspace.notebook(
        f"{RATE}.writeStream.option('checkpointLocation', '/tmp/{name}').table('{name}')",
        "def fail(rows, batch):\n    raise ValueError('<no> pin')",
        f"{RATE}.writeStream.foreachBatch(fail).start()",
        "while True:\n    pass",
    )
    run = workspace.wait(workspace.submit(path))
    assert run["state"]["result_state"] == "FAILED"
    error = workspace.output(run)["error"]
    assert error.startswith("StreamingQueryException")
    assert "ValueError: <no> pin" in error
    # The other query has ended with it: nothing is written any more.
    before = workspace.rows(f"DESCRIBE HISTORY {name}")
    assert workspace.result(workspace.notebook("dbutils.notebook.exit(len(spark.streams.active))")) == "0"
    assert workspace.rows(f"DESCRIBE HISTORY {name}") == before


def test_notebook_run_by_another_keeps_to_its_time_with_streams(
    workspace: WorkspaceClient, name: str
) -> None:
    stream = f"{RATE}.writeStream.option('checkpointLocation', '/tmp/{name}').table('{name}')"
    workspace.notebook(stream, name="endless.py")
    path = workspace.notebook(
        "try:\n    dbutils.notebook.run('endless', 5)\nexcept Exception as error:\n    caught = str(error)",
        "dbutils.notebook.exit(caught)",
    )
    assert "not ended after 5 s" in workspace.result(path)


def test_tables_and_streams_are_displayed(workspace: WorkspaceClient, name: str) -> None:
    path = workspace.notebook(
        "values = \"array('<a>') AS a, map('k', 1) AS m, X'0aff' AS b, NULL AS n, 1 AS x, 2 AS x\"\n"
        "display(spark.sql(f'SELECT {values}'))",
        "spark.range(101).orderBy('id').display()",
        f"spark.range(3).write.saveAsTable('{name}')",
        f"display(spark.readStream.table('{name}').where('id = 2'), streamName='pins')",
        f"display(spark.readStream.table('{name}').groupBy().count(), processingTime='5 seconds')",
        "display(dbutils.fs.ls('/user/hive/warehouse'))",
        "# MAGIC %sql\n# MAGIC CREATE TEMPORARY VIEW v AS SELECT 1",
        "views = [table.name for table in spark.catalog.listTables() if table.isTemporary]",
        "print(len(spark.streams.active), views)",
    )
    run = workspace.wait(workspace.submit(path))
    assert run["state"]["result_state"] == "SUCCESS", workspace.output(run)["error_trace"]
    html = exported(workspace, run)
    first, hundred, rows, count, files = tables(html)
    assert first == [("a", "m", "b", "n", "x", "x"), ("[<a>]", "{k -> 1}", "0AFF", "null", "1", "2")]
    assert hundred[1:] == [(str(number),) for number in range(100)]
    assert "The first 100 rows" in html
    assert (rows, count) == ([("id",), ("2",)], [("count",), ("3",)])
    assert (f"dbfs:/user/hive/warehouse/{name}/", f"{name}/") in [row[:2] for row in files]
    assert html.count("here display() does not follow it") == 2
    assert "<pre>0 [&#x27;v&#x27;]\n</pre>" in html
