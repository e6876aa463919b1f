"""Looks at counts that are in motion: each must have been right once, not all at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pinterest_pipeline.errors import CountsWrong
from pinterest_pipeline.streaming import counts

#: What must be right of an entity: name of the check to what finds out.
CHECKS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "rows": counts.find_miscount,
    "unread": counts.find_unread,
}


class Looks:
    """Looks at the counts of all entities until each has passed each check once.

    A run that goes on merges a micro-batch first and counts it then, for each entity at another time.

    :param read: gives the rows of ``tables/read_stream_balance.sql``, none while a table is missing.
    :param entities: what must be there.
    """

    def __init__(self, read: Callable[[], list[dict[str, Any]]], entities: Iterable[str]) -> None:
        self._read = read
        self._open = {entity: set(CHECKS) for entity in entities}
        self._first: dict[str, Mapping[str, Any]] = {}
        #: Entity to its row in the last look that found one.
        self.rows: dict[str, Mapping[str, Any]] = {}

    def look(self) -> None:
        """Look once.

        :raises CountsWrong: with one line for each check that an entity has not passed yet.
        """
        found = {row["entity"]: row for row in self._read()}
        for entity, row in found.items():
            self._first.setdefault(entity, row)
            self.rows[entity] = row
        problems = []
        for entity, names in self._open.items():
            if names and entity not in found:
                problems.append(f"{entity}: nothing is counted yet: a stream table or the ledger is missing")
                continue
            texts = {name: CHECKS[name](found[entity]) for name in sorted(names)}
            names.intersection_update(name for name, text in texts.items() if text)
            problems += [text for text in texts.values() if text]
        if problems:
            raise CountsWrong(problems)

    def unread(self, *, at_rest: bool = False) -> dict[str, int]:
        """Records that the last look has found unread, by entity.

        :param at_rest: leave out entities of which records were read between the first look and the last.
        """
        return {
            entity: counts.unread(row)
            for entity, row in self.rows.items()
            if "unread" in self._open.get(entity, ())
            and not (at_rest and row["lines_read"] != self._first[entity]["lines_read"])
        }
