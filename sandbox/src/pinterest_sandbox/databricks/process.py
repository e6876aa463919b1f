"""A worker as the server sees it: started when needed, replaced when it has died."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from pinterest_sandbox.databricks.channel import Channel, Message
from pinterest_sandbox.databricks.errors import describe
from pinterest_sandbox.databricks.worker import WorkerSettings

#: Seconds a worker may take from its start until it is ready.
START_LIMIT = 120.0
#: What Python is started with to become a worker, before its settings.
PROGRAM = ("-m", "pinterest_sandbox.databricks.worker")


class WorkerDied(Exception):
    """The worker's process ended before it answered."""


@dataclass
class _Pending:
    answer: Future[Message]
    on_event: Callable[[Message], None]


class WorkerProcess:
    """One started worker.

    :param settings: what it is told; the socket's number is filled in here.
    :param program: arguments that make Python a worker.
    """

    def __init__(self, settings: WorkerSettings, program: Sequence[str] = PROGRAM) -> None:
        ours, theirs = socket.socketpair()
        told = dataclasses.replace(settings, fd=theirs.fileno())
        self._process = subprocess.Popen(
            [sys.executable, "-P", *program, json.dumps(dataclasses.asdict(told))],
            pass_fds=(theirs.fileno(),),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            # A group of its own: killed together with its JVM and Spark's Python workers.
            start_new_session=True,
        )
        theirs.close()
        self._scratch = settings.scratch(self.pid)
        self._channel = Channel(ours)
        self._numbers = itertools.count(1)
        self._pending: dict[int, _Pending] = {}
        self._lock = threading.Lock()
        self._lost: str | None = None
        self._dead = self._retired = False
        self.ready: Future[float] = Future()
        threading.Thread(target=self._receive, daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it takes further requests."""
        return not self._dead and not self._retired

    def call(
        self, request: Message, on_event: Callable[[Message], None] = lambda _: None
    ) -> tuple[int, Future[Message]]:
        """Ask it something.

        :param on_event: called for each message before the last.
        :returns: the request's number, and its last message; or :class:`WorkerDied`.
        """
        number, answer = next(self._numbers), Future[Message]()
        with self._lock:
            if self._dead:
                answer.set_exception(WorkerDied(self.reason))
                return number, answer
            self._pending[number] = _Pending(answer, on_event)
        self.tell({"id": number, **request})
        return number, answer

    def tell(self, message: Message) -> None:
        """Send it a message that has no answer; nothing happens when it is gone."""
        try:
            self._channel.send(message)
        except OSError:
            # Its end is noticed where its messages are received.
            return

    def kill(self) -> None:
        """End it at once, with all that it has started; it gets no further request."""
        self._retired = True
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def wait(self) -> None:
        """Until the process has ended."""
        self._process.wait()

    def _receive(self) -> None:
        try:
            for message in self._channel.messages():
                self._take(message)
            with contextlib.suppress(subprocess.TimeoutExpired):
                # Usually it has ended by itself, and says how.
                self._process.wait(1)
        except Exception as odd:
            self._lost = f"the Spark worker sent what can't be used: {describe(odd)}"
        # An orphaned JVM would go on with the work.
        self.kill()
        self._process.wait()
        with self._lock:
            self._dead = True
            pending, self._pending = self._pending, {}
        error = WorkerDied(self.reason)
        if not self.ready.done():
            self.ready.set_exception(error)
        for waiting in pending.values():
            waiting.answer.set_exception(error)
        self._channel.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _take(self, message: Message) -> None:
        event = message["event"]
        if event == "ready":
            self.ready.set_result(message["seconds"])
        elif event == "lost":
            self._lost = message["message"]
        elif event == "cell":
            self._pending[message["id"]].on_event(message)
        else:
            self._retired = self._retired or message.get("last", False)
            self._pending.pop(message["id"]).answer.set_result(message)

    @property
    def reason(self) -> str:
        """Why it is gone."""
        if self._lost:
            return self._lost
        status = self._process.poll()
        if status is not None and status < 0:
            return f"the Spark worker was killed ({signal.Signals(-status).name})"
        return f"the Spark worker ended unexpectedly (status {status})"


class Lane:
    """Keeps one worker of a kind alive.

    :param start: starts a new one.
    """

    def __init__(self, start: Callable[[], WorkerProcess]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._closed = False

    def worker(self) -> WorkerProcess:
        """The present worker, or a new one when it has died; it may not be ready yet."""
        with self._lock:
            if self._closed:
                raise WorkerDied("the workspace is shutting down")
            if self._worker is None or not self._worker.alive:
                self._worker = self._start()
            return self._worker

    def ready_worker(self) -> WorkerProcess:
        """The present worker once it is ready.

        :raises WorkerDied: when it could not start.
        """
        worker = self.worker()
        try:
            worker.ready.result(START_LIMIT)
        except TimeoutError:
            worker.kill()
            raise WorkerDied(f"the Spark worker was not ready after {START_LIMIT:g} s") from None
        return worker

    def state(self) -> dict[str, Any]:
        """For people and health checks: process id and whether it is ready."""
        worker = self._worker
        if worker is None:
            return {"state": "not started"}
        if not worker.alive:
            return {"state": "dead", "reason": worker.reason}
        return {"state": "ready" if worker.ready.done() else "starting", "pid": worker.pid}

    def close(self) -> None:
        """End the worker and start no other."""
        with self._lock:
            self._closed = True
            worker = self._worker
        if worker is not None:
            worker.kill()
            worker.wait()


def _environment() -> dict[str, str]:
    """The server's environment in UTC, without what would put the checkout on a notebook's path."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {**inherited, "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", "TZ": "UTC"}
