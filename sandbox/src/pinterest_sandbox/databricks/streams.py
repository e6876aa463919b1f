"""The streaming queries of a run, as jobs of Databricks treat them.

A run goes on as long as one of its queries does, also after its last cell or ``dbutils.notebook.exit``. One
that fails ends the run and all its other queries.
https://docs.databricks.com/aws/en/structured-streaming/query-recovery
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.errors import StreamingQueryException
    from pyspark.sql import SparkSession

#: Seconds between two looks whether a query has failed.
INTERVAL = 0.5


class StreamFailed(BaseException):
    """Ends the notebook in whatever it does; no ``except Exception`` of its own swallows it."""


@contextlib.contextmanager
def outlasting_streams(session: SparkSession) -> Iterator[None]:
    """Leave the body when no streaming query of ``session`` runs any more, or at once when one fails.

    :raises StreamingQueryException: the failure of a query, wherever the body is then.
    """
    watch = _Watch(session)
    try:
        with watch.on():
            yield
            watch.wait()
    except StreamFailed:
        _reconnect(session)
        if watch.failure is None:
            # Of the notebook that runs this one.
            raise
    if watch.failure is not None:
        raise watch.failure


def _reconnect(session: SparkSession) -> None:
    """Let this thread's next call of the JVM go over another connection.

    It may have been cut off in a call, whose answer the old one would then give to the next.
    """
    gateway = session.sparkContext._gateway
    connection = gateway._gateway_client.get_thread_connection() if gateway else None
    if connection is not None:
        connection.close()


class _Watch:
    """Looks after the queries of a session while the thread that made it is at work."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._thread = threading.get_ident()
        self._over = threading.Event()
        self.failure: StreamingQueryException | None = None

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Interrupt the body when a query fails."""
        thread = threading.Thread(target=self._watch, name="streams", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def wait(self) -> None:
        """Until no query runs.

        :raises StreamingQueryException: when one has failed.
        """
        while self._has_spark() and (active := self._session.streams.active):
            active[0].awaitTermination()
        self._check()

    def _watch(self) -> None:
        from pyspark.errors import StreamingQueryException

        while not self._over.wait(INTERVAL):
            try:
                self._check()
            except StreamingQueryException as error:
                self.failure = error
                for query in self._session.streams.active:
                    query.stop()
                # Python raises it between two of its own instructions; a call that waits for a query has just
                # ended.
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread), ctypes.py_object(StreamFailed)
                )
                return

    def _check(self) -> None:
        if self._has_spark():
            # Only a look, hardly a wait: it raises when any query has failed so far.
            self._session.streams.awaitAnyTermination(0)

    def _has_spark(self) -> bool:
        """Whether the notebook has not stopped it."""
        return self._session.sparkContext._jsc is not None
