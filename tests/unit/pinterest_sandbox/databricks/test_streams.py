"""Streaming queries of a run: it outlasts them, and fails with them. Without Spark."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.errors import StreamingQueryException

from pinterest_sandbox.databricks import streams
from pinterest_sandbox.databricks.streams import StreamFailed, outlasting_streams


class Query:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._over = threading.Event()
        session.streams.active.append(self)

    def end(self, error: StreamingQueryException | None = None) -> None:
        self._session.failure = self._session.failure or error
        self._session.streams.active.remove(self)
        self._over.set()

    stop = end

    def awaitTermination(self) -> None:
        assert self._over.wait(20)


class Session:
    """As much of a session as its streams need."""

    def __init__(self) -> None:
        self.failure: StreamingQueryException | None = None
        self.streams: Any = SimpleNamespace(active=[], awaitAnyTermination=self._look)
        gateway = SimpleNamespace(_gateway_client=self)
        self.sparkContext: Any = SimpleNamespace(_jsc=object(), _gateway=gateway)
        self.connection: Any = SimpleNamespace(close=lambda: self.closed.append(threading.get_ident()))
        #: Threads whose connection to the JVM was closed.
        self.closed: list[int] = []

    def get_thread_connection(self) -> Any:
        return self.connection

    def _look(self, seconds: int) -> bool:
        assert seconds == 0
        if self.failure:
            raise self.failure
        return False


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "INTERVAL", 0.01)


@pytest.fixture
def session() -> Session:
    return Session()


@contextmanager
def running(session: Session) -> Iterator[None]:
    with outlasting_streams(session):  # type: ignore[arg-type]
        yield


def test_body_is_left_when_the_last_query_ends(session: Session) -> None:
    first, second = Query(session), Query(session)
    ended = []

    def end() -> None:
        for query in (first, second):
            ended.append(query)
            query.end()

    with running(session):
        threading.Timer(0.1, end).start()
    assert ended == [first, second]
    assert session.streams.active == []


def test_body_without_queries_is_left_at_once(session: Session) -> None:
    with running(session):
        pass


def test_failed_query_interrupts_the_body_and_ends_the_others(session: Session) -> None:
    failing, other = Query(session), Query(session)

    def endless() -> None:
        while True:
            # As careless as a notebook may be.
            with suppress(Exception):
                other.awaitTermination()

    threading.Timer(0.1, failing.end, [StreamingQueryException("broken")]).start()
    with pytest.raises(StreamingQueryException, match="broken"), running(session):
        endless()
    assert session.streams.active == []
    # Its last call of the JVM may have been cut off before the answer.
    assert session.closed == [threading.get_ident()]


def test_interrupted_body_may_have_called_nothing(session: Session) -> None:
    def endless() -> None:
        while True:
            pass

    session.connection = None
    threading.Timer(0.1, Query(session).end, [StreamingQueryException("broken")]).start()
    with pytest.raises(StreamingQueryException, match="broken"), running(session):
        endless()


def test_query_that_failed_before_the_end_fails_the_run(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody looks meanwhile.
    monkeypatch.setattr(streams, "INTERVAL", 60)
    with pytest.raises(StreamingQueryException, match="broken"), running(session):
        Query(session).end(StreamingQueryException("broken"))


def test_error_of_the_body_leaves_at_once(session: Session) -> None:
    Query(session)
    with pytest.raises(LookupError, match="of a cell"), running(session):
        raise LookupError("of a cell")


def test_failure_of_the_outer_notebook_passes_the_inner_one(session: Session) -> None:
    failing = Query(session)

    def endless() -> None:
        with running(Session()):
            while True:
                pass

    def careless() -> None:
        with pytest.raises(StreamFailed):
            endless()

    threading.Timer(0.1, failing.end, [StreamingQueryException("outer")]).start()
    with pytest.raises(StreamingQueryException, match="outer"), running(session):
        careless()


def test_stopped_spark_has_no_queries(session: Session) -> None:
    Query(session)
    with running(session):
        session.sparkContext._jsc = None
