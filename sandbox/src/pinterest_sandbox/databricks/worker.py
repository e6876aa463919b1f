"""A worker: an own process with one warm JVM that runs notebooks, or SQL statements, for the server.

It talks to the server over an inherited socket, one JSON message a line, and ends when the server or its JVM
does. Requests: ``{"id", "op": "notebook" | "statement" | "cancel", ...}``. Answers: ``{"event": "ready"}``
once, then ``{"id", "event": "cell" | "done" | "failed", ...}``. ``{"op": "rehearse"}`` warms the JVM until
something is asked, and has no answer.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinterest_sandbox.databricks.additions import add_methods
from pinterest_sandbox.databricks.channel import Channel, Message
from pinterest_sandbox.databricks.errors import describe
from pinterest_sandbox.databricks.interpreter import library_path
from pinterest_sandbox.databricks.local_files import LocalFiles
from pinterest_sandbox.databricks.mounts import Mounts
from pinterest_sandbox.databricks.rehearsal import rehearse
from pinterest_sandbox.databricks.results import CellOutput
from pinterest_sandbox.databricks.runner import NotebookRunner
from pinterest_sandbox.databricks.session import build_session
from pinterest_sandbox.databricks.sql import StatementError, run_statement
from pinterest_sandbox.databricks.workspace import Workspace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Statements that run at a time.
STATEMENTS = 4
#: Spark settings of the cluster. Notebooks written for a runtime before 17 count on casts that give null; the
#: SQL warehouse is strict, as Databricks' are.
CLUSTER_CONFIG = {"spark.sql.ansi.enabled": "false"}


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """What a worker is told at its start.

    :param fd: number of the inherited socket.
    :param kind: ``notebook`` or ``sql``.
    :param folder: the service's folder: workspace, secrets, scratch.
    :param warehouse: folder of managed tables.
    :param metastore: ``host:port`` of the shared metastore, or ``None``.
    :param codegen: whether Spark compiles queries.
    """

    fd: int
    kind: str
    folder: str
    warehouse: str
    metastore: str | None
    codegen: bool

    def scratch(self, pid: int) -> Path:
        """The folder of the temporary files of the worker with this process id, its own among several."""
        return Path(self.folder) / "scratch" / f"{self.kind}-{pid}"

    def mounts(self) -> Mounts:
        """The workspace's mounts."""
        return Mounts(Path(self.folder) / "mounts.json")


def main() -> None:
    """Run a worker; its settings are the first argument, as JSON."""
    started = time.monotonic()
    settings = WorkerSettings(**json.loads(sys.argv[1]))
    channel = Channel(socket.socket(fileno=settings.fd))
    inbox: queue.Queue[Message] = queue.Queue()
    threading.Thread(target=_receive, args=(channel, inbox), daemon=True).start()
    session = _ready_session(settings, channel)
    threading.Thread(target=_watch_jvm, args=(channel,), daemon=True).start()
    # What the server needs of this package is imported by now; notebooks find only libraries and what was
    # published.
    sys.path = library_path()
    sys.dont_write_bytecode = True
    channel.send({"event": "ready", "seconds": round(time.monotonic() - started, 2)})
    serve = _serve_notebooks if settings.kind == "notebook" else _serve_statements
    serve(settings, session, channel, inbox)


def _ready_session(settings: WorkerSettings, channel: Channel) -> SparkSession:
    try:
        session = _session(settings)
        # Connects to the metastore now instead of in the first run.
        session.newSession().sql("SHOW TABLES").collect()
    except Exception as error:
        channel.send({"event": "lost", "message": f"the Spark worker could not start: {error}"})
        raise
    return session


def _session(settings: WorkerSettings) -> SparkSession:
    session = build_session(
        warehouse=Path(settings.warehouse),
        metastore=settings.metastore,
        s3_endpoint=os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
        scratch=settings.scratch(os.getpid()),
        app_name=f"databricks-{settings.kind}",
        codegen=settings.codegen,
        default_dbfs=True,
        extra=CLUSTER_CONFIG if settings.kind == "notebook" else None,
    )
    add_methods()
    return session


