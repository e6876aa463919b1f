"""Records of one shard: where its readable end is, and all between two positions.

A position is ``{"after": <sequence number>}``, ``{"at": <ms since 1970>}``, or ``{}`` for the oldest record.
That of a closed shard that has been read to its end has ``"closed": true`` as well.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Position = Mapping[str, Any]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A shard of a stream.

    :param stream: name or ARN.
    :param shard_id: its id.
    """

    stream: str
    shard_id: str

    @property
    def argument(self) -> dict[str, str]:
        """The argument by which a request says which stream it means."""
        return stream_argument(self.stream)


def stream_argument(stream: str) -> dict[str, str]:
    """The argument by which a request says which stream it means."""
    return {"StreamARN" if stream.startswith("arn:") else "StreamName": stream}


def pages(client: Any, shard: Shard, begin: Position) -> Iterator[tuple[list[dict[str, Any]], bool]]:
    """Read page by page until the shard has ended, or for ever.

    :param begin: where to begin.
    :returns: the records of a page, and whether the reader has caught up with the writers.
    """
    owner = {name: value for name, value in shard.argument.items() if name == "StreamARN"}
    iterator = _iterator(client, shard, begin)
    while iterator is not None:
        try:
            answer = client.get_records(ShardIterator=iterator, **owner)
        except client.exceptions.ExpiredIteratorException:
            # Iterators last five minutes; a writer's page may have taken longer to be processed.
            iterator = _iterator(client, shard, begin)
            continue
        records = answer["Records"]
        if records:
            begin = {"after": records[-1]["SequenceNumber"]}
        yield records, answer.get("MillisBehindLatest", 0) == 0
        iterator = answer.get("NextShardIterator")


def last_number(client: Any, shard: Shard, begin: Position) -> str | None:
    """The sequence number of the newest record from ``begin`` on, or ``None`` when there is none."""
    started, found = datetime.now(UTC), None
    for records, caught_up in pages(client, shard, begin):
        if records:
            found = str(records[-1]["SequenceNumber"])
        # Under a load that never pauses nobody ever catches up: what has come since is for the next time.
        if caught_up or (records and records[-1]["ApproximateArrivalTimestamp"] >= started):
            break
    return found


def records_between(client: Any, shard: Shard, begin: Position, until: str) -> Iterator[list[dict[str, Any]]]:
    """Pages of the records from ``begin`` up to the one numbered ``until``.

    What is no longer kept is left out.
    """
    try:
        for records, caught_up in pages(client, shard, begin):
            wanted = [record for record in records if int(record["SequenceNumber"]) <= int(until)]
            if kept := [record for record in wanted if _is_since(record, begin)]:
                yield kept
            if len(wanted) < len(records) or (records and records[-1]["SequenceNumber"] == until):
                return
            if caught_up and not records:
                return
    except client.exceptions.ResourceNotFoundException:
        if shard.shard_id in {found["ShardId"] for found in list_shards(client, shard.stream)}:
            raise
        logger.warning("%s is no longer kept: its records are left out", shard)


def list_shards(client: Any, stream: str) -> list[dict[str, Any]]:
    """All shards of a stream that still keep records, by id."""
    answer = client.list_shards(**stream_argument(stream))
    found: list[dict[str, Any]] = answer["Shards"]
    while token := answer.get("NextToken"):
        answer = client.list_shards(NextToken=token)
        found += answer["Shards"]
    return sorted(found, key=lambda shard: str(shard["ShardId"]))


def _iterator(client: Any, shard: Shard, position: Position) -> str:
    arguments: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
    if "after" in position:
        arguments = {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
            "StartingSequenceNumber": position["after"],
        }
    elif "at" in position:
        arguments = {
            "ShardIteratorType": "AT_TIMESTAMP",
            "Timestamp": datetime.fromtimestamp(position["at"] // 1000, UTC),
        }
    answer = client.get_shard_iterator(**shard.argument, ShardId=shard.shard_id, **arguments)
    return str(answer["ShardIterator"])


def _is_since(record: Mapping[str, Any], begin: Position) -> bool:
    """Whether a record arrived at ``begin`` or later; botocore asks for whole seconds only."""
    arrived: datetime = record["ApproximateArrivalTimestamp"]
    return "at" not in begin or round(arrived.timestamp() * 1000) >= int(begin["at"])
