"""Whether the counts of a daily run agree, each seen from a side of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Entity to its counts, as the notebook returns them.
Counts = Mapping[str, Mapping[str, Any]]
LEDGER_COLUMNS = ("lines_read", "reread", "landed", "kept", "merged", "quarantined")


def expected_reread(entity: Mapping[str, Any]) -> int:
    """Lines of an entity that the run before has read already.

    :param entity: one entity of a manifest.
    """
    return sum(
        partition["mark"]["lines"]
        for partition in entity["partitions"]
        if partition["mark"]
        and any(item["first_offset"] == partition["mark"]["first_offset"] for item in partition["objects"])
    )


def object_keys(entity: Mapping[str, Any]) -> list[str]:
    """S3 keys of all objects of an entity.

    :param entity: one entity of a manifest.
    """
    return [item["key"] for partition in entity["partitions"] for item in partition["objects"]]


def find_problems(
    *,
    manifest: Mapping[str, Any],
    counts: Counts,
    lines_in_s3: Mapping[str, int],
    ledger: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Compare what the notebook counted with the manifest, the landing and the ledger.

    :param manifest: the run's manifest.
    :param counts: the notebook's counts.
    :param lines_in_s3: entity to the lines in the manifest's objects, counted in S3.
    :param ledger: the run's rows in the ledger.
    :returns: one line for each disagreement.
    """
    rows = {row["entity"]: row for row in ledger}
    problems = []
    for entity, part in manifest["entities"].items():
        found = counts.get(entity)
        if found is None:
            problems.append(f"{entity}: the notebook returned no counts")
            continue
        problems += [
            f"{entity}: {text}"
            for text in _entity_problems(found, lines_in_s3[entity], expected_reread(part), rows.get(entity))
        ]
    return problems


def _entity_problems(
    found: Mapping[str, Any], lines: int, reread: int, row: Mapping[str, Any] | None
) -> list[str]:
    read, landed, again = found["lines_read"], found["landed"], found["reread"]
    kept, merged, quarantined = found["kept"], found["merged"], found["quarantined"]
    checks = [
        (read == lines, f"{read} lines read, {lines} lines in S3"),
        (again == reread, f"reread {again}, the marks say {reread}"),
        (read == landed + again, f"{read} lines read, landed {landed} + reread {again}"),
        (
            read == kept + merged + quarantined,
            f"{read} lines read, kept {kept} + merged {merged} + quarantined {quarantined}",
        ),
        (row is not None, "no row in the ledger"),
    ]
    if row is not None:
        checks += [
            (row[name] == found[name], f"{name} is {found[name]}, in the ledger {row[name]}")
            for name in LEDGER_COLUMNS
        ]
    return [text for holds, text in checks if not holds]
