"""When the error of a micro-batch is raised: queries that a test ends by hand, without Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pinterest_spark.stream_ends import Ends, StreamFailed

ENTITIES = ("pin", "geo", "user")
#: Seconds in which nothing happens that would have happened at once.
A_WHILE = 0.5


@dataclass(eq=False)
class Query:
    isActive: bool = True


class Run:
    """Three queries, and the errors of their micro-batches."""

    def __init__(self, threads: ThreadPoolExecutor, *, patient: bool) -> None:
        from pinterest_spark.stream_ends import Ends

        self.ends: Ends = Ends(ENTITIES, patient=patient)
        self.queries = {entity: Query() for entity in ENTITIES}
        self._threads = threads

    def start(self, *entities: str) -> None:
        for entity in entities:
            query: Any = self.queries[entity]
            self.ends.started(entity, query)

    def fail(self, entity: str, error: str) -> Future[StreamFailed]:
        return self._threads.submit(self.ends.hold_back, entity, LookupError(error))

    def end(self, *entities: str) -> None:
        for entity in entities:
            self.queries[entity].isActive = False


@pytest.fixture
def make() -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []
    with ThreadPoolExecutor(3) as threads:

        def make(*, patient: bool = True) -> Run:
            runs.append(Run(threads, patient=patient))
            return runs[-1]

        yield make
        for run in runs:
            run.start(*ENTITIES)
            run.end(*ENTITIES)


def is_held(error: Future[StreamFailed]) -> bool:
    try:
        error.result(A_WHILE)
    except TimeoutError:
        return True
    return False


def test_an_error_waits_for_the_other_queries(make: Callable[..., Run]) -> None:
    run = make()
    run.start(*ENTITIES)
    error = run.fail("geo", "broken")
    assert is_held(error)
    run.end("pin")
    assert is_held(error)
    run.end("user")
    assert str(error.result(10)) == "geo: LookupError: broken"
    assert run.ends.errors() == {"geo": "LookupError: broken"}


def test_a_query_that_is_not_started_yet_is_waited_for(make: Callable[..., Run]) -> None:
    run = make()
    error = run.fail("pin", "broken")
    assert is_held(error)
    run.start("pin", "geo")
    run.end("geo")
    assert is_held(error)
    run.start("user")
    run.end("user")
    assert str(error.result(10)) == "pin: LookupError: broken"


def test_queries_that_hold_errors_back_do_not_wait_for_each_other(make: Callable[..., Run]) -> None:
    run = make()
    run.start(*ENTITIES)
    errors = [run.fail("user", "first"), run.fail("pin", "second")]
    assert all(map(is_held, errors))
    errors.append(run.fail("geo", "third"))
    told = "pin: LookupError: second\ngeo: LookupError: third\nuser: LookupError: first"
    assert [str(error.result(10)) for error in errors] == [told] * 3


def test_a_query_that_is_stopped_waits_no_longer(make: Callable[..., Run]) -> None:
    run = make()
    run.start(*ENTITIES)
    error = run.fail("pin", "broken")
    assert is_held(error)
    run.end("pin")
    assert str(error.result(10)) == "pin: LookupError: broken"
    # What it meets because it is stopped is no error.
    run.end("geo")
    assert str(run.fail("geo", "interrupted").result(10)) == "geo: stopped"
    assert run.ends.errors() == {"pin": "LookupError: broken"}


def test_without_patience_nothing_is_waited_for(make: Callable[..., Run]) -> None:
    run = make(patient=False)
    run.start(*ENTITIES)
    assert str(run.fail("user", "broken").result(10)) == "user: LookupError: broken"
