"""The operator that keeps a notebook running, and runs of the fake workspace that it may find."""

from __future__ import annotations

from typing import Any

from cloud_operators.databricks.operators.keep_running import (
    DatabricksKeepNotebookRunningOperator,
)
from tests.unit.cloud_operators.databricks.fake_databricks import FakeDatabricks, Notebook

PATH = "/Shared/pipeline/0123456789ab/spark/notebooks/stream"
NAME = "demo-stream"
SUBMIT = "POST /api/2.2/jobs/runs/submit"
LIST = "GET /api/2.2/jobs/runs/list"
CANCEL = "POST /api/2.2/jobs/runs/cancel"
ENDLESS = Notebook(looks=("RUNNING",) * 1000)


def keep(**arguments: Any) -> DatabricksKeepNotebookRunningOperator:
    given = {
        "notebook_path": PATH,
        "parameters": {"user_id": "sandbox"},
        "compute": {"existing_cluster_id": "0923-164208-meows279"},
        "run_name": NAME,
        "databricks_retry_delay": 0,
        **arguments,
    }
    return DatabricksKeepNotebookRunningOperator(task_id="keep", **given)


def add(databricks: FakeDatabricks, name: str = NAME, state: str = "RUNNING", number: int = 1) -> list[int]:
    """Add runs that somebody else started; gives their ids."""
    ids = []
    for _ in range(number):
        task = {"task_key": "t", "notebook_task": {"notebook_path": PATH}}
        run_id = databricks.submit({"run_name": name, "tasks": [task]})["run_id"]
        databricks.runs[run_id].looks = [state] * 1000
        ids.append(run_id)
    return ids


def going_on(databricks: FakeDatabricks) -> list[int]:
    return [run.run_id for run in databricks.runs.values() if run.looks and not run.cancelled]
