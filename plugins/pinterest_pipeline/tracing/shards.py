"""Which shards of a stream a partition key leads to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any


def shards_of(partition_key: str, shards: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the shards that hold a partition key; of a stream that was resharded, also closed ones.

    Kinesis takes the MD5 of the key for a number, and each shard a range of such numbers.

    :param partition_key: the key.
    :param shards: as ListShards gives them.
    """
    number = int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest())
    return sorted(
        str(shard["ShardId"])
        for shard in shards
        if int(shard["HashKeyRange"]["StartingHashKey"])
        <= number
        <= int(shard["HashKeyRange"]["EndingHashKey"])
    )
