"""A stream that never ends, beside everything else that runs."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psutil
import pytest

from cloud_operators.databricks.operators.keep_running import DatabricksKeepNotebookRunningOperator
from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import RunningSandbox
from tests.sandbox.databricks.client import WorkspaceClient
from tests.unit.cloud_operators import running


@pytest.fixture
def table(workspace: WorkspaceClient) -> Iterator[str]:
    name = f"t{uuid4().hex}"
    yield name
    workspace.statement(f"DROP TABLE IF EXISTS {name}")
    workspace.statement(f"DROP TABLE IF EXISTS {name}_batch")


def test_endless_stream_and_a_batch_beside_it(
    workspace: WorkspaceClient, sandbox: RunningSandbox, table: str
) -> None:
    stream = workspace.notebook(
        'rates = spark.readStream.format("rate").option("rowsPerSecond", 20).load()',
        f'query = rates.writeStream.option("checkpointLocation", "dbfs:/tmp/{table}").toTable("{table}")',
        "query.awaitTermination()",
        name="stream.py",
    )
    streaming = workspace.submit(stream, run_name="stream")

    def rows_arrive() -> None:
        assert "result_state" not in workspace.run(streaming)["state"], workspace.run(streaming)
        answer = workspace.statement(f"SELECT count(*) FROM {table}")
        if answer["status"]["state"] != "SUCCEEDED" or answer["result"]["data_array"] == [["0"]]:
            raise NotReady(str(answer["status"]))

    wait_until(rows_arrive, what="rows of the stream", timeout=120, interval=0.5)
    worker = psutil.Process(workspace.worker_of(streaming))
    below = worker.children(recursive=True)

    # It makes a table while the stream has the metastore, and reads what the stream writes.
    batch = workspace.notebook(
        f'before = spark.table("{table}").count()',
        f'spark.table("{table}").limit(5).write.saveAsTable("{table}_batch")',
        "import threading, time\n"
        "deadline = time.monotonic() + 60\n"
        f'while spark.table("{table}").count() == before:\n'
        "    assert time.monotonic() < deadline, 'no new rows of the stream'\n"
        "    threading.Event().wait(0.1)",
        f'dbutils.notebook.exit(spark.table("{table}_batch").count())',
        name="batch.py",
    )
    assert workspace.result(batch) == "5"
    assert workspace.run(streaming)["state"]["life_cycle_state"] == "RUNNING"
    listed = workspace.get("2.2/jobs/runs/list", active_only="true")["runs"]
    assert [(run["run_id"], run["run_name"]) for run in listed if run["run_name"] == "stream"] == [
        (streaming, "stream")
    ]
    scratch = sandbox.home / "databricks" / "scratch"
    assert (scratch / f"notebook-{worker.pid}").is_dir()

    workspace.post("2.2/jobs/runs/cancel", run_id=streaming)

    run = workspace.wait(streaming, limit=10)
    assert (run["state"]["life_cycle_state"], run["state"]["result_state"]) == ("TERMINATED", "CANCELED")
    _, alive = psutil.wait_procs([worker, *below], timeout=10)
    assert alive == []
    # The worker of the batch stays, warm for the next run, which sees all that the stream has committed.
    spare = workspace.workers()["notebook"]["pid"]
    count = workspace.notebook(f'dbutils.notebook.exit(spark.table("{table}").count())', name="count.py")
    counted = workspace.result(count)
    assert int(counted) > 5
    assert workspace.result(count) == counted
    assert workspace.workers()["notebook"]["pid"] == spare

    # A second run of the stream goes on from its checkpoint.
    again = workspace.submit(stream, run_name="stream")

    def more_rows_arrive() -> None:
        assert "result_state" not in workspace.run(again)["state"], workspace.run(again)
        if workspace.rows(f"SELECT count(*) > {counted} FROM {table}") != [["true"]]:
            raise NotReady("no new rows")

    wait_until(more_rows_arrive, what="new rows of the stream", timeout=120, interval=0.5)
    workspace.post("2.2/jobs/runs/cancel", run_id=again)
    workspace.wait(again, limit=10)
    assert workspace.rows(f"SELECT count(*) - count(DISTINCT value) FROM {table}") == [["0"]]


@pytest.mark.usefixtures("hook")
def test_operator_keeps_one_run_going(workspace: WorkspaceClient) -> None:
    path = workspace.notebook("import threading\nthreading.Event().wait()", name="endless.py")

    def keep(checkpoint: str = "first") -> tuple[int, str]:
        operator = DatabricksKeepNotebookRunningOperator(
            task_id="keep",
            notebook_path=path,
            parameters={"checkpoint": checkpoint},
            replace_on_change=["checkpoint"],
            compute=dict(workspace.compute),
            run_name=f"keep {workspace.folder}",
            polling_period_seconds=0.1,
        )
        context = running.context()
        return operator.execute(context), context["ti"].xcoms["action"]

    first, action = keep()
    assert action == "created"
    assert keep() == (first, "adopted")
    workspace.post("2.2/jobs/runs/cancel", run_id=first)
    workspace.wait(first)

    second, action = keep()
    assert (second != first, action) == (True, "created")

    third, action = keep("second")
    assert (third != second, action) == (True, "replaced")
    assert workspace.run(second)["state"]["result_state"] == "CANCELED"

    once = workspace.notebook("dbutils.notebook.exit(1)", name="once.py")
    replacing = DatabricksRunNotebookOperator(
        task_id="once",
        notebook_path=once,
        compute=dict(workspace.compute),
        run_name=f"once {workspace.folder}",
        replaces=[f"keep {workspace.folder}"],
        polling_period_seconds=0.1,
    )
    assert replacing.execute(running.context()) == 1
    assert workspace.run(third)["state"]["result_state"] == "CANCELED"
