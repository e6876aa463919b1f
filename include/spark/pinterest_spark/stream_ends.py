"""How the queries of a run end when a micro-batch of one of them meets an error.

A platform ends a run with all its queries as soon as one of them fails. So the error of a micro-batch can be
held back until the other queries have done their work; only then does it fail its own.
https://docs.databricks.com/aws/en/structured-streaming/query-recovery
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql.streaming.query import StreamingQuery

#: Seconds between two looks at the other queries.
_PAUSE_S = 0.2


class StreamFailed(Exception):
    """At least one query has ended in error; the message names its entity."""


class Ends:
    """Keeps the errors of a run's micro-batches, and says when they may be raised.

    :param entities: one for each query of the run, also of those that are not started yet.
    :param patient: whether an error waits for the other queries. Do this only where all of them end by
        themselves.
    """

    def __init__(self, entities: Iterable[str], *, patient: bool) -> None:
        self._queries: dict[str, StreamingQuery | None] = dict.fromkeys(entities)
        self._patient = patient
        self._errors: dict[str, str] = {}
        self._lock = threading.Lock()

    def started(self, entity: str, query: StreamingQuery) -> None:
        """Take note of a query."""
        self._queries[entity] = query

    def hold_back(self, entity: str, error: Exception) -> StreamFailed:
        """Wait with an error of a micro-batch until it does no harm to the other queries.

        Queries that hold an error back themselves are not waited for: when all have one, all go on at once.
        Nor does it wait any longer when its own query is stopped.

        :param entity: whose micro-batch it was.
        :param error: what it met.
        :returns: what is to be raised: the errors of all micro-batches, with their entities. Spark shows it
            in the error of the query.
        """
        if not self._goes_on(entity):
            # What a micro-batch meets that is stopped is not its own error.
            return StreamFailed(f"{entity}: stopped")
        with self._lock:
            self._errors[entity] = f"{type(error).__name__}: {error}"
        pause = threading.Event()
        while self._patient and self._goes_on(entity) and self._others_go_on():
            pause.wait(_PAUSE_S)
        errors = self.errors()
        return StreamFailed("\n".join(f"{name}: {errors[name]}" for name in self._queries if name in errors))

    def errors(self) -> dict[str, str]:
        """Entity to the error of its micro-batch."""
        with self._lock:
            return dict(self._errors)

    def _goes_on(self, entity: str) -> bool:
        query = self._queries[entity]
        return query is None or query.isActive

    def _others_go_on(self) -> bool:
        held = self.errors()
        return any(self._goes_on(entity) for entity in self._queries if entity not in held)
