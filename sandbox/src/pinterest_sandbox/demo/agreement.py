"""Whether the two paths of a demo, which were given the same posts, came to the same end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinterest_sandbox.demo.figures import ENTITIES

#: Count name to entity to number, as :func:`~pinterest_sandbox.demo.figures.ledger_counts` gives them.
Counts = Mapping[str, Mapping[str, int]]

_ALONE = {"in_batch_alone": "batch", "in_stream_alone": "stream"}


class PathsDisagree(RuntimeError):
    """The paths did not come to the same end; the message has a line for each disagreement."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("The two paths disagree:\n" + "\n".join(found))


def find_disagreements(
    paths: Mapping[str, Counts], compared: Mapping[str, Mapping[str, Any]], *, first: bool
) -> list[str]:
    """What differs between the paths and must not, each with its entity and numbers.

    As much must have been sent to both paths, each must have landed it, and keys that are in both tables must
    not differ. Where the demo's posts are the first, all counts must be equal and each key must be in both
    tables. After earlier posts, which may have gone to one path alone, it is right when one path has more
    keys, keeps fewer of the demo's, or reads lines that were waiting for it or are read again.

    :param paths: ``batch`` and ``stream`` to the counts since the burst began.
    :param compared: entity to what ``pinterest_stream_ingest`` found; a table that is not there was not
        compared.
    :param first: whether no posts were recorded before the burst.
    """
    found = []
    for entity in ENTITIES:
        found += _of_counts(paths, entity, first=first)
        if entity in compared:
            found += _of_keys(compared[entity], entity, first=first)
        else:
            found.append(f"{entity}: the tables were not compared, for one of them is not there")
    return found


def count_differences(compared: Mapping[str, Mapping[str, Any]], *, first: bool) -> int:
    """Keys of both tables that differ, on the first burst also those that one table alone has."""
    names = ["differences", *_ALONE] if first else ["differences"]
    total: int = sum(each[name] for each in compared.values() for name in names)
    return total


def _of_counts(paths: Mapping[str, Counts], entity: str, *, first: bool) -> list[str]:
    names = list(paths["batch"]) if first else ["sent"]
    pairs = {name: (paths["batch"][name][entity], paths["stream"][name][entity]) for name in names}
    differing = [
        f"{entity}: {name} {batch:,} on the batch path, {stream:,} on the stream path"
        for name, (batch, stream) in pairs.items()
        if batch != stream
    ]
    lacking = [
        f"{entity}: sent {counts['sent'][entity]:,}, landed {counts['landed'][entity]:,} on the {path} path"
        for path, counts in paths.items()
        if counts["landed"][entity] < counts["sent"][entity]
    ]
    return differing + lacking


def _of_keys(compared: Mapping[str, Any], entity: str, *, first: bool) -> list[str]:
    found = []
    if compared["differences"]:
        found.append(
            f"{entity}: {compared['differences']:,} of {compared['in_both']:,} keys in both tables differ"
        )
    for name, path in (_ALONE if first else {}).items():
        if compared[name]:
            found.append(f"{entity}: {compared[name]:,} keys are in the {path} table alone")
    return found
