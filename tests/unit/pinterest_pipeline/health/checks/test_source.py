from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.health.checks.source import Reading, judge
from pinterest_pipeline.health.findings import Figure, Finding, Status

MEMORY = {"rows": {"pinterest_data": 900, "geolocation_data": 900, "user_data": 900}, "counted": True}


def rows(pin: int, geo: int, user: int) -> dict[str, int]:
    return {"pinterest_data": pin, "geolocation_data": geo, "user_data": user}


def judged(pin: int, geo: int, user: int, memory: Any = None, *, counted: bool = True) -> Finding:
    return judge(Reading(rows=rows(pin, geo, user), latency_s=0.01234, counted=counted), memory or {})


def test_equal_tables_are_healthy() -> None:
    found = judged(11, 11, 11)
    assert found.status is Status.HEALTHY
    assert found.sentence == "rows: pinterest_data 11, geolocation_data 11, user_data 11"
    assert found.figures == {
        "latency": Figure(value=0.012, unit="s"),
        "pinterest_data_rows": Figure(value=11, unit="rows"),
        "geolocation_data_rows": Figure(value=11, unit="rows"),
        "user_data_rows": Figure(value=11, unit="rows"),
    }
    assert found.memory == {"rows": rows(11, 11, 11), "counted": True}


@pytest.mark.parametrize(
    ("least", "status"),
    [(990, Status.HEALTHY), (989, Status.DEGRADED), (1, Status.DEGRADED)],
    ids=["one percent", "more", "much more"],
)
def test_tables_may_differ_by_one_percent(least: int, status: Status) -> None:
    assert judged(1000, least, 1000).status is status
    assert judged(least, 1000, 995).status is status


def test_tables_that_differ_are_told_with_their_rows() -> None:
    assert judged(1000, 500, 1000).sentence == (
        "the tables differ by more than 1 %: rows: pinterest_data 1000, geolocation_data 500, user_data 1000"
    )


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((7, 0, 7), "geolocation_data is empty"),
        ((0, 0, 0), "pinterest_data, geolocation_data, user_data are empty"),
    ],
    ids=["one", "all"],
)
def test_an_empty_table_is_degraded(numbers: tuple[int, int, int], sentence: str) -> None:
    found = judged(*numbers)
    assert (found.status, found.sentence) == (Status.DEGRADED, sentence)


def test_fewer_rows_than_before_are_told_and_healthy() -> None:
    found = judged(899, 900, 895, MEMORY)
    assert found.status is Status.HEALTHY
    assert found.sentence.endswith("rows fewer than at the last check: 1 in pinterest_data, 5 in user_data")
    assert "fewer" not in judged(900, 901, 900, MEMORY).sentence


def test_greatest_keys_stand_for_rows_and_are_not_compared_with_them() -> None:
    found = judged(800, 800, 800, MEMORY, counted=False)
    assert found.status is Status.HEALTHY
    assert found.sentence == (
        "greatest keys (rows take long to count): pinterest_data 800, geolocation_data 800, user_data 800"
    )
    assert found.figures["user_data_greatest_key"] == Figure(value=800)
    later = judged(799, 800, 800, found.memory, counted=False)
    assert later.sentence.endswith("; less as the greatest key than at the last check: 1 in pinterest_data")


def test_rows_that_cannot_be_read_in_time_are_no_fault() -> None:
    found = judge(Reading(latency_s=0.5, counted=False), MEMORY)
    assert found.status is Status.HEALTHY
    assert found.sentence == "it answers; neither rows nor greatest keys can be read in seconds"
    assert found.figures == {"latency": Figure(value=0.5, unit="s")}
    # Rows that were counted before are not compared with keys that are read later.
    assert "less" not in judged(800, 800, 800, found.memory, counted=False).sentence


@pytest.mark.parametrize(
    ("reading", "status", "sentence"),
    [
        (Reading(no_connection=True), Status.UNKNOWN, "there is no connection pinterest_source"),
        (
            Reading(trouble="no connection"),
            Status.DOWN,
            "the source database can't be reached through pinterest_source: no connection",
        ),
        (Reading(missing="user_data"), Status.DOWN, "the source database has no table user_data"),
    ],
    ids=["no connection", "unreachable", "no table"],
)
def test_what_cannot_be_read_keeps_the_memory(reading: Reading, status: Status, sentence: str) -> None:
    found = judge(reading, MEMORY)
    assert (found.status, found.sentence, found.memory) == (status, sentence, MEMORY)
