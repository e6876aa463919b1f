"""Jobs API: one-time runs of notebooks. https://docs.databricks.com/api/workspace/jobs"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request

from pinterest_sandbox.databricks.errors import ApiError
from pinterest_sandbox.databricks.jobs import Jobs
from pinterest_sandbox.databricks.server.request import Values, flag, number
from pinterest_sandbox.databricks.submission import read_submission

Version = Literal["2.1", "2.2"]


def routes(jobs: Jobs) -> APIRouter:
    """The endpoints under ``/api/{2.1,2.2}/jobs/runs``."""
    router = APIRouter(prefix="/api/{version}/jobs/runs")

    @router.post("/submit")
    def submit(version: Version, values: Values) -> dict[str, Any]:
        return {"run_id": jobs.submit(read_submission(values)).run_id}

    @router.get("/get")
    def get(version: Version, values: Values, request: Request) -> dict[str, Any]:
        base = _base(request)
        run, task = jobs.store.find(number(values, "run_id"))
        if task is None:
            return run.to_api(base)
        return {**run.to_api(base), **task.to_api(base, run.job_id), "tasks": [task.to_api(base, run.job_id)]}

    @router.get("/get-output")
    def get_output(version: Version, values: Values, request: Request) -> dict[str, Any]:
        run, task = jobs.store.find(number(values, "run_id"))
        if task is None and not run.single:
            raise ApiError(
                "INVALID_PARAMETER_VALUE",
                "Retrieving the output of runs with multiple tasks is not supported. "
                "Please retrieve the output of each individual task run instead.",
            )
        return run.output(task or run.tasks[0], _base(request))

    @router.post("/cancel")
    def cancel(version: Version, values: Values) -> dict[str, Any]:
        jobs.cancel(jobs.store.find(number(values, "run_id"))[0])
        return {}

    @router.get("/list")
    def list_runs(version: Version, values: Values, request: Request) -> dict[str, Any]:
        limit = max(1, min(number(values, "limit", 20), 25))
        offset = number(values, "page_token", number(values, "offset", 0))
        runs = [
            run
            for run in jobs.store.all()
            if not (flag(values, "active_only") and run.state.finished)
            and not (flag(values, "completed_only") and not run.state.finished)
        ]
        answer: dict[str, Any] = {"has_more": offset + limit < len(runs)}
        if runs[offset : offset + limit]:
            answer["runs"] = [run.to_api(_base(request)) for run in runs[offset : offset + limit]]
        if answer["has_more"]:
            answer["next_page_token"] = str(offset + limit)
        return answer

    return router


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
