"""moto's Kinesis, mended where its readers would lose records or read them twice.

In moto a shard that was split or merged goes on taking records and never ends, its records are copied or
numbered anew, and sequence numbers repeat over shards. On AWS a closed shard takes none and ends, its
children take over, and every number is greater than all that the stream has given before.
"""

from __future__ import annotations

import itertools
import json
from bisect import bisect_right
from hashlib import md5
from math import floor
from typing import Any

from moto.kinesis import models
from moto.kinesis.exceptions import InvalidArgumentError
from moto.kinesis.responses import KinesisResponse
from moto.kinesis.utils import compose_shard_iterator, decompose_shard_iterator

#: As on AWS, numbers have 56 digits: more than a 64-bit integer and more than Spark's decimal hold.
_numbers = itertools.count(4966 * 10**52)
#: What GetRecords gives when no limit is asked for.
_PAGE = 10_000


class Shard(models.Shard):
    """A shard that can be closed, with the numbers of its own range."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first_number = next(_numbers)
        self.last_number: int | None = None
        self._order: list[int] = []

    def close(self) -> None:
        """Take no further record."""
        self.is_open = False
        self.last_number = next(_numbers)

    def put_record(self, partition_key: str, data: str, explicit_hash_key: str) -> str:
        """Store a record under the next number of all."""
        number = next(_numbers)
        self.records[number] = models.Record(partition_key, data, number, explicit_hash_key)
        self._order.append(number)
        return str(number)

    def get_records(self, last_sequence_id: str, limit: int | None) -> tuple[list[models.Record], int, int]:
        """The records after a number, that of the last of them, and how far that one is behind the newest."""
        begin = bisect_right(self._order, int(last_sequence_id))
        page = self._order[begin : begin + (limit or _PAGE)]
        if not page:
            return [], int(last_sequence_id), 0
        records = [self.records[number] for number in page]
        if page[-1] == self._order[-1]:
            return records, page[-1], 0
        newest = self.records[self._order[-1]]
        # Only a reader that has caught up is 0 ms behind.
        return records, page[-1], max(1, int((newest.created_at - records[-1].created_at) * 1000))

    def get_max_sequence_number(self) -> int:
        """The number of the newest record."""
        return self._order[-1] if self._order else 0

    def to_json(self) -> dict[str, Any]:
        """Its description, with the range of its numbers."""
        numbers = {"StartingSequenceNumber": str(self.first_number)}
        if self.last_number is not None:
            numbers["EndingSequenceNumber"] = str(self.last_number)
        return {**super().to_json(), "SequenceNumberRange": numbers}


class Stream(models.Stream):
    """A stream whose closed shards keep their records and leave new ones to their children."""

    def split_shard(self, shard_to_split: str, new_starting_hash_key: str) -> None:
        """Close a shard and open two for its keys."""
        shard, boundary = self._open_shard(shard_to_split), int(new_starting_hash_key)
        if not shard.starting_hash < boundary < shard.ending_hash:
            raise InvalidArgumentError(
                f"NewStartingHashKey {boundary} used in SplitShard() on shard {shard_to_split} in stream "
                f"{self.stream_name} under account {self.account_id} is not both greater than one plus the "
                f"shard's StartingHashKey {shard.starting_hash} and less than the shard's EndingHashKey "
                f"{shard.ending_hash}."
            )
        shard.close()
        self._add_shard(shard.starting_hash, boundary - 1, parent=shard_to_split)
        self._add_shard(boundary, shard.ending_hash, parent=shard_to_split)

    def merge_shards(self, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
        """Close two neighbours and open one for the keys of both."""
        pair = [self._open_shard(shard_to_merge), self._open_shard(adjacent_shard_to_merge)]
        lower, upper = sorted(pair, key=lambda shard: shard.starting_hash)
        if lower.ending_hash + 1 != upper.starting_hash:
            raise InvalidArgumentError(
                f"Shards {shard_to_merge} and {adjacent_shard_to_merge} in stream {self.stream_name} under "
                f"account {self.account_id} are not an adjacent pair of shards eligible for merging"
            )
        for shard in pair:
            shard.close()
        self._add_shard(
            lower.starting_hash,
            upper.ending_hash,
            parent=shard_to_merge,
            adjacent_parent=adjacent_shard_to_merge,
        )

    def get_shard_for_key(self, partition_key: str, explicit_hash_key: str) -> models.Shard | None:
        """The open shard that takes a key."""
        super().get_shard_for_key(partition_key, explicit_hash_key)  # refuses what is no key
        digest = md5(partition_key.encode(), usedforsecurity=False).hexdigest()
        number = int(explicit_hash_key) if explicit_hash_key else int(digest, 16)
        for shard in self.shards.values():
            if shard.is_open and shard.starting_hash <= number <= shard.ending_hash:
                return shard
        return None

    def _open_shard(self, name: str) -> Shard:
        shard = self.shards[name]
        assert isinstance(shard, Shard)
        if not shard.is_open:
            raise InvalidArgumentError(
                f"Shard {name} in stream {self.stream_name} under account {self.account_id} has already been "
                "merged or split, and thus is not eligible for merging or splitting."
            )
        return shard

    def _add_shard(self, first: int, last: int, **parents: str) -> None:
        number = max(shard._shard_id for shard in self.shards.values()) + 1
        shard = Shard(number, first, last, **parents)
        self.shards[shard.shard_id] = shard
        self.shard_count = sum(shard.is_open for shard in self.shards.values())


def _get_records(
    backend: models.KinesisBackend, stream_arn: str | None, shard_iterator: str, limit: int | None
) -> tuple[str | None, list[models.Record], int]:
    """Give no further iterator at the end of a closed shard."""
    stream_name, shard_id, after = decompose_shard_iterator(shard_iterator)
    stream = backend.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
    shard = stream.get_shard(shard_id)
    records, last, behind = shard.get_records(after, limit)
    ended = not shard.is_open and last >= shard.get_max_sequence_number()
    return None if ended else compose_shard_iterator(stream_name, shard, last), records, behind


def _answer_get_records(response: KinesisResponse) -> str:
    """GetRecords in JSON, without moto's general serializer, which takes 45 microseconds a record."""
    iterator, records, behind = response.kinesis_backend.get_records(
        response._get_param("StreamARN"),
        response._get_param("ShardIterator"),
        response._get_param("Limit"),
    )
    answer = {
        "Records": [
            {
                "Data": record.data,
                "PartitionKey": record.partition_key,
                "SequenceNumber": str(record.sequence_number),
                # Cut: who reads from this time on must get the record.
                "ApproximateArrivalTimestamp": floor(record.created_at * 1000) / 1000,
            }
            for record in records
        ],
        "MillisBehindLatest": behind,
    }
    return json.dumps(answer if iterator is None else {"NextShardIterator": iterator, **answer})


def mend() -> None:
    """Let the moto of this process make streams of these classes; harmless when it does already."""
    models.Shard = Shard  # type: ignore[misc]
    models.Stream = Stream  # type: ignore[misc]
    models.KinesisBackend.get_records = _get_records  # type: ignore[method-assign,assignment]
    KinesisResponse.get_records = _answer_get_records  # type: ignore[method-assign,assignment]
