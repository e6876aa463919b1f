"""The counts of a replay, held against each other."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.replay.counts import describe, find_problems

PLAN = {"entity": "", "dry_run": False, "taken": {"pin": 2, "geo": 0}}
GOOD = {"read": 9, "dead_letters": 2, "kept": 3, "merged": 2, "quarantined": 4}
PIN = {**GOOD, "reasons": {"key_missing": 1, "not_json": 3}, "set_apart": 0, "letters_of_older_topics": 0}
NOTHING = {**dict.fromkeys(GOOD, 0), "reasons": {}, "set_apart": 0, "letters_of_older_topics": 0}
ROW = {"lines_read" if name == "read" else name: number for name, number in GOOD.items()}
LEDGER = [{"entity": "pin", **ROW}]


def problems(plan: Any = PLAN, pin: Any = PIN, geo: Any = NOTHING, ledger: Any = LEDGER) -> list[str]:
    return find_problems(plan, {"pin": pin, "geo": geo}, ledger)


def test_counts_that_agree() -> None:
    assert problems() == []
    # What nothing was read of has no row; a warehouse gives numbers as it likes.
    assert problems(ledger=[{"entity": "pin", **{name: str(number) for name, number in ROW.items()}}]) == []
    assert problems(PLAN | {"dry_run": True}, ledger=[]) == []
    assert find_problems({"entity": "pin", "dry_run": True}, {"pin": PIN | {"dead_letters": 0}}, []) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"kept": 4}, "pin: 9 read, kept 4 + merged 2 + quarantined 4"),
        ({"kept": -1, "merged": 6}, "pin: kept -1, merged 6, quarantined 4"),
        ({"dead_letters": 1}, "pin: 1 dead letters read, 2 were fetched"),
        ({"reasons": {"not_json": 3}}, "pin: 4 quarantined, for 3 there is a reason"),
        ({"kept": 2, "merged": 3}, "pin: kept is 2, in the ledger 3"),
    ],
)
def test_counts_that_do_not(changed: dict[str, Any], problem: str) -> None:
    assert problem in problems(pin=PIN | changed)


def test_a_row_of_the_ledger_that_is_missing() -> None:
    assert "pin: read is 9, in the ledger 0" in problems(ledger=[])
    assert "geo: kept is 0, in the ledger 1" in problems(
        ledger=[*LEDGER, {"entity": "geo", **ROW, "kept": 1}]
    )


def test_an_entity_without_counts() -> None:
    assert problems(PLAN | {"entity": "user"}) == ["the notebook returned no counts of user"]
    assert find_problems(PLAN, {"pin": PIN}, LEDGER) == ["the notebook returned no counts of geo"]


def test_counts_in_a_line() -> None:
    assert describe("pin", PIN | {"set_apart": 6, "letters_of_older_topics": 2}, dry_run=True) == (
        "pin (dry run): read 9, dead letters 2, kept 3, merged 2, quarantined 4 (key_missing 1, not_json 3)"
        "; 6 rows of a deleted topic left alone; 2 letters of an older topic left alone"
    )
    assert describe("geo", NOTHING, dry_run=False) == (
        "geo: read 0, dead letters 0, kept 0, merged 0, quarantined 0"
    )
