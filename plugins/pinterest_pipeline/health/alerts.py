"""Of which changes people are told: each once, those of a run together, and not twice of one cause.

A component that flaps is not told of each time, and one that needs another that is ill not beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypedDict

from pinterest_pipeline.health.components import COMPONENTS, all_needs
from pinterest_pipeline.health.findings import Status
from pinterest_pipeline.health.records import Record, State, moment

#: This many changes within this time are a flapping component.
FLAPPING_CHANGES = 6
FLAPPING_WITHIN = timedelta(hours=1)
#: How long it must keep one state before it is told of again.
STEADY_AFTER = timedelta(minutes=30)


class Told(TypedDict):
    """What people know of a component.

    :param status: the state that they were told last.
    :param changes: times of its changes within the last hour, ISO 8601.
    :param flapping: whether they were told that it flaps, and not yet that it has ended.
    """

    status: str
    changes: list[str]
    flapping: bool


class Alert(NamedTuple):
    """One component in a message.

    :param component: its name.
    :param status: its state now.
    :param text: what is said of it.
    """

    component: str
    status: str
    text: str


def decide(record: Record, told: Mapping[str, Told]) -> tuple[list[Alert], dict[str, Told]]:
    """What is to be told now.

    :param record: the record of this run.
    :param told: component to what people know; without an entry they take it for healthy.
    :returns: what is to be told, and what people know then. The second is to be kept even if nothing is told.
    """
    alerts: list[Alert] = []
    known: dict[str, Told] = {}
    # What needs one that was ill a moment ago has an interval to come back.
    ill = {name for name, state in record["components"].items() if _ill(state)}
    ill |= {change["component"] for change in record["changes"] if change["before"] is not None}
    changed = {change["component"]: change for change in record["changes"]}
    for name, state in record["components"].items():
        before: Told = told.get(name) or Told(status=Status.HEALTHY, changes=[], flapping=False)
        now = moment(state["checked_at"])
        changes = [at for at in before["changes"] if timedelta(0) <= now - moment(at) < FLAPPING_WITHIN]
        if name in changed and changed[name]["at"] not in changes:
            changes.append(changed[name]["at"])
        if all_needs(name) & ill:
            # Told of when what it needs is healthy again, if it then still is as it is.
            known[name] = Told(status=before["status"], changes=changes, flapping=before["flapping"])
            continue
        text, after = _decide(name, state, before, changes, now)
        if text:
            alerts.append(Alert(name, state["status"], text))
        known[name] = after
    return alerts, known


def _decide(name: str, state: State, before: Told, changes: list[str], now: datetime) -> tuple[str, Told]:
    label = COMPONENTS[name].label if name in COMPONENTS else name
    status = state["status"]
    if before["flapping"]:
        if changes and now - moment(changes[-1]) < STEADY_AFTER:
            return "", {**before, "changes": changes}
        text = f"{label} no longer flaps: it is {status} since {state['since']}: {state['sentence']}"
        return text, Told(status=status, changes=changes, flapping=False)
    if status == before["status"]:
        return "", {**before, "changes": changes}
    if status == Status.UNKNOWN and state["since"] == state["checked_at"]:
        # A single look that failed is no news; two in a row are.
        return "", {**before, "changes": changes}
    if len(changes) >= FLAPPING_CHANGES:
        text = (
            f"{label} flaps, with {len(changes)} changes within {FLAPPING_WITHIN}. Now it is {status}: "
            f"{state['sentence']}. "
            f"The next message comes when it has been steady for {STEADY_AFTER}"
        )
        return text, Told(status=status, changes=changes, flapping=True)
    text = f"{label} is {status} since {state['since']} (was {before['status']}): {state['sentence']}"
    return text, Told(status=status, changes=changes, flapping=False)


def message(
    alerts: list[Alert], record: Record, *, tried: Mapping[str, str] | None = None, docs: str = "docs"
) -> tuple[str, str]:
    """Subject and text of the message.

    :param alerts: at least one.
    :param record: the record of this run.
    :param tried: component to what was done about it by itself.
    :param docs: where the runbooks are.
    """
    bad = [alert for alert in alerts if alert.status != Status.HEALTHY]
    named = ", ".join(_label(alert) for alert in (bad or alerts))
    subject = f"Pinterest pipeline: {named} {_verb(bad or alerts)}"
    lines = []
    for alert in alerts:
        lines.append(f"- {alert.text}.")
        if done := (tried or {}).get(alert.component):
            lines.append(f"  Tried: {done}")
        if alert.status != Status.HEALTHY and alert.component in COMPONENTS:
            lines.append(f"  What to do: {docs}/{COMPONENTS[alert.component].runbook}")
    lines += ["", *_others(record, {alert.component for alert in alerts})]
    lines.append(f"Looked at {record['checked_at']}, run {record['run_id']} of pinterest_health.")
    # SNS takes a subject of 100 characters of ASCII at most.
    short = subject if len(subject) <= 100 else f"{subject[:97]}..."
    return short.encode("ascii", "replace").decode(), "\n".join(lines)


def _others(record: Record, told: set[str]) -> list[str]:
    """What else is not healthy: a consequence of what it needs, a single look that failed, or told before."""
    ill = {name for name, state in record["components"].items() if state["status"] != Status.HEALTHY}
    groups: dict[str, list[str]] = {}
    for name, state in record["components"].items():
        if name in ill - told:
            if all_needs(name) & ill:
                why = "As a consequence"
            else:
                why = "As told before" if _ill(state) else "Not known this time"
            groups.setdefault(why, []).append(f"{_name(name)} {state['status']}")
    return [f"{why}: {', '.join(named)}." for why, named in groups.items()] or ["All else is healthy."]


def parse_told(document: Any) -> dict[str, Told]:
    """What people know, from its JSON document; what is malformed is left out.

    :param document: of ``health/told.json``.
    """
    found: dict[str, Told] = {}
    for name, entry in document.items() if isinstance(document, dict) else ():
        try:
            changes = [at for at in entry["changes"] if moment(at)]
            status = str(Status(entry["status"]))
            found[name] = Told(status=status, changes=changes, flapping=bool(entry["flapping"]))
        except (KeyError, TypeError, ValueError):
            continue
    return found


def _ill(state: State) -> bool:
    # A single look that failed says nothing of what needs it.
    return state["status"] in (Status.DOWN, Status.DEGRADED) or (
        state["status"] == Status.UNKNOWN and state["since"] != state["checked_at"]
    )


def _label(alert: Alert) -> str:
    return _name(alert.component)


def _name(component: str) -> str:
    return COMPONENTS[component].label if component in COMPONENTS else component


def _verb(alerts: list[Alert]) -> str:
    statuses = {alert.status for alert in alerts}
    return statuses.pop() if len(statuses) == 1 else "changed"
