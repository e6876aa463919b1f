"""Whether the counts of a replay agree: the notebook's, the ledger's, and the fetched letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COUNTS = ("read", "dead_letters", "kept", "merged", "quarantined")


def find_problems(
    plan: Mapping[str, Any], result: Mapping[str, Mapping[str, Any]], ledger: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Compare what the notebook counted with the plan and the ledger.

    :param plan: of the run.
    :param result: entity to its counts, as the notebook returned them.
    :param ledger: the run's rows of ``tables/read_replay_counts.sql``; not looked at after a dry run.
    :returns: one line for each disagreement.
    """
    rows = {row["entity"]: {**row, "read": row["lines_read"]} for row in ledger}
    problems = []
    for entity, found in result.items():
        read, kept, merged, refused = (found[name] for name in ("read", "kept", "merged", "quarantined"))
        fetched, letters = plan.get("taken", {}).get(entity, 0), found["dead_letters"]
        reasons = sum(found["reasons"].values())
        row = rows.get(entity, dict.fromkeys(COUNTS, 0))
        checks = [
            (
                read == kept + merged + refused,
                f"{read} read, kept {kept} + merged {merged} + quarantined {refused}",
            ),
            (min(kept, merged, refused) >= 0, f"kept {kept}, merged {merged}, quarantined {refused}"),
            (letters == fetched, f"{letters} dead letters read, {fetched} were fetched"),
            (reasons == refused, f"{refused} quarantined, for {reasons} there is a reason"),
        ]
        if not plan["dry_run"]:
            checks += [
                (int(row[name]) == found[name], f"{name} is {found[name]}, in the ledger {row[name]}")
                for name in COUNTS
            ]
        problems += [f"{entity}: {text}" for holds, text in checks if not holds]
    asked = {plan["entity"]} if plan["entity"] else set()
    if missing := sorted((asked | set(plan.get("taken", {}))) - set(result)):
        problems.append(f"the notebook returned no counts of {', '.join(missing)}")
    return problems


def describe(entity: str, found: Mapping[str, Any], *, dry_run: bool) -> str:
    """An entity's counts in one line, for the log.

    :param entity: the entity.
    :param found: as ``check_counts`` returns them.
    :param dry_run: whether nothing was changed.
    """
    counts = ", ".join(f"{name.replace('_', ' ')} {found[name]}" for name in COUNTS)
    reasons = ", ".join(f"{reason} {number}" for reason, number in found["reasons"].items())
    left = {"rows of a deleted topic": "set_apart", "letters of an older topic": "letters_of_older_topics"}
    alone = "".join(f"; {found[name]} {what} left alone" for what, name in left.items() if found[name])
    return f"{entity}{' (dry run)' if dry_run else ''}: {counts}{f' ({reasons})' if reasons else ''}{alone}"
