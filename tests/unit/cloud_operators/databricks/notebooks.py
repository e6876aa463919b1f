"""The operator that runs a notebook of the fake workspace."""

from __future__ import annotations

from typing import Any

from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator

PATH = "/Shared/pipeline/0123456789ab/spark/notebooks/daily"
SUBMIT = "POST /api/2.2/jobs/runs/submit"
RUN_ID = "databricks_run_id"


def notebook(**arguments: Any) -> DatabricksRunNotebookOperator:
    given = {
        "notebook_path": PATH,
        "parameters": {"user_id": "sandbox", "run_id": "r1"},
        "compute": {"existing_cluster_id": "0923-164208-meows279"},
        "polling_period_seconds": 0,
        **arguments,
    }
    return DatabricksRunNotebookOperator(task_id="run", **given)


class WorkerLost(BaseException):
    """Stands for a worker that is gone: nothing of the task runs after it."""
