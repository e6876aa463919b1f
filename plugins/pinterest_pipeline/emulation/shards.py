"""Sequence numbers of acknowledged records of a stream: how many a shard has, and between which two they lie.

Sequence numbers of a shard grow, but not by one, so no range tells how many records it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypedDict


class ShardSpan(NamedTuple):
    """Acknowledged records of one shard.

    :param records: how many.
    :param first: least sequence number.
    :param last: greatest sequence number.
    """

    records: int
    first: int
    last: int


class ShardSpanJson(TypedDict):
    """A span as JSON; sequence numbers are text, since they have more digits than other readers keep."""

    shard: str
    records: int
    first_sequence_number: str
    last_sequence_number: str


#: Shard id to its span.
Spans = Mapping[str, ShardSpan]


def add_records(spans: Spans, written: Iterable[tuple[str, str]]) -> dict[str, ShardSpan]:
    """Add acknowledged records to spans.

    :param spans: what is there.
    :param written: shard id and sequence number of each record.
    """
    grown = dict(spans)
    for shard, text in written:
        number = int(text)
        span = grown.get(shard)
        grown[shard] = (
            ShardSpan(span.records + 1, min(span.first, number), max(span.last, number))
            if span
            else ShardSpan(1, number, number)
        )
    return grown


def count(spans: Spans) -> int:
    """The number of records in all shards."""
    return sum(span.records for span in spans.values())


def to_json(spans: Spans) -> list[ShardSpanJson]:
    """Spans as JSON, by shard."""
    return [
        {
            "shard": shard,
            "records": span.records,
            "first_sequence_number": str(span.first),
            "last_sequence_number": str(span.last),
        }
        for shard, span in sorted(spans.items())
    ]


def from_json(documents: Iterable[ShardSpanJson]) -> dict[str, ShardSpan]:
    """Spans from their JSON."""
    return {
        item["shard"]: ShardSpan(
            item["records"], int(item["first_sequence_number"]), int(item["last_sequence_number"])
        )
        for item in documents
    }
