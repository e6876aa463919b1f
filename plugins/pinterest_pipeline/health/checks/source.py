"""Whether the source database can be read, and whether its tables fit together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

CONNECTION = "pinterest_source"
#: By how many of a hundred rows the tables may differ: a burst skips no post for a few that are being added.
TOLERATED_PERCENT = 1


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the source database says.

    :param no_connection: whether Airflow has no connection to it.
    :param trouble: why it can't be reached; empty when it can.
    :param missing: a table that it lacks; empty when it has all.
    :param latency_s: seconds that it took to connect.
    :param rows: table to its rows, or to its greatest key; empty when both take too long.
    :param counted: whether ``rows`` are rows; counting them took too long otherwise.
    """

    no_connection: bool = False
    trouble: str = ""
    missing: str = ""
    latency_s: float = 0.0
    rows: Mapping[str, int] = field(default_factory=dict)
    counted: bool = True


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """What is to be said of the source database.

    :param reading: what it says.
    :param memory: ``rows`` and ``counted`` of the check before.
    """
    if reading.no_connection:
        return Finding(status=Status.UNKNOWN, sentence=f"there is no connection {CONNECTION}", memory=memory)
    if reading.trouble:
        sentence = f"the source database can't be reached through {CONNECTION}: {reading.trouble}"
        return Finding(status=Status.DOWN, sentence=sentence, memory=memory)
    latency = {"latency": Figure(value=round(reading.latency_s, 3), unit="s")}
    if reading.missing:
        sentence = f"the source database has no table {reading.missing}"
        return Finding(status=Status.DOWN, sentence=sentence, figures=latency, memory=memory)
    if not reading.rows:
        sentence = "it answers; neither rows nor greatest keys can be read in seconds"
        nothing = {"rows": {}, "counted": False}
        return Finding(status=Status.HEALTHY, sentence=sentence, figures=latency, memory=nothing)
    kind = "rows" if reading.counted else "greatest_key"
    return finding(
        _problems(reading),
        _healthy(reading, memory),
        {
            **latency,
            **{f"{table}_{kind}": _figure(number, reading.counted) for table, number in reading.rows.items()},
        },
        {"rows": dict(reading.rows), "counted": reading.counted},
    )


def _problems(reading: Reading) -> list[tuple[Status, str]]:
    empty = [table for table, number in reading.rows.items() if not number]
    if empty:
        return [(Status.DEGRADED, f"{_listed(empty)} {'is' if len(empty) == 1 else 'are'} empty")]
    least, most = min(reading.rows.values()), max(reading.rows.values())
    if (most - least) * 100 > most * TOLERATED_PERCENT:
        sentence = f"the tables differ by more than {TOLERATED_PERCENT} %: {_numbers(reading)}"
        return [(Status.DEGRADED, sentence)]
    return []


def _healthy(reading: Reading, memory: Mapping[str, Any]) -> str:
    sentence = _numbers(reading)
    if memory.get("counted") != reading.counted:
        return sentence
    before = memory.get("rows", {})
    fewer = [
        f"{before[table] - number} in {table}"
        for table, number in reading.rows.items()
        if number < before.get(table, 0)
    ]
    what = "rows fewer" if reading.counted else "less as the greatest key"
    return f"{sentence}; {what} than at the last check: {_listed(fewer)}" if fewer else sentence


def _numbers(reading: Reading) -> str:
    numbers = _listed([f"{table} {number}" for table, number in reading.rows.items()])
    return f"rows: {numbers}" if reading.counted else f"greatest keys (rows take long to count): {numbers}"


def _figure(number: int, counted: bool) -> Figure:
    return Figure(value=number, unit="rows" if counted else "")


def _listed(parts: list[str]) -> str:
    return ", ".join(parts)
