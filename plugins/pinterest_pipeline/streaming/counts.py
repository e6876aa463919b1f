"""Whether the counts of the stream path agree, and how its tables compare with those of the batch path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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


def find_miscount(row: Mapping[str, Any]) -> str:
    """Compare the keys that all micro-batches and replays have counted as new with the rows of the table.

    :param row: of ``tables/read_stream_balance.sql``.
    :returns: what does not agree; nothing when all does.
    """
    rows, uncounted = int(row["table_rows"]), int(row["uncounted"])
    kept, replayed = int(row["kept"]), int(row["replayed"])
    if rows == kept + replayed + uncounted:
        return ""
    by_replays = f", {replayed} by replays" if replayed else ""
    text = (
        f"{row['entity']}: the stream table has {rows} rows, but {kept} were kept by all runs{by_replays} "
        f"and {uncounted} wait for the next"
    )
    if rows < kept + replayed:
        text += "; if the table was dropped, follow 'A stream table that was dropped' in docs/data.md"
    return text


def unread(row: Mapping[str, Any]) -> int:
    """Records that bursts have put into a stream, and no run has read or written off.

    Records of others, and those that are read again with a new checkpoint, are read beside them: they may
    hide some, but never make up any.

    :param row: of ``tables/read_stream_balance.sql``.
    :returns: 0 when all are read.
    """
    return max(0, int(row["acknowledged"]) - int(row["lines_read"]) - int(row["written_off"]))


def find_unread(row: Mapping[str, Any]) -> str:
    """Compare what bursts have put into a stream with what all runs have read.

    :param row: of ``tables/read_stream_balance.sql``.
    :returns: what was never read; nothing when all was.
    """
    if not (number := unread(row)):
        return ""
    return (
        f"{row['entity']}: {number} records were never read: bursts put {row['acknowledged']} into the "
        f"stream before this run began, {row['lines_read']} were read and {row['written_off']} written off"
    )


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
