"""The order of things in a breakage, with everything around it replaced."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_sandbox.airflow.client import RunFailed
from pinterest_sandbox.drill import performing
from pinterest_sandbox.drill.breakages import Breakage
from pinterest_sandbox.drill.looks import NotSeen, Seen
from pinterest_sandbox.drill.mailbox import Letter
from pinterest_sandbox.drill.performing import Outcome, perform
from pinterest_sandbox.drill.stage import Strike
from pinterest_sandbox.drill.stock import Rows, Stock

KEYS = range(100, 110)
DOWN = Letter("1", "Pinterest pipeline: API down", "")
HEALTHY = Letter("2", "Pinterest pipeline: API healthy", "")
OTHER = Letter("2", "Pinterest pipeline: Databricks healthy", "")
UNHEALED = Letter("2", "Pinterest pipeline: API could not be healed", "")
NOTHING = dict.fromkeys(("pin", "geo", "user"), 0)
EMPTY = Stock(
    acknowledged=NOTHING, dead=0, lines=NOTHING, streamed=NOTHING, read=NOTHING, quarantined=NOTHING
)


class Theatre:
    """Stage, looks and mailbox in one, and the story of what was done.

    :param states: of the component ``api``, look by look.
    :param letters: that come in all.
    """

    def __init__(self, *states: str, letters: tuple[Letter, ...] = (DOWN, HEALTHY)) -> None:
        self.story: list[str] = []
        self.config = self.airflow = self
        self.burst = "burst"
        self.strike: Strike | None = None
        #: The clock, which each look moves on by 10 seconds.
        self.now = 1000.0
        self._states, self._letters = list(states), letters
        self._asked = 0

    def look(self) -> Seen:
        state = self._states.pop(0)
        self.story.append(f"look: {state}")
        self.now += 10
        return Seen(self.now, {"api": {"status": state, "sentence": "so"}})

    def until(self, wanted: Any, *, what: str, limit: float) -> Seen:
        while self._states:
            seen = self.look()
            if wanted(seen):
                return seen
        raise NotSeen(f"{what}: not seen")

    def until_healthy(self, limit: float) -> Seen:
        return self.until(lambda seen: not seen.ill(), what="healthy", limit=limit)

    def forget(self) -> None:
        self.story.append("forget")

    def received(self) -> list[Letter]:
        self._asked += 1
        return list(self._letters) if self._asked == 2 else [Letter("0", "old", "")]

    def begin_burst(self, keys: range, rate: int) -> None:
        self.story.append(f"burst of {keys}")

    def break_it(self, *, in_burst: bool = True) -> None:
        self.story.append("strike")
        self.strike = Strike(self.now, in_burst)

    def finish_begun(self) -> None:
        self.story.append("what was begun ends")

    def wait_for_no_runs(self, dag_id: str) -> None:
        self.story.append(f"no {dag_id}")

    def trigger(self, dag_id: str, conf: Any) -> str:
        return "run"

    def finish(self, dag_id: str, run_id: str) -> None:
        self.story.append(f"{dag_id} ends")

    def clean_up(self) -> None:
        self.story.append("clean up")


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the burst's rows is counted."""
    monkeypatch.setattr(performing, "take_stock", lambda config: EMPTY)
    monkeypatch.setattr(performing, "count_rows", lambda config, keys: Rows(6 * len(keys), (), 0))


def played(theatre: Any, **changes: Any) -> Outcome:
    breakage = Breakage(
        **{
            "name": "api",
            "title": "the API",
            "component": "api",
            "label": "API",
            "strike": lambda stage: stage.break_it(),
            "mend": lambda stage: stage.story.append("mend"),
            "undo": lambda stage: stage.story.append("undo"),
            "healer": "nobody",
            **changes,
        }
    )
    return perform(theatre, theatre, theatre, breakage, keys=KEYS, rate=10)


def test_a_breakage_that_is_seen_mended_and_told_of() -> None:
    theatre = Theatre("healthy", "healthy", "down", "down", "healthy", "healthy")
    outcome = played(theatre)
    assert theatre.story == [
        "forget",
        "look: healthy",
        "burst of range(100, 110)",
        "strike",
        "look: healthy",
        "look: down",
        "mend",
        "look: down",
        "look: healthy",
        "what was begun ends",
        "no pinterest_heal",
        "undo",
        "no pinterest_daily_batch",
        "no pinterest_stream_ingest",
        "pinterest_daily_batch ends",
        "pinterest_stream_ingest ends",
        "look: healthy",
        "clean up",
    ]
    assert outcome.problems == []
    assert outcome.letters == [DOWN, HEALTHY]
    assert (outcome.sent, outcome.kept, outcome.lost) == (60, 60, 0)
    # The second and the fourth look after it.
    assert (outcome.detected_s, outcome.healed_s) == (20, 40)


