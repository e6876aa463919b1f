"""A stream of the mended moto, as tests write to it and change its shards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

#: The first hash key of the second of two shards.
HALF = 2**127


@contextmanager
def running_kinesis(port: int = 0) -> Iterator[str]:
    """Run moto with the mended Kinesis in a thread and give its address.

    :param port: where it listens; 0 for any free port.
    """
    from moto.server import ThreadedMotoServer

    from pinterest_sandbox.aws import kinesis

    kinesis.mend()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port)
    server.start()
    host, number = server.get_host_and_port()
    yield f"http://{host}:{number}"
    server.stop()


class StreamClient:
    """One stream of the mended moto."""

    def __init__(self, client: Any, name: str, shards: int) -> None:
        self.client, self.name = client, name
        client.create_stream(StreamName=name, ShardCount=shards)

    def put(self, text: str, key: int = 0, *, partition_key: str = "k") -> tuple[str, str]:
        """Put a record into the shard that holds ``key``; its shard and sequence number."""
        given = self.client.put_record(
            StreamName=self.name, Data=text.encode(), PartitionKey=partition_key, ExplicitHashKey=str(key)
        )
        return given["ShardId"], given["SequenceNumber"]

    def shards(self) -> dict[str, dict[str, Any]]:
        return {s["ShardId"]: s for s in self.client.list_shards(StreamName=self.name)["Shards"]}

    def read(self, shard: str, **arguments: Any) -> tuple[list[str], bool]:
        """What one GetRecords gives from the beginning on, and whether the shard has ended."""
        iterator = self.client.get_shard_iterator(
            StreamName=self.name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        answer = self.client.get_records(ShardIterator=iterator, **arguments)
        return [r["Data"].decode() for r in answer["Records"]], "NextShardIterator" not in answer

    def created(self) -> str:
        """When it was created, as the name of a checkpoint's folder has it."""
        found = self.client.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]
        moment: datetime = found["StreamCreationTimestamp"].astimezone(UTC)
        return f"{moment:%Y%m%dT%H%M%S.%fZ}"

    def split(self, shard: str) -> None:
        """Split a shard in the middle of its keys."""
        keys = self.shards()[shard]["HashKeyRange"]
        middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2 + 1
        self.client.split_shard(StreamName=self.name, ShardToSplit=shard, NewStartingHashKey=str(middle))

    def merge(self, first: str, second: str) -> None:
        """Merge two neighbours."""
        self.client.merge_shards(StreamName=self.name, ShardToMerge=first, AdjacentShardToMerge=second)

    def recreate(self, shards: int = 1) -> None:
        """Delete the stream and create it again."""
        self.client.delete_stream(StreamName=self.name)
        self.client.create_stream(StreamName=self.name, ShardCount=shards)
