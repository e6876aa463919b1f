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
    return attempts.Treatment(attempts=made["attempts"], called=called)


def test_an_illness_is_treated_three_times() -> None:
    found = attempts.EMPTY
    left = []
    for _ in range(4):
        left.append(attempts.tries_left(found))
        found = attempts.begun(found, at=AT, remedy="restart", run_id="run")
    assert left == [3, 2, 1, 0]


def test_a_try_that_was_begun_and_never_ended_counts() -> None:
    found = attempts.begun(attempts.EMPTY, at=AT, remedy="restart", run_id="run")
    assert attempts.tries_left(attempts.current(found, AT)) == 2


def test_after_it_was_healed_an_illness_is_a_new_one() -> None:
    assert attempts.current(treated("not healed", "healed", called=True), AT) == attempts.EMPTY
    ill = treated("healed", "not healed: it is down")
    assert attempts.current(ill, AT) == ill


@pytest.mark.parametrize(
    ("later", "forgotten"), [(timedelta(hours=24), False), (timedelta(hours=24, seconds=1), True)]
)
def test_after_a_day_it_is_tried_anew(later: timedelta, forgotten: bool) -> None:
    found = treated("not healed", "not healed", "not healed", called=True)
    now = (NOON + later).isoformat()
    assert attempts.current(found, now) == (attempts.EMPTY if forgotten else found)


def test_a_treatment_survives_its_way_through_json() -> None:
    found = treated("failed: no", "healed", called=True)
    assert attempts.parse_treatment(json.loads(json.dumps(found))) == found


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"attempts": 1, "called": False}, {"attempts": [{"at": "noon"}], "called": False}, "x"],
)
def test_what_is_malformed_is_as_good_as_none(document: Any) -> None:
    assert attempts.parse_treatment(document) == attempts.EMPTY


def test_what_was_tried_is_told_in_one_sentence() -> None:
    assert attempts.told(treated("failed: no", "healed")) == (
        "2026-03-01T12:00:00+00:00: restart: failed: no; 2026-03-01T12:00:00+00:00: restart: healed"
    )
    assert attempts.told(attempts.EMPTY) == ""
