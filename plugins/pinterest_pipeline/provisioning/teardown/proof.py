"""Whether what was to be deleted is gone."""

from __future__ import annotations

from collections.abc import Sequence

from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.provisioning.resources import Entry
from pinterest_pipeline.provisioning.teardown.kinds import Find
from pinterest_pipeline.provisioning.teardown.listing import Fate, Item


class StillThere(PipelineError):
    """Resources that were to be deleted are there.

    :param items: which.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = list(items)
        super().__init__(
            "still there:\n"
            + "".join(f"  {item['kind']} {item['name']} ({item['identifier']})\n" for item in items)
            + "Clear the task that deletes it, or start a new run: it goes on with what is left."
        )


def find_left(items: Sequence[Item], find: Find) -> list[Item]:
    """Look again for everything that was to be deleted.

    :param items: what was approved.
    :param find: looks for one resource.
    :returns: what is there. What somebody else has made under the same name meanwhile does not count.
    """
    return [
        item
        for item in items
        if item["fate"] == Fate.DELETE
        and (present := find(item["kind"], item["name"])) is not None
        and present.identifier == item["identifier"]
    ]


def without(entries: Sequence[Entry], items: Sequence[Item]) -> list[Entry]:
    """The record without what is gone.

    :param entries: the record as it is now.
    :param items: what is gone: deleted, gone before, or in its place something that is not ours. An entry
        that was written anew meanwhile, by a provisioning run, stays.
    """
    gone = {(item["kind"], item["name"], item["recorded_at"]) for item in items if item["fate"] != Fate.KEEP}
    return [entry for entry in entries if (entry["kind"], entry["name"], entry["recorded_at"]) not in gone]
