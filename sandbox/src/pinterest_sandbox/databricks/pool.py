"""The workers that notebooks run on: one to each run, and at rest a warm one for the next."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pinterest_sandbox.databricks.channel import Message
from pinterest_sandbox.databricks.process import Lane, WorkerDied, WorkerProcess


class NotebookWorkers:
    """Lends a worker to each run.

    A run that comes while the warm worker is lent gets a new one. Of those that come back one at most is kept
    at rest, so that memory is held for what runs, and the next run is warm also while another one never ends.

    :param start: starts a new worker.
    """

    def __init__(self, start: Callable[[], WorkerProcess]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._at_rest: Lane | None = Lane(start)
        self._lent: list[Lane] = []
        self._closed = False

    @contextlib.contextmanager
    def lend(self) -> Iterator[Lane]:
        """A worker for one run, whose body may kill it; a dead one that is to be kept starts anew at once."""
        with self._lock:
            lane, self._at_rest = self._at_rest or Lane(self._start), None
            self._lent.append(lane)
            if self._closed:
                lane.close()
        try:
            yield lane
        finally:
            self._take_back(lane)

    def warm_up(self) -> None:
        """Start the worker at rest and wait until it is ready.

        :raises WorkerDied: when it could not start.
        """
        if lane := self._at_rest:
            lane.ready_worker()

    def tell(self, message: Message) -> None:
        """Send the worker at rest a message that has no answer."""
        if lane := self._at_rest:
            lane.worker().tell(message)

    def state(self) -> dict[str, Any]:
        """For people and health checks: of the worker at rest, or else of the one lent longest."""
        with self._lock:
            lane = self._at_rest or self._lent[0]
        return lane.state()

    def close(self) -> None:
        """End all workers and start no other."""
        with self._lock:
            self._closed = True
            lanes = [*self._lent, *([self._at_rest] if self._at_rest else [])]
        for lane in lanes:
            lane.close()

    def _take_back(self, lane: Lane) -> None:
        with self._lock:
            self._lent.remove(lane)
            kept = self._at_rest is None
            if kept:
                self._at_rest = lane
        if kept:
            with contextlib.suppress(WorkerDied):
                lane.worker()
        else:
            lane.close()
