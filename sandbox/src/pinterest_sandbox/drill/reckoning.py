"""What has become of the records: what was counted before and after, held against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinterest_sandbox.drill.stock import ENTITIES, KINDS, Rows, Stock


@dataclass(frozen=True)
class Reckoning:
    """The counts of a breakage.

    :param sent: records of the burst to both paths, and those that the breakage has added.
    :param landed: lines in S3 and records in streams that came; what was sent twice is there twice.
    :param kept: of the burst's posts, rows in the six tables.
    :param quarantined: rows of quarantine and dead letters that came.
    :param lost: records that were sent or acknowledged and are nowhere.
    :param doubled: rows in the tables that have the key of another.
    :param problems: what does not agree, each with its number.
    """

    sent: int
    landed: int
    kept: int
    quarantined: int
    lost: int
    doubled: int
    problems: tuple[str, ...]


def reckon(before: Stock, after: Stock, rows: Rows, *, posts: int, refused: int) -> Reckoning:
    """Hold the counts against each other.

    :param before: counted before the burst.
    :param after: counted when all of it is in the tables.
    :param rows: of the burst's posts.
    :param posts: of the burst.
    :param refused: records beside them that must have ended in quarantine or as dead letters.
    """
    wanted = posts * len(ENTITIES) * len(KINDS)
    lines = _grown(before.lines, after.lines)
    streamed = _grown(before.streamed, after.streamed)
    dead = after.dead - before.dead
    quarantined = _grown(before.quarantined, after.quarantined) + dead
    gaps = {
        "acknowledged by Kafka, neither landed nor dead letters": (
            _grown(before.acknowledged, after.acknowledged) - lines - dead
        ),
        "in the streams and not read by the ingest": streamed - _grown(before.read, after.read),
        "poisonous and not kept apart": refused - quarantined,
        "posted and not in a table": wanted - rows.kept,
    }
    problems = [f"{gap:,} records {what}" for what, gap in gaps.items() if gap > 0]
    problems += [f"{-gap:,} records too many: {what}" for what, gap in gaps.items() if gap < 0]
    problems += [f"posts that a table lacks: {missing}" for missing in rows.missing]
    if rows.doubled:
        problems.append(f"{rows.doubled:,} rows have the key of another")
    return Reckoning(
        sent=wanted + refused,
        landed=lines + streamed,
        kept=rows.kept,
        quarantined=quarantined,
        lost=sum(max(0, gap) for gap in gaps.values()),
        doubled=rows.doubled,
        problems=tuple(problems),
    )


def _grown(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    return sum(after[entity] - before[entity] for entity in ENTITIES)
