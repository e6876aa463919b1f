"""Jobs API: one-time runs of notebooks. https://docs.databricks.com/api/workspace/jobs"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request

from pinterest_sandbox.databricks.errors import ApiError
from pinterest_sandbox.databricks.fields import Count, Fields, WholeNumber
from pinterest_sandbox.databricks.jobs import Jobs
from pinterest_sandbox.databricks.server.request import Values, read
from pinterest_sandbox.databricks.submission import read_submission

Version = Literal["2.1", "2.2"]


class OfRun(Fields):
    """Which run, or task of a run, is meant."""

    run_id: WholeNumber


class PageOfRuns(Fields):
    """Which of the runs are listed."""

    limit: WholeNumber = 20
    offset: Count = 0
    page_token: Count | Literal[""] = ""
    active_only: bool = False
    completed_only: bool = False


def routes(jobs: Jobs) -> APIRouter:
    """The endpoints under ``/api/{2.1,2.2}/jobs/runs``."""
    router = APIRouter(prefix="/api/{version}/jobs/runs")

    @router.post("/submit")
    def submit(version: Version, values: Values) -> dict[str, Any]:
        return {"run_id": jobs.submit(read_submission(values)).run_id}

    @router.get("/get")
    def get(version: Version, asked: Annotated[OfRun, read(OfRun)], request: Request) -> dict[str, Any]:
        base = _base(request)
        run, task = jobs.store.find(asked.run_id)
        if task is None:
            return run.to_api(base)
        return {**run.to_api(base), **task.to_api(base, run.job_id), "tasks": [task.to_api(base, run.job_id)]}

    @router.get("/get-output")
    def get_output(
        version: Version, asked: Annotated[OfRun, read(OfRun)], request: Request
    ) -> dict[str, Any]:
        run, task = jobs.store.find(asked.run_id)
        if task is None and not run.single:
            raise ApiError(
                "INVALID_PARAMETER_VALUE",
                "Retrieving the output of runs with multiple tasks is not supported. "
                "Please retrieve the output of each individual task run instead.",
            )
        return run.output(task or run.tasks[0], _base(request))

    @router.post("/cancel")
    def cancel(version: Version, asked: Annotated[OfRun, read(OfRun)]) -> dict[str, Any]:
        jobs.cancel(jobs.store.find(asked.run_id)[0])
        return {}

    @router.get("/list")
    def list_runs(
        version: Version, asked: Annotated[PageOfRuns, read(PageOfRuns)], request: Request
    ) -> dict[str, Any]:
        begin = asked.page_token or asked.offset
        end = begin + max(1, min(asked.limit, 25))
        runs = [
            run
            for run in jobs.store.all()
            if not (asked.active_only and run.state.finished)
            and not (asked.completed_only and not run.state.finished)
        ]
        answer: dict[str, Any] = {"has_more": end < len(runs)}
        if runs[begin:end]:
            answer["runs"] = [run.to_api(_base(request)) for run in runs[begin:end]]
        if answer["has_more"]:
            answer["next_page_token"] = str(end)
        return answer

    return router


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
