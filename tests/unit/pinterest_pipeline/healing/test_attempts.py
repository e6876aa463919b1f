"""How often one illness is treated, and what counts as the same one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline.healing import attempts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = NOON.isoformat()


def treated(*outcomes: str, called: bool = False) -> attempts.Treatment:
    made = attempts.EMPTY
    for outcome in outcomes:
        made = attempts.ended(attempts.begun(made, at=AT, remedy="restart", run_id="run"), outcome)
    return attempts.called(made, AT) if called else made


def later(**time: float) -> str:
    return (NOON + timedelta(**time)).isoformat()


def test_it_is_tried_three_times() -> None:
    found = attempts.EMPTY
    left = []
    for _ in range(4):
        left.append(attempts.tries_left(found, AT))
        found = attempts.begun(found, at=AT, remedy="restart", run_id="run")
    assert left == [3, 2, 1, 0]


@pytest.mark.parametrize("outcome", ["begun", "healed", "not healed: no", "failed: no"])
def test_each_try_of_the_last_two_hours_counts_whatever_came_of_it(outcome: str) -> None:
    found = treated(outcome)
    assert attempts.tries_left(found, later(hours=2)) == 2
    assert attempts.tries_left(found, later(hours=2, seconds=1)) == 3


def test_what_is_ahead_of_the_clock_does_not_count() -> None:
    """It was set back: to wait until that time comes again would be to heal nothing until then."""
    found = treated("not healed", "not healed", "not healed", called=True)
    assert attempts.tries_left(found, later(hours=-5)) == 3
    assert not attempts.called_of_late(found, later(hours=-5))
    again = attempts.begun(found, at=later(hours=-5), remedy="restart", run_id="run")
    assert attempts.tries_left({**again, "called": False}, later(hours=-5)) == 2


def test_what_was_asked_for_ahead_of_the_clock_does_not_free_all_tries() -> None:
    asked = attempts.asked_for(attempts.EMPTY, later(hours=5))
    tries = treated("healed", "healed", "healed")["attempts"]
    assert attempts.tries_left({**asked, "attempts": tries}, AT) == 0


def test_what_is_asked_for_is_tried_whatever_is_ahead_of_the_clock() -> None:
    found = attempts.asked_for(treated("healed", "healed", "healed", called=True), later(hours=-5))
    assert attempts.tries_left(found, later(hours=-5)) == 3
    # They do not come back when their time has come.
    assert attempts.tries_left(found, AT) == 3


def test_what_is_left_to_a_person_is_so_for_a_day() -> None:
    found = treated("not healed", "not healed", "not healed", called=True)
    assert attempts.tries_left(found, later(hours=24)) == 0
    assert attempts.tries_left(found, later(hours=24, seconds=1)) == 3


def test_after_it_was_healthy_it_is_tried_anew_and_a_person_called_anew() -> None:
    found = attempts.recovered(treated("not healed", "not healed", "not healed", called=True))
    assert found["called"] is False
    # Within two hours there is no further try, nor a call: somebody knows of it.
    assert attempts.tries_left(found, later(hours=1)) == 0
    assert attempts.called_of_late(found, later(hours=2))
    assert not attempts.called_of_late(found, later(hours=2, seconds=1))
    assert attempts.tries_left(found, later(hours=3)) == 3
    assert [each["outcome"] for each in found["attempts"]] == ["not healed"] * 3


def test_what_a_person_asks_for_is_tried_anew() -> None:
    found = attempts.asked_for(
        treated("not healed", "not healed", "not healed", called=True), later(minutes=1)
    )
    assert found["called"] is False
    assert not attempts.called_of_late(found, later(minutes=1))
    assert attempts.tries_left(found, later(minutes=1)) == 3
    again = attempts.begun(found, at=later(minutes=2), remedy="restart", run_id="run")
    assert attempts.tries_left(again, later(minutes=3)) == 2


def test_a_try_whose_end_nobody_saw_has_healed_what_is_healthy() -> None:
    begun = attempts.begun(treated("not healed"), at=AT, remedy="restart", run_id="run")
    assert [each["outcome"] for each in attempts.recovered(begun)["attempts"]] == ["not healed", "healed"]
    assert attempts.recovered(attempts.EMPTY) == attempts.EMPTY


def test_the_last_hundred_tries_are_kept() -> None:
    found = attempts.EMPTY
    for number in range(103):
        found = attempts.begun(found, at=AT, remedy=f"try {number}", run_id="run")
    assert [each["remedy"] for each in found["attempts"]] == [f"try {number}" for number in range(3, 103)]


def test_tries_from_a_time_on() -> None:
    found = attempts.begun(treated("healed"), at=later(minutes=1), remedy="again", run_id="run")
    assert [each["remedy"] for each in attempts.since(found, AT)["attempts"]] == ["restart", "again"]
    assert [each["remedy"] for each in attempts.since(found, later(seconds=1))["attempts"]] == ["again"]


def test_a_treatment_survives_its_way_through_json() -> None:
    found = treated("failed: no", "healed", called=True)
    assert attempts.parse_treatment(json.loads(json.dumps(found))) == found


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        "x",
        {**attempts.EMPTY, "attempts": 1},
        {**attempts.EMPTY, "attempts": [{"at": "noon"}]},
        {**attempts.EMPTY, "counted_since": "noon"},
        {**attempts.EMPTY, "called_at": "noon"},
    ],
)
def test_what_is_malformed_is_as_good_as_none(document: Any) -> None:
    assert attempts.parse_treatment(document) == attempts.EMPTY


def test_what_was_tried_is_told_in_one_sentence() -> None:
    assert attempts.told(treated("failed: no", "healed")) == (
        "2026-03-01T12:00:00+00:00: restart: failed: no; 2026-03-01T12:00:00+00:00: restart: healed"
    )
    assert attempts.told(attempts.EMPTY) == ""
