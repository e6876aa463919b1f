"""What has become of the records: what was counted before and after, held against each other."""

from __future__ import annotations

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
    :param refused: records of each entity beside them that must have ended in quarantine or as dead letters.
    """
    wanted = posts * len(ENTITIES) * len(KINDS)
    problems, lost, dead = [], 0, after.dead - before.dead

    def hold(gap: int, what: str) -> None:
        nonlocal lost
        if gap:
            problems.append(f"{gap:,} records {what}" if gap > 0 else f"{-gap:,} records too many: {what}")
            lost += max(0, gap)

    # Entity by entity: one that lacks what another has too many is not in order.
    apart = dict.fromkeys(ENTITIES, 0)
    for entity in ENTITIES:
        grown = _Growth(before, after, entity)
        hold(grown.streamed - grown.read, f"of {entity} in the stream and not read by the ingest")
        # What Kafka has acknowledged and S3 has not are dead letters, if there are as many of these.
        apart[entity] = grown.acknowledged - grown.lines
        kept_apart = apart[entity] + grown.quarantined
        hold(refused - kept_apart, f"of {entity} poisonous and not kept apart")
    hold(sum(apart.values()) - dead, "acknowledged by Kafka, neither landed nor dead letters")
    hold(wanted - rows.kept, "posted and not in a table")
    problems += [f"posts that a table lacks: {missing}" for missing in rows.missing]
    if rows.doubled:
        problems.append(f"{rows.doubled:,} rows have the key of another")
    growths = [_Growth(before, after, entity) for entity in ENTITIES]
    return Reckoning(
        sent=wanted + refused * len(ENTITIES),
        landed=sum(grown.lines + grown.streamed for grown in growths),
        kept=rows.kept,
        quarantined=sum(grown.quarantined for grown in growths) + dead,
        lost=lost,
        doubled=rows.doubled,
        problems=tuple(problems),
    )


class _Growth:
    """By how much each count of an entity has grown."""

    def __init__(self, before: Stock, after: Stock, entity: str) -> None:
        self.acknowledged = after.acknowledged[entity] - before.acknowledged[entity]
        self.lines = after.lines[entity] - before.lines[entity]
        self.streamed = after.streamed[entity] - before.streamed[entity]
        self.read = after.read[entity] - before.read[entity]
        self.quarantined = after.quarantined[entity] - before.quarantined[entity]
