"""What provisioning would change: one row a difference between what is wanted and what is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from cloud_operators.exceptions import Difference
from pinterest_pipeline.errors import Permanent

_LONGEST_VALUE = 60
_TITLES = ("action", "kind", "name", "field", "found", "wanted", "note")


class Action(StrEnum):
    """What becomes of a difference."""

    CREATE = "create"
    UPDATE = "update"
    #: Deleted and made again, which needs ``allow_replace``.
    REPLACE = "replace"
    #: Neither can be had: the run ends before anything is changed.
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference.

    :param kind: kind of the resource, as ``_state/resources.json`` names it.
    :param name: its name.
    :param action: what provisioning would do.
    :param field: the setting that differs; empty for a resource that is not there.
    :param found: its value now; must be safe to show.
    :param wanted: its value then; must be safe to show.
    :param note: consequence, or reason and remedy.
    """

    kind: str
    name: str
    action: Action
    field: str = ""
    found: Any = None
    wanted: Any = None
    note: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Change:
        """The change that :meth:`document` gave.

        :param document: the row as JSON has it.
        """
        return cls(**{**document, "action": Action(document["action"])})

    def document(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {**asdict(self), "action": str(self.action)}


def changes_of(
    kind: str,
    name: str,
    differences: Mapping[str, Difference],
    action: Action,
    note: str = "",
) -> list[Change]:
    """One change for each setting that differs.

    :param kind: kind of the resource.
    :param name: its name.
    :param differences: setting to (wanted, found).
    :param action: what becomes of them.
    :param note: the same for all.
    """
    return [
        Change(
            kind=kind,
            name=name,
            field=field,
            found=difference.found,
            wanted=difference.wanted,
            action=action,
            note=note,
        )
        for field, difference in differences.items()
    ]


def table(changes: Iterable[Change]) -> str:
    """The changes as a table of text, one line each, without columns that are empty.

    :param changes: in the order of the table.
    :returns: lines without a line break at the end; one sentence when there is no change.
    """
    rows = [[_shown(change, title) for title in _TITLES] for change in changes]
    if not rows:
        return "No changes: everything is as wanted."
    filled = [at for at in range(len(_TITLES)) if any(row[at] for row in rows)]
    lines = [[line[at] for at in filled] for line in [list(_TITLES), *rows]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(filled))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def check_allowed(changes: Iterable[Change], *, allow_replace: bool) -> None:
    """Refuse what can't be applied, before anything is changed.

    :param changes: the plan.
    :param allow_replace: whether resources may be deleted and made again.
    :raises Permanent: naming each change that is refused, with its reason and remedy.
    """
    refused = [
        change
        for change in changes
        if change.action is Action.REFUSE or (change.action is Action.REPLACE and not allow_replace)
    ]
    if not refused:
        return
    lines = [f"  {_sentence(change)}" for change in refused]
    raise Permanent("\n".join(["Nothing was changed, because this can't be applied:", *lines]))


def _sentence(change: Change) -> str:
    what = f"{change.kind} {change.name}"
    if change.field:
        found, wanted = _value(change.found), _value(change.wanted)
        what += f": {change.field} is {found or 'not set'}, wanted {wanted or 'not set'}"
    if change.action is Action.REPLACE:
        what += "; it would have to be deleted and made again: set allow_replace to let this run do so"
    return f"{what}. {change.note}" if change.note else what


def _shown(change: Change, title: str) -> str:
    # Reason and remedy are the last column: they are read to their end.
    return change.note if title == "note" else _value(getattr(change, title))


def _value(value: Any) -> str:
    if value is None:
        return ""
    text = str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
