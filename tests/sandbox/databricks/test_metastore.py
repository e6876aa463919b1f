"""One catalog for all Spark processes."""

from __future__ import annotations

import os
import signal
from uuid import uuid4

import psutil

from tests.sandbox.databricks.client import WorkspaceClient


def test_table_is_shared_by_workers_and_outlives_them(workspace: WorkspaceClient) -> None:
    table = f"`1{uuid4().hex}`"
    run_id = workspace.submit(
        workspace.notebook(
            f"spark.range(3).write.saveAsTable('{table}')",
            "import time\ndeadline = time.monotonic() + 60",
            # A look takes its time: no pause is needed between two.
            f"while spark.table('{table}').count() == 3 and time.monotonic() < deadline: pass",
            f"dbutils.notebook.exit(spark.table('{table}').count())",
        )
    )
    workspace.wait(run_id, life_cycle="RUNNING")
    while workspace.statement(f"SELECT count(*) FROM {table}")["status"]["state"] == "FAILED":
        assert workspace.run(run_id)["state"]["life_cycle_state"] == "RUNNING"
    # Both processes have the table open now: what one writes, the other sees.
    assert workspace.rows(f"SELECT count(*) FROM {table}") == [["3"]]
    workspace.rows(f"INSERT INTO {table} VALUES (7)")
    assert workspace.output(workspace.wait(run_id))["notebook_output"]["result"] == "4"

    before = [psutil.Process(worker["pid"]) for worker in workspace.workers().values()]
    assert len(before) == 2
    for process in before:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(before, timeout=10)

    assert workspace.rows(f"SELECT max(id) FROM {table}") == [["7"]]
    path = workspace.notebook(f"dbutils.notebook.exit(spark.table('{table}').count())", name="after.py")
    assert workspace.result(path) == "4"
    workspace.rows(f"DROP TABLE {table}")


def test_table_made_anew_by_another_worker_is_seen(workspace: WorkspaceClient) -> None:
    table = f"t{uuid4().hex}"
    workspace.result(
        workspace.notebook(
            f"for n in range(3): spark.range(n + 1).write.mode('overwrite').saveAsTable('{table}')",
            "dbutils.notebook.exit('made')",
        )
    )
    assert workspace.rows(f"SELECT count(*) FROM {table}") == [["3"]]
    workspace.result(
        workspace.notebook(
            f"spark.sql('DROP TABLE {table}')",
            f"spark.range(5).toDF('other').write.saveAsTable('{table}')\ndbutils.notebook.exit('again')",
        )
    )
    assert workspace.rows(f"SELECT count(other) FROM {table}") == [["5"]]
    workspace.rows(f"DROP TABLE {table}")