def test_what_breaks_behind_the_burst_is_a_problem() -> None:
    theatre = Theatre("healthy", "down", "healthy", "healthy")
    outcome = played(theatre, strike=lambda stage: stage.break_it(in_burst=False))
    assert outcome.problems == ["the burst had come to its end before it was broken"]


def test_a_strike_that_breaks_nothing_is_a_problem() -> None:
    outcome = played(Theatre("healthy"), strike=lambda stage: None)
    assert outcome.problems == ["NotSeen: nothing was broken"]


def test_what_is_seen_after_more_than_an_interval_is_a_problem() -> None:
    theatre = Theatre("healthy", *["healthy"] * 30, "down", "healthy", "healthy")
    assert played(theatre).problems == ["seen after 310 s, more than one interval"]


@pytest.mark.parametrize(
    "letters",
    [(), (DOWN,), (DOWN, DOWN, HEALTHY), (DOWN, DOWN), (HEALTHY, DOWN), (DOWN, OTHER), (DOWN, UNHEALED)],
)
def test_other_messages_are_a_problem(letters: tuple[Letter, ...]) -> None:
    theatre = Theatre("healthy", "down", "healthy", "healthy", letters=letters)
    (problem,) = played(theatre).problems
    assert problem.startswith(f"2 messages were expected of API, {len(letters)} came")


def test_a_look_that_only_failed_has_not_seen_it() -> None:
    theatre = Theatre("healthy", "unknown", "degraded", "healthy", "healthy")
    assert played(theatre).problems == []
    assert theatre.story.index("look: degraded") < theatre.story.index("mend")


def test_where_nothing_is_ill_nobody_is_told() -> None:
    assert played(Theatre("healthy", "healthy", "healthy", letters=()), component=None).problems == []
    (problem,) = played(Theatre("healthy", "healthy", "healthy"), component=None).problems
    assert problem.startswith("0 messages were expected, 2 came: Pinterest pipeline: API down; ")


def test_what_breaks_in_airflow_is_seen_when_airflow_says_so_and_mended_behind_that() -> None:
    def say(stage: Any) -> float:
        stage.story.append("airflow says so")
        return float(stage.now + 31)

    theatre = Theatre("healthy", "healthy", "healthy", letters=())
    outcome = played(theatre, component=None, airflow_says=say)
    assert (outcome.problems, outcome.detected_s, outcome.healed_s) == ([], 31, 10)
    assert theatre.story[3:6] == ["strike", "airflow says so", "mend"]


def test_what_airflow_says_too_late_is_a_problem() -> None:
    theatre = Theatre("healthy", "healthy", "healthy", letters=())
    outcome = played(theatre, component=None, airflow_says=lambda stage: stage.now + 301)
    assert outcome.problems == ["seen after 301 s, more than one interval"]


def test_what_is_not_seen_is_a_problem_and_cleaned_up() -> None:
    theatre = Theatre("healthy", "healthy")
    outcome = played(theatre)
    assert outcome.problems == ["NotSeen: api ill: not seen"]
    assert theatre.story[-7:-4] == ["clean up", "undo", "no pinterest_emulate_posts"]
    assert theatre.story[-1] == "clean up"
    assert (outcome.lost, outcome.doubled) == (None, None)


def test_a_run_that_fails_is_a_problem_and_cleaned_up() -> None:
    def strike(stage: Any) -> None:
        raise RunFailed("the burst failed")

    theatre = Theatre("healthy")
    assert played(theatre, strike=strike).problems == ["RunFailed: the burst failed"]
    assert theatre.story[-1] == "clean up"


def test_what_gets_ill_again_is_a_problem() -> None:
    outcome = played(Theatre("healthy", "down", "healthy", "down"))
    assert outcome.problems == ["NotSeen: all was healthy, and is no longer: {'api': 'down: so'}"]


def test_what_the_last_look_did_not_find_out_is_looked_at_again() -> None:
    assert played(Theatre("healthy", "down", "healthy", "unknown", "unknown", "healthy")).problems == []
    for last in ("degraded", "unknown"):
        outcome = played(Theatre("healthy", "down", "healthy", "unknown", "unknown", last))
        assert outcome.problems == [f"NotSeen: all was healthy, and is no longer: {{'api': '{last}: so'}}"]


def test_an_error_that_nobody_has_foreseen_ends_this_breakage_alone() -> None:
    def strike(stage: Any) -> None:
        raise KeyError("pid")

    assert played(Theatre("healthy"), strike=strike).problems == ["KeyError: 'pid'"]