def _receive(channel: Channel, inbox: queue.Queue[Message]) -> None:
    for message in channel.messages():
        inbox.put(message)
    # The server is gone. The JVM ends by itself when its standard input does.
    os._exit(0)


def _watch_jvm(channel: Channel) -> None:
    from pyspark import SparkContext

    gateway: Any = SparkContext._gateway
    status = gateway.proc.wait()
    channel.send({"event": "lost", "message": f"Spark's JVM ended unexpectedly (status {status})"})
    os._exit(1)


class _Rehearsal:
    """Runs beside the requests, once, and gives way to the first of them."""

    def __init__(self, settings: WorkerSettings, session: SparkSession) -> None:
        self._folder = settings.scratch(os.getpid()) / "rehearsal"
        self._session = session
        self._stop = threading.Event()

    def start(self) -> None:
        if not self._stop.is_set():
            threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        # Its words are for the log: standard error may be a notebook's by now.
        began = time.monotonic()
        try:
            rehearse(self._session, self._folder, self._stop)
        except Exception as error:
            # It costs only the time that it would have saved.
            print(f"the rehearsal failed: {error}", file=sys.__stderr__)
        else:
            print(f"rehearsed for {time.monotonic() - began:.1f} s", file=sys.__stderr__)


def _serve_notebooks(
    settings: WorkerSettings, session: SparkSession, channel: Channel, inbox: queue.Queue[Message]
) -> None:
    """One notebook at a time, in the main thread, for they share working directory and modules."""
    mounts = settings.mounts()
    runner = NotebookRunner(
        workspace=Workspace(Path(settings.folder) / "workspace"),
        session=session,
        secrets=Path(settings.folder) / "secrets.json",
        mounts=mounts,
        files=LocalFiles(Path(settings.warehouse), mounts),
        libraries=tuple(sys.path),
    )
    rehearsal = _Rehearsal(settings, session)
    while True:
        request = inbox.get()
        if request["op"] == "rehearse":
            rehearsal.start()
            continue
        rehearsal.stop()
        number = request["id"]
        report = partial(_report_cell, channel, number)
        result = runner.run(request["path"], request["parameters"], report)
        # Where the notebook has stopped Spark the next one gets a new worker.
        last = session.sparkContext._jsc is None
        channel.send({"id": number, "event": "done", "result": asdict(result), "last": last})
        if last:
            os._exit(0)


def _report_cell(channel: Channel, number: int, cell: CellOutput) -> None:
    channel.send({"id": number, "event": "cell", "cell": asdict(cell)})


def _serve_statements(
    settings: WorkerSettings, session: SparkSession, channel: Channel, inbox: queue.Queue[Message]
) -> None:
    threads = ThreadPoolExecutor(STATEMENTS, thread_name_prefix="statement")
    mounts = settings.mounts()
    rehearsal = _Rehearsal(settings, session)
    while True:
        request = inbox.get()
        if request["op"] == "rehearse":
            rehearsal.start()
            continue
        rehearsal.stop()
        if request["op"] == "cancel":
            session.sparkContext._jsc.sc().cancelJobGroupAndFutureJobs(str(request["target"]))
        else:
            threads.submit(_statement, session, mounts, channel, request)


def _statement(session: SparkSession, mounts: Mounts, channel: Channel, request: Message) -> None:
    number, spec = request["id"], request["statement"]
    answer: dict[str, Any]
    try:
        mounts.refresh(session._jsc.hadoopConfiguration())
        session.sparkContext.setJobGroup(str(number), spec["statement"][:200], interruptOnCancel=True)
        result = run_statement(session.newSession(), **spec)
        answer = {"event": "done", "result": asdict(result)}
    except StatementError as error:
        answer = {
            "event": "failed",
            "error": {"code": error.code, "message": error.message, "sql_state": error.sql_state},
        }
    except Exception as error:
        answer = {
            "event": "failed",
            "error": {"code": "INTERNAL_ERROR", "message": describe(error), "sql_state": None},
        }
    channel.send({"id": number, **answer})


if __name__ == "__main__":
    main()
