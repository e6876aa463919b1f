"""Of which changes people are told: each once, those of a run together, and not twice of one cause.

A component that flaps is not told of each time, and one that suffers from another not beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypedDict

from pinterest_pipeline.health.components import COMPONENTS, all_needs
from pinterest_pipeline.health.findings import Status
from pinterest_pipeline.health.records import Change, Record, State, moment

#: This many changes within this time are a flapping component.
FLAPPING_CHANGES = 6
FLAPPING_WITHIN = timedelta(hours=1)
#: How long it must keep one state before it is told of again.
STEADY_AFTER = timedelta(minutes=30)


#: Texts that could not be sent are kept up to this number.
MOST_OWED = 5
#: A state is hidden by one that it needs and that is at least as bad.
_SEVERITY = {Status.HEALTHY: 0, Status.UNKNOWN: 1, Status.DEGRADED: 2, Status.DOWN: 3}


class Told(TypedDict):
    """What people know of a component.

    What they are owed counts as told.

    :param status: the state that they were told last.
    :param since: since when it is ill, as they were told, ISO 8601; empty when they take it for healthy.
    :param changes: times of its changes within the last hour that count, ISO 8601.
    :param hidden: whether its last change does not count: it was hidden, or the end of what was.
    :param flapping: whether they were told that it flaps, and not yet that it has ended.
    :param owed: what they were to be told, and could not.
    """

    status: str
    since: str
    changes: list[str]
    hidden: bool
    flapping: bool
    owed: list[str]


#: Of whom people were never told they take it for healthy.
NEVER = Told(status=Status.HEALTHY, since="", changes=[], hidden=False, flapping=False, owed=[])


class Alert(NamedTuple):
    """One component in a message.

    :param component: its name.
    :param status: its state now.
    :param text: what is said of it.
    :param ill_since: since when it is ill, or was when it is no longer; ISO 8601, empty when nobody was told.
    :param owed: what should have been said before, and could not be sent.
    :param new: whether people do not know the text, which else says how it is now, beside what is owed.
    """

    component: str
    status: str
    text: str
    ill_since: str
    owed: tuple[str, ...] = ()
    new: bool = True


def decide(record: Record, told: Mapping[str, Told]) -> tuple[list[Alert], dict[str, Told]]:
    """What is to be told now.

    :param record: the record of this run.
    :param told: component to what people know; without an entry they take it for healthy.
    :returns: what is to be told, and what people know then. The second is to be kept even if nothing is told.
    """
    alerts: list[Alert] = []
    known: dict[str, Told] = {}
    bad = _badness(record)
    changed = {change["component"]: change for change in record["changes"]}
    for name, state in record["components"].items():
        before: Told = told.get(name) or NEVER
        now = moment(state["checked_at"])
        changes = [at for at in before["changes"] if timedelta(0) <= now - moment(at) < FLAPPING_WITHIN]
        hidden = _is_hidden(name, state, bad)
        change, uncounted = changed.get(name), before["hidden"]
        if change and change["at"] not in changes:
            uncounted = hidden or _ends_hidden(change, before)
            changes += [] if uncounted else [change["at"]]
        before = {**before, "changes": changes, "hidden": uncounted}
        if hidden:
            # Told of when what it needs is healthy again, if it then still is as it is.
            known[name] = before
            continue
        text, after = _decide(name, state, before, now)
        owed = [*before["owed"]]
        if owed and not text and owed[-1].endswith(state["sentence"]):
            # It is as it was when that was to be told.
            text = owed.pop()
        if text or owed:
            now_is = text or f"{_name(name)} is {state['status']} now: {state['sentence']}"
            ill_since = before["since"] or ("" if state["status"] == Status.HEALTHY else state["since"])
            alerts.append(Alert(name, state["status"], now_is, ill_since, tuple(owed), new=bool(text)))
        known[name] = {**after, "owed": []}
    return alerts, known


def unsent(known: Mapping[str, Told], alerts: list[Alert]) -> dict[str, Told]:
    """What people know when a message could not be sent: that they are owed it.

    :param known: component to what they would know.
    :param alerts: what the message had.
    """
    kept = dict(known)
    for alert in alerts:
        owed = [*alert.owed, *([alert.text] if alert.new else [])]
        kept[alert.component] = {**kept[alert.component], "owed": owed[-MOST_OWED:]}
    return kept


def consequences(record: Record) -> set[str]:
    """The components that are as they are because of what they need, as far as can be told.

    :param record: the record of a run.
    """
    bad = _badness(record)
    return {name for name, state in record["components"].items() if _is_hidden(name, state, bad)}


def _badness(record: Record) -> dict[str, int]:
    """How bad each component is, or was a moment ago: what needs it has an interval to come back."""
    bad = {
        name: _SEVERITY[Status(state["status"])]
        for name, state in record["components"].items()
        if _ill(state)
    }
    for change in record["changes"]:
        if change["before"] is not None:
            before = _SEVERITY[Status(change["before"])]
            bad[change["component"]] = max(before, bad.get(change["component"], 0))
    return bad


def _is_hidden(name: str, state: State, bad: Mapping[str, int]) -> bool:
    """Whether it is as it is because of what it needs, as far as can be told.

    What is worse than anything that it needs has a cause of its own; and news are not seen a second time.
    """
    severity = _SEVERITY[Status(state["status"])]
    worst_need = max((bad.get(need, 0) for need in all_needs(name)), default=0)
    return 0 < severity <= worst_need and not state["news"]


def _ends_hidden(change: Change, before: Told) -> bool:
    """Whether a component is back from what was hidden, in the state in which people take it to be.

    What began without being counted is not counted when it ends.
    """
    return before["hidden"] and change["after"] == before["status"]


def _decide(name: str, state: State, before: Told, now: datetime) -> tuple[str, Told]:
    label, status, changes = _name(name), state["status"], before["changes"]
    ill_since = "" if status == Status.HEALTHY else before["since"] or state["since"]
    told: Told = {**before, "status": status, "since": ill_since, "flapping": False}
    if before["flapping"]:
        if changes and now - moment(changes[-1]) < STEADY_AFTER:
            return "", before
        text = f"{label} no longer flaps: it is {status} since {state['since']}: {state['sentence']}"
        return text, {**told, "changes": []}
    if len(changes) >= FLAPPING_CHANGES:
        # Also of looks that fail every other time, of which one by one nobody is told.
        text = (
            f"{label} flaps, with {len(changes)} changes within {FLAPPING_WITHIN}. Now it is {status}: "
            f"{state['sentence']}. "
            f"The next message comes when it has been steady for {STEADY_AFTER}"
        )
        return text, {**told, "flapping": True}
    if status == before["status"]:
        return "", before
    if status == Status.UNKNOWN and state["since"] == state["checked_at"]:
        # A single look that failed is no news; two in a row are.
        return "", before
    return f"{label} is {status} since {state['since']} (was {before['status']}): {state['sentence']}", told


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
        lines += [f"- Not sent before: {text}." for text in alert.owed]
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
    suffering = consequences(record)
    groups: dict[str, list[str]] = {}
    for name, state in record["components"].items():
        if state["status"] != Status.HEALTHY and name not in told:
            if name in suffering:
                why = "As a consequence"
            else:
                why = "As told before" if _ill(state) else "Not known this time"
            groups.setdefault(why, []).append(f"{_name(name)} {state['status']}")
    return [f"{why}: {', '.join(named)}." for why, named in groups.items()] or ["All else is healthy."]


def parse_told(document: Any) -> dict[str, Told]:
    """What people know, from its JSON document; what is malformed is left out.

    :param document: ``components`` of ``health/told.json``.
    """
    found: dict[str, Told] = {}
    for name, entry in document.items() if isinstance(document, dict) else ():
        try:
            found[name] = Told(
                status=str(Status(entry["status"])),
                since=moment(entry["since"]).isoformat() if entry["since"] else "",
                changes=[at for at in entry["changes"] if moment(at)],
                hidden=bool(entry["hidden"]),
                flapping=bool(entry["flapping"]),
                owed=[str(text) for text in entry["owed"]],
            )
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
