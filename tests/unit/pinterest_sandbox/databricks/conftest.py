"""A workspace whose workers have no JVM, served over HTTP within the test process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from pinterest_sandbox.databricks.process import WorkerProcess
from pinterest_sandbox.databricks.server.app import create_app
from pinterest_sandbox.databricks.worker import WorkerSettings
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.sandbox.databricks.client import WorkspaceClient

TOKEN = "token"
SPARKLESS = str(Path(__file__).with_name("sparkless_worker.py"))


def sparkless(folder: Path) -> Callable[[str], WorkerProcess]:
    """Starts workers of the workspace in ``folder``."""

    def start(kind: str) -> WorkerProcess:
        settings = WorkerSettings(
            fd=-1,
            kind=kind,
            folder=str(folder),
            warehouse=str(folder / "warehouse"),
            metastore=None,
            codegen=False,
        )
        return WorkerProcess(settings, [SPARKLESS])

    return start


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The URL of ``app``, served while the block runs."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()

    def started() -> None:
        if not server.started:
            raise NotReady("starting")

    try:
        wait_until(started, what="the server", timeout=30, interval=0.01)
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkspaceClient]:
    """A workspace for the tests of a module."""
    folder = tmp_path_factory.mktemp("databricks")
    with serving(create_app(folder=folder, token=TOKEN, start_worker=sparkless(folder))) as url:
        yield WorkspaceClient(url, TOKEN, "/Shared", limit=20, interval=0.01)
