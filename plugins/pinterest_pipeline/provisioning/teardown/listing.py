"""What a teardown would delete: what the record says was made, as far as it is still there and the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from pinterest_pipeline.provisioning.resources import Entry
from pinterest_pipeline.provisioning.teardown.kinds import ORDER, Find, Present, check_kinds

#: How far the clock here may be behind that of a service. The record's times have whole seconds.
CLOCKS = timedelta(minutes=1)


class Fate(StrEnum):
    """What becomes of a resource."""

    DELETE = "delete"
    #: It was made, and is not there any more.
    GONE = "gone already"
    #: What was made is gone, and somebody else has made another one under its name.
    FOREIGN = "leave: not ours"
    #: It holds data.
    KEEP = "keep"


class Item(TypedDict):
    """One resource of the record.

    :param kind: as the record has it.
    :param name: its name.
    :param identifier: ARN, id or name by which it is deleted; of what is left, that of the one that is there.
    :param fate: a :class:`Fate`.
    :param note: what else there is to say.
    :param recorded_at: when the entry in the record was written.
    """

    kind: str
    name: str
    identifier: str
    fate: str
    note: str
    recorded_at: str


def list_items(entries: Sequence[Entry], find: Find, *, delete_data: bool) -> list[Item]:
    """Look at everything that the record says was made.

    :param entries: the record.
    :param find: looks for one resource.
    :param delete_data: whether the bucket goes too.
    :returns: one item an entry, in the order of deletion.
    :raises Permanent: when the record has an unknown kind.
    """
    check_kinds({entry["kind"] for entry in entries})
    ordered = sorted(entries, key=lambda entry: (ORDER.index(entry["kind"]), entry["name"]))
    return [_item(entry, find(entry["kind"], entry["name"]), delete_data) for entry in ordered]


def chosen(items: Iterable[Item], kind: str, *fates: Fate) -> list[Item]:
    """The items of a kind that have one of these fates, to be deleted by default.

    :param items: all.
    :param kind: the kind.
    :param fates: those that count.
    """
    return [item for item in items if item["kind"] == kind and item["fate"] in (fates or (Fate.DELETE,))]


def table(items: Sequence[Item]) -> str:
    """The items as a Markdown table, which is readable in a log as well.

    :param items: in the order of the table.
    """
    head = ("what happens", "kind", "name", "identifier", "note")
    rows = [
        (item["fate"], item["kind"], item["name"], item["identifier"] or "-", item["note"] or "-")
        for item in items
    ]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        f"| {' | '.join(text.ljust(width) for text, width in zip(line, widths, strict=True))} |"
        for line in lines
    )


def is_same(entry: Entry, present: Present) -> str:
    """Why what is there is not what was recorded; empty when it is.

    :param entry: the entry in the record.
    :param present: what is there.
    """
    if present.foreign:
        return present.foreign
    if entry["state"] == "created" and entry["identifier"] != present.identifier:
        return f"what was made is gone: it was {entry['identifier']}"
    if entry["state"] != "created" and entry["identifier"] == present.identifier:
        return f"run {entry['run_id']} was to replace it, and broke off before"
    # An entry is written as created after the resource was made.
    latest = datetime.fromisoformat(entry["recorded_at"]) + CLOCKS
    if entry["state"] == "created" and present.made_at and present.made_at > latest:
        return f"made at {present.made_at.isoformat()}, after the record of {entry['recorded_at']}"
    return ""


def _item(entry: Entry, present: Present | None, delete_data: bool) -> Item:
    def item(fate: Fate, note: str = "") -> Item:
        return {
            "kind": entry["kind"],
            "name": entry["name"],
            "identifier": present.identifier if present else entry["identifier"],
            "fate": str(fate),
            "note": note,
            "recorded_at": entry["recorded_at"],
        }

    if present is None:
        return item(Fate.GONE)
    reason = is_same(entry, present)
    if reason:
        return item(Fate.FOREIGN, reason)
    if entry["kind"] == "bucket" and not delete_data:
        return item(Fate.KEEP, "data is kept; to delete it, set delete_data")
    if entry["state"] != "created":
        return item(Fate.DELETE, f"run {entry['run_id']} broke off while it was made")
    return item(Fate.DELETE)
