"""The application: all endpoints over the workers."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pinterest_sandbox.databricks.errors import ApiError, describe
from pinterest_sandbox.databricks.jobs import Jobs
from pinterest_sandbox.databricks.pool import NotebookWorkers
from pinterest_sandbox.databricks.process import Lane, WorkerDied, WorkerProcess
from pinterest_sandbox.databricks.runs import RunStore
from pinterest_sandbox.databricks.server import clusters, exports, pages, statements, workspace
from pinterest_sandbox.databricks.server import jobs as jobs_api
from pinterest_sandbox.databricks.server.request import check_token
from pinterest_sandbox.databricks.statements import Statements
from pinterest_sandbox.databricks.workspace import Workspace


class AsciiJSONResponse(JSONResponse):
    """JSON that can hold any text of a notebook: halves of surrogate pairs have no bytes in UTF-8."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def create_app(*, folder: Path, token: str, start_worker: Callable[[str], WorkerProcess]) -> FastAPI:
    """Make the workspace.

    Each run of notebooks has a worker process of its own, and SQL statements share one: a run is cancelled by
    killing its worker, which no other run and no statement should feel. The SQL worker starts when the first
    notebook worker is ready, so that the two do not slow each other down on few cores, or with the first
    statement.

    :param folder: of the workspace's files, its runs and its secrets.
    :param token: the bearer token that clients send.
    :param start_worker: starts a worker of the kind ``notebook`` or ``sql``.
    """
    notebooks = NotebookWorkers(lambda: start_worker("notebook"))
    sql = Lane(lambda: start_worker("sql"))
    jobs = Jobs(RunStore(folder / "runs"), notebooks)

    def start_workers() -> None:
        for ready in (notebooks.warm_up, sql.ready_worker):
            with contextlib.suppress(WorkerDied):
                ready()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=start_workers, daemon=True).start()
        yield
        jobs.close()
        notebooks.close()
        sql.close()

    app = FastAPI(
        title="Databricks workspace",
        lifespan=lifespan,
        default_response_class=AsciiJSONResponse,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.token = token
    api = (
        jobs_api.routes(jobs),
        exports.routes(jobs.store),
        statements.routes(Statements(sql)),
        workspace.routes(Workspace(folder / "workspace")),
        clusters.routes(),
    )
    for router in api:
        app.include_router(router, dependencies=[Depends(check_token)])
    app.include_router(pages.routes(jobs.store))

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {
            "notebook": notebooks.state(),
            "sql": sql.state(),
            "jobs": jobs.state(),
            "runs": jobs.working(),
        }

    @app.post("/rehearsal", status_code=202)
    def rehearsal() -> None:
        for tell in (notebooks.tell, sql.worker().tell):
            tell({"op": "rehearse"})

    _handle_errors(app)
    return app


def _handle_errors(app: FastAPI) -> None:
    """All refusals in Databricks' form."""

    @app.exception_handler(ApiError)
    def refused(request: Request, error: ApiError) -> AsciiJSONResponse:
        answer = {"error_code": error.code, "message": error.message}
        return AsciiJSONResponse(answer, status_code=error.status)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> AsciiJSONResponse:
        return _unknown(request)

    @app.exception_handler(HTTPException)
    def unknown(request: Request, error: HTTPException) -> AsciiJSONResponse:
        return _unknown(request)

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> AsciiJSONResponse:
        answer = {"error_code": "INTERNAL_ERROR", "message": describe(error)}
        return AsciiJSONResponse(answer, status_code=500)


def _unknown(request: Request) -> AsciiJSONResponse:
    message = f"No API found for '{request.method} {request.url.path.removeprefix('/api')}'"
    return AsciiJSONResponse({"error_code": "ENDPOINT_NOT_FOUND", "message": message}, status_code=404)
