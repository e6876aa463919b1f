"""The record of a health run: the state of each component at one time, and what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime
from typing import Any, TypedDict

from pinterest_pipeline.health.findings import Figure, Finding, Status

#: Of the documents in S3.
VERSION = 1


class State(TypedDict):
    """The state of a component.

    :param status: a :class:`Status`.
    :param sentence: why.
    :param figures: name to ``value`` and ``unit``.
    :param since: ISO 8601 time in UTC from which on it was found in this state.
    :param checked_at: when it was looked at.
    :param seconds: how long that took.
    :param memory: what the next check is given.
    :param news: whether it tells of something that the next look will not see any more.
    """

    status: str
    sentence: str
    figures: dict[str, dict[str, Any]]
    since: str
    checked_at: str
    seconds: float
    memory: dict[str, Any]
    news: bool


class Change(TypedDict):
    """A component's change of state.

    :param component: its name.
    :param before: its state before; ``None`` when it was never looked at.
    :param after: its state now.
    :param at: when that was found.
    :param before_since: since when it had been in the state before.
    :param sentence: why it is in the present one.
    """

    component: str
    before: str | None
    after: str
    at: str
    before_since: str | None
    sentence: str


class Run(TypedDict):
    """What names a record.

    :param checked_at: ISO 8601 time in UTC.
    :param run_id: the run of the DAG.
    """

    checked_at: str
    run_id: str


class Record(TypedDict):
    """All components at one time.

    :param version: of this form.
    :param checked_at: ISO 8601 time in UTC.
    :param run_id: the run of the DAG.
    :param follows: the record before; ``None`` when there is none that could be read.
    :param components: name to state.
    :param changes: since the record before.
    :param notes: what the run itself has met, such as a record that could not be read.
    """

    version: int
    checked_at: str
    run_id: str
    follows: Run | None
    components: dict[str, State]
    changes: list[Change]
    notes: list[str]


class Malformed(ValueError):
    """A document is no record."""


def make_state(found: Finding, *, checked_at: str, seconds: float) -> State:
    """The state that a finding says, as if it were new.

    :param found: the finding.
    :param checked_at: ISO 8601 time in UTC.
    :param seconds: how long the look has taken.
    """
    return {
        "status": str(found.status),
        "sentence": found.sentence,
        "figures": {name: _figure(value) for name, value in found.figures.items()},
        "since": checked_at,
        "checked_at": checked_at,
        "seconds": round(seconds, 3),
        "memory": dict(found.memory),
        "news": found.news,
    }


def make_record(
    found: Mapping[str, State],
    before: Record | None,
    *,
    checked_at: str,
    run_id: str,
    notes: Iterable[str] = (),
) -> Record:
    """The record of a run: a state that goes on keeps its time, one that is new is a change.

    :param found: component to its state, as :func:`make_state` gave it.
    :param before: the latest record, if there is one.
    :param checked_at: ISO 8601 time in UTC.
    :param run_id: the run.
    :param notes: what the run has met.
    """
    known = before["components"] if before else {}
    components: dict[str, State] = {}
    changes: list[Change] = []
    for name, state in found.items():
        last = known.get(name)
        if last is not None and last["status"] == state["status"]:
            # A clock that was set back must not make a state older than it can be.
            kept = state.copy()
            kept["since"] = min(last["since"], state["since"], key=moment)
            components[name] = _with_memory(kept, last)
            continue
        components[name] = _with_memory(state, last)
        if last is not None or state["status"] != Status.HEALTHY:
            changes.append(
                Change(
                    component=name,
                    before=last["status"] if last else None,
                    after=state["status"],
                    at=state["checked_at"],
                    before_since=last["since"] if last else None,
                    sentence=state["sentence"],
                )
            )
    return {
        "version": VERSION,
        "checked_at": checked_at,
        "run_id": run_id,
        "follows": Run(checked_at=before["checked_at"], run_id=before["run_id"]) if before else None,
        "components": components,
        "changes": changes,
        "notes": list(notes),
    }


def parse_record(document: Any) -> Record:
    """A record from its JSON document.

    :raises Malformed: saying what is wrong.
    """
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise Malformed(f"it is no record of version {VERSION}")
    components, changes, notes = (document.get(name) for name in ("components", "changes", "notes"))
    if not isinstance(components, dict):
        raise Malformed("components are no object")
    for name, state in components.items():
        _check_state(f"component {name}", state)
    if not isinstance(changes, list) or not isinstance(notes, list):
        raise Malformed("changes or notes are no list")
    for change in changes:
        _check_change(change)
    _check_run("it", document)
    if (follows := document.get("follows")) is not None:
        _check_run("the record before", follows)
    return {
        "version": VERSION,
        "checked_at": document["checked_at"],
        "run_id": document["run_id"],
        "follows": follows,
        "components": components,
        "changes": changes,
        "notes": notes,
    }


def moment(text: str) -> datetime:
    """A time in a record.

    :param text: ISO 8601; without an offset it is UTC.
    :raises ValueError: when it is none.
    """
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _check_state(what: str, state: Any) -> None:
    _check_members(what, state, State.__required_keys__)
    _check_status(what, state["status"])
    _check_time(what, state, "since")
    _check_time(what, state, "checked_at")
    figures = state["figures"]
    if not isinstance(state["memory"], dict) or not isinstance(figures, dict):
        raise Malformed(f"{what} has figures or memory that are no objects")
    for name, figure in figures.items():
        _check_members(f"figure {name} of {what}", figure, {"value", "unit"})
    if not isinstance(state["sentence"], str):
        raise Malformed(f"{what} has the sentence {state['sentence']!r}")


def _check_change(change: Any) -> None:
    _check_members("a change", change, Change.__required_keys__)
    what = f"the change of {change['component']}"
    if not isinstance(change["component"], str):
        raise Malformed(f"{what} names no component")
    if change["before"] is not None:
        _check_status(what, change["before"])
    _check_status(what, change["after"])
    _check_time(what, change, "at")


def _check_run(what: str, run: Any) -> None:
    _check_members(what, run, Run.__required_keys__)
    if not isinstance(run["run_id"], str):
        raise Malformed(f"{what} has run_id {run['run_id']!r}")
    _check_time(what, run, "checked_at")


def _check_members(what: str, found: Any, wanted: Set[str]) -> None:
    if not isinstance(found, dict):
        raise Malformed(f"{what} is no object")
    if lacking := wanted - found.keys():
        raise Malformed(f"{what} has no {', '.join(sorted(lacking))}")


def _check_status(what: str, status: Any) -> None:
    # A list of them: what is read may be of a type that no set takes.
    if status not in list(Status):
        raise Malformed(f"{what} has the unknown status {status!r}")


def _check_time(what: str, found: Mapping[str, Any], field: str) -> None:
    try:
        moment(found[field])
    except (TypeError, ValueError) as error:
        raise Malformed(f"{what} has {field} {found[field]!r}") from error


def _with_memory(state: State, last: State | None) -> State:
    """What could not be looked at keeps what the look before has kept."""
    if state["memory"] or last is None:
        return state
    kept = state.copy()
    kept["memory"] = last["memory"]
    return kept


def _figure(figure: Figure) -> dict[str, Any]:
    return {"value": figure.value, "unit": figure.unit}
