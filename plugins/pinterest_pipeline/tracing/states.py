"""How far a record has come, as it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Occurrences that are told of an entity on a path.
MOST = 20

#: Of both paths.
NEVER_POSTED = "never posted"
IN_TABLE = "in the table"
SUPERSEDED = "read; a later record of the key is in the table"
OTHER_KEY = "sent under this key, but it is a record of another one"
NEITHER = "read, but neither in the table nor in quarantine"
#: Of the batch path.
IN_KAFKA = "in Kafka, not yet written by the sink"
DEAD_LETTER = "refused: the sink could not write it, a dead letter"
LANDED = "landed, not yet read by a daily run"
NO_LINE = "passed by the sink, but no line of it was found in S3"
NOT_LOOKED_FOR = "written by the sink; its object was not looked for"
#: Of the stream path.
IN_STREAM = "in the stream, not yet read by the ingest"


def refused(reason: str) -> str:
    """What is told of a record in quarantine.

    :param reason: as the quarantine table has it.
    """
    return f"refused: quarantined because {reason}"


def tell_way(occurrences: Sequence[Mapping[str, Any]], *, in_table: bool) -> dict[str, Any]:
    """What is told of one entity on one path.

    :param occurrences: all that were found, each with its ``state``, the oldest first.
    :param in_table: whether the table has a row of the key.
    :returns: ``occurrences``, the newest alone; ``left_out``: how many older ones there are; ``end``: where
        the way ends.
    """
    own = [each["state"] for each in occurrences if each["state"] != OTHER_KEY]
    return {
        "occurrences": list(occurrences[-MOST:]),
        "left_out": max(0, len(occurrences) - MOST),
        "end": _end_of_way(own[-1] if own else None, in_table=in_table),
    }


def _end_of_way(newest: str | None, *, in_table: bool) -> str:
    if in_table and newest in (None, IN_TABLE, SUPERSEDED):
        return IN_TABLE
    if in_table:
        return f"{newest}; the row in the table is of an earlier record"
    return newest or NEVER_POSTED
