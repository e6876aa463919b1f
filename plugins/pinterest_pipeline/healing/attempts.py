"""What was tried about a component, and how often it may be tried still: a rule without side effects.

A try is noted before it is made, so that one whose task was killed counts as well. One that healed counts,
too, for what is ill again within minutes was not healed. One that is ahead of the clock does not: it was
noted before the clock was set back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict

from pinterest_pipeline.health.records import moment

#: So often is a component treated within the time below, before a person is called; and once within it is one
#: called, however often the component was healthy meanwhile.
MOST_TRIES = 3
WITHIN = timedelta(hours=2)
#: When a person was called, nothing is tried by itself for so long, or until it was healthy.
LEFT_TO_A_PERSON = timedelta(hours=24)
#: Tries that are kept.
KEPT = 100


class Attempt(TypedDict):
    """One try.

    :param at: ISO 8601 time in UTC.
    :param remedy: what was done.
    :param run_id: the run of ``pinterest_heal``.
    :param outcome: ``begun``, ``healed``, ``not healed`` or ``failed``, with the reason.
    """

    at: str
    remedy: str
    run_id: str
    outcome: str


class Treatment(TypedDict):
    """What was tried about a component.

    :param attempts: the last ones, in their order.
    :param called: whether a person was called for its present illness.
    :param called_at: when a person was called last, for whichever illness, ISO 8601; empty when never.
    :param counted_since: tries up to this time do not count, ISO 8601; empty when all do.
    """

    attempts: list[Attempt]
    called: bool
    called_at: str
    counted_since: str


#: Nothing was tried.
EMPTY = Treatment(attempts=[], called=False, called_at="", counted_since="")
#: Outcomes.
BEGUN, HEALED, NOT_HEALED = "begun", "healed", "not healed"
#: What was done in a try that came to no remedy.
CHOOSING = "choose a remedy"


def since(treatment: Treatment, time: str) -> Treatment:
    """The treatment with the tries from a time on.

    :param treatment: what was noted.
    :param time: ISO 8601 time.
    """
    kept = [each for each in treatment["attempts"] if moment(each["at"]) >= moment(time)]
    return {**treatment, "attempts": kept}


def tries_left(treatment: Treatment, now: str) -> int:
    """How often it may still be tried.

    :param treatment: what was noted.
    :param now: ISO 8601 time in UTC.
    """
    tries = [each for each in treatment["attempts"] if moment(each["at"]) <= moment(now)]
    if treatment["called"] and tries and moment(now) - moment(tries[-1]["at"]) <= LEFT_TO_A_PERSON:
        return 0
    counted = [each for each in tries if moment(now) - moment(each["at"]) <= WITHIN]
    asked = treatment["counted_since"]
    if asked and moment(asked) <= moment(now):
        # Times are whole seconds: one of the same second was before.
        counted = [each for each in counted if moment(each["at"]) > moment(asked)]
    return max(0, MOST_TRIES - len(counted))


def called_of_late(treatment: Treatment, now: str) -> bool:
    """Whether a person was called so recently that none is called again.

    :param treatment: what was noted.
    :param now: ISO 8601 time in UTC.
    """
    at = treatment["called_at"]
    return bool(at) and timedelta(0) <= moment(now) - moment(at) <= WITHIN


def asked_for(treatment: Treatment, now: str) -> Treatment:
    """The treatment when a person has asked for it: perhaps the cause was mended, so that it is tried anew.

    :param treatment: what was noted.
    :param now: ISO 8601 time in UTC.
    """
    # One that is ahead of the clock would count once its time has come.
    tries: list[Attempt] = [
        {**each, "at": min(each["at"], now, key=moment)} for each in treatment["attempts"]
    ]
    return {"attempts": tries, "called": False, "called_at": "", "counted_since": now}


def called(treatment: Treatment, at: str) -> Treatment:
    """The treatment when a person was called.

    :param treatment: what was noted.
    :param at: ISO 8601 time in UTC.
    """
    return {**treatment, "called": True, "called_at": at}


def recovered(treatment: Treatment) -> Treatment:
    """The treatment of a component that is healthy again: a person is called for its next illness, but not
    at once after a call.

    :param treatment: what was noted.
    """
    tries = treatment["attempts"]
    if tries and tries[-1]["outcome"] == BEGUN:
        tries = ended(treatment, HEALED)["attempts"]
    return {**treatment, "attempts": tries, "called": False}


def begun(treatment: Treatment, *, at: str, remedy: str, run_id: str) -> Treatment:
    """The treatment with one more try.

    :param treatment: what was noted.
    :param at: ISO 8601 time in UTC.
    :param remedy: what is done.
    :param run_id: the run.
    """
    attempt = Attempt(at=at, remedy=remedy, run_id=run_id, outcome=BEGUN)
    return {**treatment, "attempts": [*treatment["attempts"], attempt][-KEPT:]}


def ended(treatment: Treatment, outcome: str) -> Treatment:
    """The treatment with the outcome of its last try.

    :param treatment: with at least one try.
    :param outcome: see :class:`Attempt`.
    """
    *others, last = treatment["attempts"]
    return {**treatment, "attempts": [*others, {**last, "outcome": outcome}]}


def in_vain(treatment: Treatment, outcome: str, *, at: str, run_id: str) -> Treatment:
    """The treatment with one more try, which came to no remedy.

    :param treatment: what was noted.
    :param outcome: see :class:`Attempt`.
    :param at: ISO 8601 time in UTC.
    :param run_id: the run.
    """
    return ended(begun(treatment, at=at, remedy=CHOOSING, run_id=run_id), outcome)


def parse_treatment(document: Any) -> Treatment:
    """A treatment from its JSON document; one that is malformed is as good as none.

    :param document: of ``health/healing/<component>.json``.
    """
    try:
        attempts = [
            Attempt(
                at=moment(each["at"]).isoformat(timespec="seconds"),
                remedy=str(each["remedy"]),
                run_id=str(each["run_id"]),
                outcome=str(each["outcome"]),
            )
            for each in document["attempts"]
        ]
        called_at, counted_since = (
            moment(document[name]).isoformat() if document.get(name) else ""
            for name in ("called_at", "counted_since")
        )
        return Treatment(
            attempts=attempts,
            called=bool(document["called"]),
            called_at=called_at,
            counted_since=counted_since,
        )
    except (KeyError, TypeError, ValueError):
        return EMPTY


def told(treatment: Treatment) -> str:
    """What was tried, in one sentence; empty without a try.

    :param treatment: with the tries that are told.
    """
    return "; ".join(f"{each['at']}: {each['remedy']}: {each['outcome']}" for each in treatment["attempts"])
