"""Jobs API: one-time runs of notebooks. https://docs.databricks.com/api/workspace/jobs"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter
from pinterest_sandbox.databricks.fields import Count, Fields, WholeNumber
from pinterest_sandbox.databricks.jobs import Jobs
from pinterest_sandbox.databricks.runs import Run
from pinterest_sandbox.databricks.server.request import Values, read
from pinterest_sandbox.databricks.submission import read_submission

Version = Literal["2.1", "2.2"]
#: Runs of a page, at most.
_MOST_RUNS = 25


class OfRun(Fields):
    """Which run, or task of a run, is meant."""

    run_id: WholeNumber


class PageOfRuns(Fields):
    """Which of the runs are listed. https://docs.databricks.com/api/workspace/jobs/listruns"""

    job_id: WholeNumber | None = None
    active_only: bool = False
    completed_only: bool = False
    limit: Count = 20
    offset: Count = 0
    page_token: Count | Literal[""] = ""
    run_type: Literal["JOB_RUN", "WORKFLOW_RUN", "SUBMIT_RUN"] = "SUBMIT_RUN"
    expand_tasks: bool = False
    start_time_from: Count = 0
    start_time_to: Count | None = None

    def check(self) -> None:
        """Refuse what can't be listed.

        :raises InvalidParameter: with the reason.
        """
        if self.active_only and self.completed_only:
            raise InvalidParameter("active_only and completed_only cannot be both true")
        if self.limit > _MOST_RUNS + 1:
            # One more than documented is taken: https://github.com/databricks/databricks-cli/issues/464
            raise InvalidParameter(
                f"Invalid limit {self.limit} - it has to be no more than {_MOST_RUNS + 1}."
            )

    def matches(self, run: Run) -> bool:
        """Whether ``run`` is among them, on whichever page."""
        return (
            not (self.active_only and run.state.finished)
            and not (self.completed_only and not run.state.finished)
            and self.job_id in (None, run.job_id)
            and self.run_type == "SUBMIT_RUN"
            and run.start_time >= self.start_time_from
            and (self.start_time_to is None or run.start_time <= self.start_time_to)
        )

    def cut(self, runs: list[Run]) -> tuple[list[Run], str | None]:
        """This page, and the token of the next one.

        A token is the id of the last run of its page: what begins or ends between two pages moves none.
        """
        if self.page_token:
            runs = [run for run in runs if run.run_id < self.page_token]
        else:
            runs = runs[self.offset :]
        page = runs[: self.limit or _MOST_RUNS]
        return page, str(page[-1].run_id) if len(runs) > len(page) else None


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
        asked.check()
        runs, token = asked.cut([run for run in jobs.store.all() if asked.matches(run)])
        answer: dict[str, Any] = {"has_more": token is not None}
        if runs:
            answer["runs"] = [run.to_api(_base(request), tasks=asked.expand_tasks) for run in runs]
        if token:
            answer["next_page_token"] = token
        return answer

    return router


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
