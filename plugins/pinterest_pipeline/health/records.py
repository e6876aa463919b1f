"""The record of a health run: the state of each component at one time, and what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


class Record(TypedDict):
    """All components at one time.

    :param version: of this form.
    :param checked_at: ISO 8601 time in UTC.
    :param run_id: the run of the DAG.
    :param components: name to state.
    :param changes: since the record before.
    :param notes: what the run itself has met, such as a record that could not be read.
    """

    version: int
    checked_at: str
    run_id: str
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
    components = document.get("components")
    if not isinstance(components, dict):
        raise Malformed("components are no object")
    for name, state in components.items():
        if not isinstance(state, dict):
            raise Malformed(f"component {name} is no object")
        if lacking := State.__required_keys__ - state.keys():
            raise Malformed(f"component {name} has no {', '.join(sorted(lacking))}")
        if state["status"] not in set(Status):
            raise Malformed(f"component {name} has the unknown status {state['status']!r}")
        if not isinstance(state["memory"], dict) or not isinstance(state["figures"], dict):
            raise Malformed(f"component {name} has figures or memory that are no objects")
        for field in ("since", "checked_at"):
            try:
                moment(state[field])
            except (TypeError, ValueError) as error:
                raise Malformed(f"component {name} has {field} {state[field]!r}") from error
    return {
        "version": VERSION,
        "checked_at": str(document.get("checked_at", "")),
        "run_id": str(document.get("run_id", "")),
        "components": components,
        "changes": list(document.get("changes") or []),
        "notes": list(document.get("notes") or []),
    }


def moment(text: str) -> datetime:
    """A time in a record.

    :param text: ISO 8601; without an offset it is UTC.
    :raises ValueError: when it is none.
    """
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _with_memory(state: State, last: State | None) -> State:
    """What could not be looked at keeps what the look before has kept."""
    if state["memory"] or last is None:
        return state
    kept = state.copy()
    kept["memory"] = last["memory"]
    return kept


def _figure(figure: Figure) -> dict[str, Any]:
    return {"value": figure.value, "unit": figure.unit}
