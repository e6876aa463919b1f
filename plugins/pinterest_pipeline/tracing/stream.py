"""One post's way on the stream path, put together from what was read: no service is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pinterest_pipeline.tracing import states
from pinterest_pipeline.tracing.contents import Content
from pinterest_pipeline.tracing.refusals import Refusal


class Number(NamedTuple):
    """Where a record stands in its stream. Sequence numbers are text: they have up to 129 digits."""

    shard: str
    sequence_number: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record in a stream.

    :param arrived_at: ISO 8601 in UTC.
    """

    number: Number
    arrived_at: str
    content: Content


@dataclass(frozen=True, kw_only=True)
class Refused(Refusal):
    """A row of the quarantine table."""

    number: Number
    arrived_at: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was read of one entity.

    :param ind: key of the post.
    :param stream: the entity's stream.
    :param row: position of the row in the stream table.
    :param row_arrived_at: when that record arrived.
    :param read_to: shard to the greatest sequence number that the ingest has left in table or quarantine.
    :param records: records in the stream that were sent under the key or have it.
    :param refused: rows of the quarantine.
    """

    ind: int
    stream: str
    row: Number | None = None
    row_arrived_at: str | None = None
    read_to: Mapping[str, str] = field(default_factory=dict)
    records: Sequence[Record] = ()
    refused: Sequence[Refused] = ()


def assemble(found: Found) -> dict[str, Any]:
    """Put an entity's way together.

    :returns: ``occurrences`` with ``state``, ``kinesis`` and ``quarantine``, the oldest first; ``left_out``:
        how many older ones are not told; ``end``: where the way ends.
    """
    records = {record.number: record for record in found.records}
    refused = {each.number: each for each in found.refused}
    arrivals = {
        **{number: each.arrived_at for number, each in refused.items()},
        **{number: record.arrived_at for number, record in records.items()},
    }
    if found.row:
        arrivals.setdefault(found.row, found.row_arrived_at or "")
    order = sorted(arrivals, key=lambda each: (arrivals[each], int(each.sequence_number), each.shard))
    told = [
        {
            "state": _state(number, records.get(number), refused.get(number), found),
            "kinesis": _tell_kinesis(number, arrivals[number], records.get(number), found),
            "quarantine": refused[number].told() if number in refused else None,
            "in_table": number == found.row,
        }
        for number in order
    ]
    return states.tell_way(told, in_table=found.row is not None)


def _state(number: Number, record: Record | None, refused: Refused | None, found: Found) -> str:
    if number == found.row:
        return states.IN_TABLE
    if refused:
        return states.refused(refused.reason)
    if int(number.sequence_number) > int(found.read_to.get(number.shard, -1)):
        return states.IN_STREAM
    if record and record.content.key not in (None, found.ind):
        return states.OTHER_KEY
    return states.SUPERSEDED if found.row else states.NEITHER


def _tell_kinesis(number: Number, arrived_at: str, record: Record | None, found: Found) -> dict[str, Any]:
    return {
        "stream": found.stream,
        "shard": number.shard,
        "sequence_number": number.sequence_number,
        "arrived_at": arrived_at or None,
        # Whether the stream still has it; older records leave it by its retention.
        "seen": record is not None,
        **(record.content.told() if record else {}),
    }
