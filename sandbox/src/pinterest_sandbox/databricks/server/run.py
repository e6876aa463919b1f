"""Starts the workspace's server on 127.0.0.1."""

from __future__ import annotations

from pathlib import Path

import uvicorn

from pinterest_sandbox.databricks.process import WorkerProcess
from pinterest_sandbox.databricks.server.app import create_app
from pinterest_sandbox.databricks.session import HOST
from pinterest_sandbox.databricks.worker import WorkerSettings


def serve(
    *,
    folder: Path,
    warehouse: Path,
    metastore: str | None,
    token: str,
    port: int,
    codegen: bool = False,
) -> None:
    """Serve until a signal ends it.

    :param folder: of the workspace's files, its runs and its secrets.
    :param warehouse: folder of managed tables.
    :param metastore: ``host:port`` of the shared metastore.
    :param token: the bearer token that clients send.
    :param port: TCP port.
    :param codegen: whether Spark compiles queries.
    """

    def start_worker(kind: str) -> WorkerProcess:
        return WorkerProcess(
            WorkerSettings(
                fd=-1,
                kind=kind,
                folder=str(folder),
                warehouse=str(warehouse),
                metastore=metastore,
                codegen=codegen,
            )
        )

    app = create_app(folder=folder, token=token, start_worker=start_worker)
    uvicorn.run(app, host=HOST, port=port, log_level="warning", timeout_graceful_shutdown=2)
