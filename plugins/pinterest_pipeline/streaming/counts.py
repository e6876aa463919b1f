"""Whether the counts of the stream path agree, and how its tables compare with those of the batch path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict


class Comparison(TypedDict):
    """How the two tables of an entity compare.

    :param in_both: keys that both have.
    :param in_batch_alone: keys that only the batch table has.
    :param in_stream_alone: keys that only the stream table has.
    :param differences: keys that both have, with at least one unequal column.
    :param examples: some of these, each with ``ind`` and the names of the columns that are ``differing``.
    """

    in_both: int
    in_batch_alone: int
    in_stream_alone: int
    differences: int
    examples: list[dict[str, Any]]


def find_problems(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Compare what all micro-batches together have counted with itself and with the tables.

    :param rows: of ``tables/read_stream_balance.sql``.
    :returns: one line for each disagreement.
    """
    problems = []
    for row in rows:
        if row["lines_read"] != row["kept"] + row["merged"] + row["quarantined"]:
            problems.append(
                f"{row['entity']}: read {row['lines_read']}, but kept {row['kept']} + merged {row['merged']} "
                f"+ quarantined {row['quarantined']}"
            )
        if row["table_rows"] != row["kept"] + row["uncounted"]:
            problems.append(
                f"{row['entity']}: the stream table has {row['table_rows']} rows, but {row['kept']} were "
                f"kept by all runs and {row['uncounted']} wait for the next"
            )
    return problems


def read_comparison(row: Mapping[str, Any]) -> Comparison:
    """A comparison from the row that ``comparison/<entity>.sql`` gives."""
    return {
        "in_both": row["in_both"],
        "in_batch_alone": row["in_batch_alone"],
        "in_stream_alone": row["in_stream_alone"],
        "differences": row["differences"],
        "examples": json.loads(row["examples"] or "[]"),
    }


def describe(entity: str, found: Comparison) -> str:
    """A comparison in one line, for the log."""
    text = (
        f"{entity}: {found['in_both']} keys in both tables, {found['differences']} of them differ; "
        f"{found['in_batch_alone']} in the batch's alone, {found['in_stream_alone']} in the stream's alone"
    )
    shown: Sequence[dict[str, Any]] = found["examples"]
    examples = "; ".join(f"ind {each['ind']}: {each['differing']}" for each in shown)
    return f"{text} ({examples})" if examples else text
