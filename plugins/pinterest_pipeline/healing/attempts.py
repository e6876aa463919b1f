"""What was tried about a component, in ``health/healing/<component>.json``.

A try is noted before it is made, so that one whose task was killed counts as well.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict

from pinterest_pipeline.health.records import moment

FOLDER = "health/healing"
#: So often is an illness treated before a person is called.
MOST_TRIES = 3
#: Tries of an illness that went on longer ago than this do not count any more.
FORGOTTEN_AFTER = timedelta(hours=24)


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
    """What was tried about one illness of a component.

    :param attempts: in their order.
    :param called: whether a person was called.
    """

    attempts: list[Attempt]
    called: bool


#: Nothing was tried.
EMPTY = Treatment(attempts=[], called=False)
#: Outcomes.
BEGUN, HEALED, NOT_HEALED = "begun", "healed", "not healed"


def key(component: str) -> str:
    """Key of the object that holds the treatment of a component.

    :param component: its name.
    """
    return f"{FOLDER}/{component}.json"


def current(found: Treatment, now: str) -> Treatment:
    """The treatment of the present illness; empty when it is a new one.

    :param found: what was noted last.
    :param now: ISO 8601 time in UTC.
    """
    if not found["attempts"]:
        return EMPTY
    last = found["attempts"][-1]
    if last["outcome"] == HEALED or moment(now) - moment(last["at"]) > FORGOTTEN_AFTER:
        return EMPTY
    return found


def recent(treatment: Treatment, now: str) -> Treatment:
    """The treatment with the tries of the last day alone, also of an illness that is over.

    :param treatment: what was noted last.
    :param now: ISO 8601 time in UTC.
    """
    kept = [each for each in treatment["attempts"] if moment(now) - moment(each["at"]) <= FORGOTTEN_AFTER]
    return Treatment(attempts=kept, called=treatment["called"])


def tries_left(treatment: Treatment) -> int:
    """How often it may still be tried.

    :param treatment: of the present illness.
    """
    return max(0, MOST_TRIES - len(treatment["attempts"]))


def begun(treatment: Treatment, *, at: str, remedy: str, run_id: str) -> Treatment:
    """The treatment with one more try.

    :param treatment: of the present illness.
    :param at: ISO 8601 time in UTC.
    :param remedy: what is done.
    :param run_id: the run.
    """
    attempt = Attempt(at=at, remedy=remedy, run_id=run_id, outcome=BEGUN)
    return Treatment(attempts=[*treatment["attempts"], attempt], called=treatment["called"])


def ended(treatment: Treatment, outcome: str) -> Treatment:
    """The treatment with the outcome of its last try.

    :param treatment: with at least one try.
    :param outcome: see :class:`Attempt`.
    """
    *others, last = treatment["attempts"]
    return Treatment(attempts=[*others, {**last, "outcome": outcome}], called=treatment["called"])


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
        return Treatment(attempts=attempts, called=bool(document["called"]))
    except (KeyError, TypeError, ValueError):
        return EMPTY


def told(treatment: Treatment) -> str:
    """What was tried, in one sentence; empty without a try.

    :param treatment: of the present illness.
    """
    return "; ".join(f"{each['at']}: {each['remedy']}: {each['outcome']}" for each in treatment["attempts"])
