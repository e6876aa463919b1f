"""Whether the Delta tables are written, and whether what is counted of them agrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

#: A day, and the time that a daily run takes.
OLDEST_BATCH = timedelta(hours=26)
_PATHS = ("batch", "stream")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of cleaned records.

    :param rows: its rows.
    :param written: when a write to it was last recorded; ``None`` when none was.
    :param quarantined: rows of its entity's quarantine, which both paths have in common.
    """

    rows: int
    written: datetime | None
    quarantined: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the warehouse says of the tables.

    :param at: when.
    :param unset: the variable or connection without which nobody can be asked; empty when all is set.
    :param trouble: why the workspace can't be asked; empty when it can.
    :param given_up_after_s: seconds within which the warehouse did not answer; ``None`` when it did.
    :param batch: entity to its batch table; ``None`` when there are no such tables.
    :param stream: entity to its stream table; ``None`` when there are no such tables.
    :param unbalanced: entity and run, or query and batch, of rows of the ledger that do not balance.
    """

    at: datetime
    unset: str = ""
    trouble: str = ""
    given_up_after_s: float | None = None
    batch: Mapping[str, Table] | None = None
    stream: Mapping[str, Table] | None = None
    unbalanced: tuple[str, ...] = ()


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """What is to be said of the tables.

    :param reading: what the warehouse says.
    :param memory: ``quarantined``: entity to the rows of its quarantine; ``seen``: the paths whose tables
        were there.
    """
    if reading.unset:
        return Finding(status=Status.UNKNOWN, sentence=f"{reading.unset} is not set", memory=memory)
    if reading.given_up_after_s is not None:
        sentence = f"the warehouse did not answer within {reading.given_up_after_s:g} s; it may be starting"
        return Finding(status=Status.UNKNOWN, sentence=sentence, memory=memory)
    if reading.trouble:
        return Finding(status=Status.DOWN, sentence=reading.trouble, memory=memory)
    known = memory.get("quarantined", {})
    seen = memory.get("seen", [])
    now = _quarantined(reading)
    grown = _grown(now, known)
    return finding(
        [*_ledger(reading), *_missing(reading, seen), *_late(reading), *grown],
        _healthy(reading),
        _figures(reading, now, known),
        {
            # Of tables that can't be read at the moment the numbers stay, so that no growth is overlooked.
            "quarantined": {**known, **now},
            "seen": [path for path in _PATHS if path in seen or _tables(reading, path) is not None],
        },
        news=bool(grown),
    )


def _tables(reading: Reading, path: str) -> Mapping[str, Table] | None:
    return reading.batch if path == "batch" else reading.stream


def _quarantined(reading: Reading) -> dict[str, int]:
    both = {**(reading.stream or {}), **(reading.batch or {})}
    return {entity: table.quarantined for entity, table in both.items()}


def _ledger(reading: Reading) -> list[tuple[Status, str]]:
    if not (wrong := reading.unbalanced):
        return []
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return [(Status.DOWN, f"counts in the ledger do not agree: {wrong[0]}{more}")]


def _missing(reading: Reading, seen: list[str]) -> list[tuple[Status, str]]:
    gone = [path for path in _PATHS if path in seen and _tables(reading, path) is None]
    return [(Status.DEGRADED, f"a {path} table that was there is gone") for path in gone]


def _late(reading: Reading) -> list[tuple[Status, str]]:
    late = [
        f"{entity} {_hours(reading.at - table.written)} h ago"
        for entity, table in (reading.batch or {}).items()
        if table.written is not None and reading.at - table.written > OLDEST_BATCH
    ]
    if not late:
        return []
    limit = _hours(OLDEST_BATCH)
    return [(Status.DEGRADED, f"no daily run has recorded a write for {limit} h: {', '.join(late)}")]


def _grown(now: Mapping[str, int], known: Mapping[str, int]) -> list[tuple[Status, str]]:
    grown = [
        f"{entity} by {rows - known[entity]} rows"
        for entity, rows in now.items()
        if rows > known.get(entity, rows)
    ]
    return [(Status.DEGRADED, f"the quarantine has grown: {', '.join(grown)}")] if grown else []


def _healthy(reading: Reading) -> str:
    parts = []
    for path in _PATHS:
        tables = _tables(reading, path)
        if tables is None:
            parts.append(f"no run has written the {path} tables yet")
        else:
            rows = ", ".join(f"{entity} {table.rows}" for entity, table in tables.items())
            parts.append(f"rows of the {path} tables: {rows}")
    return "; ".join(parts)


def _figures(reading: Reading, now: Mapping[str, int], known: Mapping[str, int]) -> dict[str, Figure]:
    figures = {}
    for path in _PATHS:
        for entity, table in (_tables(reading, path) or {}).items():
            name = f"{entity}_{path}"
            age = None if table.written is None else round((reading.at - table.written).total_seconds())
            figures[f"{name}_rows"] = Figure(value=table.rows, unit="rows")
            figures[f"{name}_age"] = Figure(value=age, unit="s")
    for entity, rows in now.items():
        growth = rows - known[entity] if entity in known else None
        figures[f"{entity}_quarantine"] = Figure(value=rows, unit="rows")
        figures[f"{entity}_quarantine_growth"] = Figure(value=growth, unit="rows")
    figures["ledger_unbalanced"] = Figure(value=len(reading.unbalanced), unit="rows")
    return figures


def _hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3600)
