"""Jobs API: a run's notebook with its outputs. https://docs.databricks.com/api/workspace/jobs/exportrun"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter

from pinterest_sandbox.databricks.errors import InvalidParameter
from pinterest_sandbox.databricks.fields import Fields, WholeNumber
from pinterest_sandbox.databricks.runs import RunStore
from pinterest_sandbox.databricks.server.pages import task_page
from pinterest_sandbox.databricks.server.request import read


class Export(Fields):
    """Which run, and which of its views."""

    run_id: WholeNumber
    views_to_export: Literal["CODE", "DASHBOARDS", "ALL"] = "CODE"


def routes(store: RunStore) -> APIRouter:
    """``/api/{2.1,2.2}/jobs/runs/export``."""
    router = APIRouter(prefix="/api/{version}/jobs/runs")

    @router.get("/export")
    def export(version: Literal["2.1", "2.2"], asked: Annotated[Export, read(Export)]) -> dict[str, Any]:
        run, task = store.find(asked.run_id)
        if task is None and len(run.tasks) > 1:
            raise InvalidParameter(
                "Exporting runs with multiple tasks is not supported. Please export each individual task run "
                "instead."
            )
        task = task or run.tasks[0]
        if asked.views_to_export == "DASHBOARDS":
            # A notebook has no dashboards here.
            return {"views": []}
        name = task.notebook_path.rpartition("/")[2]
        return {"views": [{"content": task_page(run, task), "name": name, "type": "NOTEBOOK"}]}

    return router
