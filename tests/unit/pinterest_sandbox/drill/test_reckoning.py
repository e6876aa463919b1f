"""What the drill makes of its counts: every way in which a record can be lost or doubled is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pinterest_sandbox.drill.reckoning import reckon
from pinterest_sandbox.drill.stock import Rows, Stock

POSTS = 10


def each(number: int) -> dict[str, int]:
    return dict.fromkeys(("pin", "geo", "user"), number)


BEFORE = Stock(
    acknowledged=each(100),
    dead=2,
    lines=each(98),
    streamed=each(100),
    read=each(100),
    quarantined=each(1),
)
#: Ten posts to both paths, each landed and read once.
AFTER = Stock(
    acknowledged=each(110),
    dead=2,
    lines=each(108),
    streamed=each(110),
    read=each(110),
    quarantined=each(1),
)
ROWS = Rows(kept=60, missing=(), doubled=0)


def test_all_is_there_once() -> None:
    found = reckon(BEFORE, AFTER, ROWS, posts=POSTS, refused=0)
    assert (found.sent, found.landed, found.kept) == (60, 60, 60)
    assert (found.quarantined, found.lost, found.doubled, found.problems) == (0, 0, 0, ())


def test_what_was_sent_twice_and_merged_is_neither_lost_nor_doubled() -> None:
    after = replace(AFTER, acknowledged=each(115), lines=each(113), streamed=each(112), read=each(112))
    found = reckon(BEFORE, after, ROWS, posts=POSTS, refused=0)
    assert (found.landed, found.kept, found.lost, found.doubled) == (3 * 15 + 3 * 12, 60, 0, 0)
    assert found.problems == ()


@pytest.mark.parametrize(
    "changes",
    [{"acknowledged": each(111), "dead": 5}, {"quarantined": each(2), "lines": each(108)}],
    ids=["dead letters", "quarantine"],
)
def test_poison_is_kept_apart(changes: dict[str, Any]) -> None:
    found = reckon(BEFORE, replace(AFTER, **changes), ROWS, posts=POSTS, refused=1)
    assert (found.sent, found.quarantined, found.lost, found.problems) == (63, 3, 0, ())


@pytest.mark.parametrize(
    ("changes", "lost", "problems"),
    [
        (
            {"lines": {**each(108), "geo": 105}},
            3,
            [
                "3 records too many: of geo poisonous and not kept apart",
                "3 records acknowledged by Kafka, neither landed nor dead letters",
            ],
        ),
        (
            {"read": {**each(110), "pin": 108}},
            2,
            ["2 records of pin in the stream and not read by the ingest"],
        ),
        (
            {"read": {**each(110), "user": 111}},
            0,
            ["1 records too many: of user in the stream and not read by the ingest"],
        ),
        (
            {"quarantined": {**each(1), "pin": 2}},
            0,
            ["1 records too many: of pin poisonous and not kept apart"],
        ),
        # A dead letter more than records that did not land.
        ({"dead": 3}, 0, ["1 records too many: acknowledged by Kafka, neither landed nor dead letters"]),
    ],
)
def test_what_does_not_agree(changes: dict[str, Any], lost: int, problems: list[str]) -> None:
    found = reckon(BEFORE, replace(AFTER, **changes), ROWS, posts=POSTS, refused=0)
    assert (found.lost, list(found.problems)) == (lost, problems)


@pytest.mark.parametrize("count", ["lines", "read"])
def test_one_entity_does_not_make_up_for_another(count: str) -> None:
    right = getattr(AFTER, count)
    shifted = {**right, "pin": right["pin"] - 3, "geo": right["geo"] + 3}
    found = reckon(BEFORE, replace(AFTER, **{count: shifted}), ROWS, posts=POSTS, refused=0)
    assert found.lost == 3
    assert len(found.problems) == 2


def test_poison_that_is_nowhere_is_lost() -> None:
    after = replace(AFTER, quarantined={**each(2), "geo": 1})
    found = reckon(BEFORE, after, ROWS, posts=POSTS, refused=1)
    assert (found.lost, found.problems) == (1, ("1 records of geo poisonous and not kept apart",))


def test_rows_that_a_table_lacks_are_lost() -> None:
    rows = Rows(kept=58, missing=("pin on the batch path: 2",), doubled=0)
    found = reckon(BEFORE, AFTER, rows, posts=POSTS, refused=0)
    assert found.lost == 2
    assert found.problems == (
        "2 records posted and not in a table",
        "posts that a table lacks: pin on the batch path: 2",
    )


def test_rows_with_one_key_are_doubled() -> None:
    found = reckon(BEFORE, AFTER, Rows(kept=60, missing=(), doubled=4), posts=POSTS, refused=0)
    assert (found.lost, found.doubled, found.problems) == (0, 4, ("4 rows have the key of another",))
