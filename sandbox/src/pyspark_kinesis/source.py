"""The source: offsets of a query, and the records between two of them.

An offset holds, for each stream, when it was created and where each of its shards was read to. Shards that it
does not name are read from their beginning, for they were opened later; only the offset that a query begins
with says otherwise (``from``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition

from pyspark_kinesis.client import kinesis_client
from pyspark_kinesis.options import LATEST, Options, read_options
from pyspark_kinesis.reading import (
    Position,
    Shard,
    last_number,
    list_shards,
    records_between,
    stream_argument,
)

logger = logging.getLogger(__name__)
SCHEMA = (
    "partitionKey STRING, data BINARY, stream STRING, shardId STRING, sequenceNumber STRING, "
    "approximateArrivalTimestamp TIMESTAMP"
)
_ARROW = pa.schema(
    {
        "partitionKey": pa.string(),
        "data": pa.binary(),
        "stream": pa.string(),
        "shardId": pa.string(),
        "sequenceNumber": pa.string(),
        "approximateArrivalTimestamp": pa.timestamp("us", "UTC"),
    }
)
#: Seconds between two looks at streams where nothing happens; Databricks' ``minFetchPeriod``.
IDLE_PERIOD = 0.4
# Where the newest record of a shard is looked for, in seconds before now; then from the beginning on.
_WINDOWS = (60, 3600, 86400)
Offset = dict[str, Any]


class StreamRecreated(Exception):
    """A stream was deleted and created again: what a checkpoint says of the old one means nothing for it."""


class KinesisSource(DataSource):
    """``spark.readStream.format("kinesis")``."""

    @classmethod
    def name(cls) -> str:
        """The format's name."""
        return "kinesis"

    def schema(self) -> str:
        """Databricks' columns."""
        read_options(self.options)
        return SCHEMA

    def streamReader(self, schema: Any) -> KinesisReader:
        """The reader of one query."""
        return KinesisReader(read_options(self.options))


@dataclass(frozen=True)
class Records(InputPartition):
    """The records of one shard that one task reads."""

    shard: Shard
    begin: Position
    until: str


class KinesisReader(DataSourceStreamReader):
    """Reads the streams of one query."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._started = datetime.now(UTC)
        self._known: Offset | None = None
        self._idle_since: float | None = None

    def initialOffset(self) -> Offset:
        """Where a new query begins."""
        begin = self._options.initial_position
        moment = self._started if begin == LATEST else begin
        origin = {"at": _milliseconds(moment)} if isinstance(moment, datetime) else {}
        return {
            stream: {"created": self._created(stream), "from": origin, "shards": {}}
            for stream in sorted(self._options.streams)
        }

    def latestOffset(self) -> Offset:
        """Where the streams end now."""
        if self._idle_since is not None:
            time.sleep(max(0.0, self._idle_since + IDLE_PERIOD - time.monotonic()))
        known = self._known or {}
        found = {stream: self._end(stream, known.get(stream)) for stream in sorted(self._options.streams)}
        self._idle_since = time.monotonic() if found == self._known else None
        self._known = found
        return found

    def partitions(self, start: Offset, end: Offset) -> list[Records]:
        """One task a shard with records between two offsets."""
        _check_streams(start, end)
        for stream, lost in _lost_shards(start, end):
            logger.warning("%s of %s is no longer kept: what was not read of it is lost", lost, stream)
        return [
            Records(Shard(stream=stream, shard_id=shard_id), begin, position["after"])
            for stream in end
            for shard_id, position in end[stream]["shards"].items()
            if "after" in position and (begin := _begin(stream, shard_id, start, end)) is not None
        ]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """A task's records."""
        assert isinstance(partition, Records)
        shard = partition.shard
        client = kinesis_client(self._options.connection)
        for records in records_between(client, shard, partition.begin, partition.until):
            columns = [
                [record["PartitionKey"] for record in records],
                [record["Data"] for record in records],
                [shard.stream.rpartition("/")[2]] * len(records),
                [shard.shard_id] * len(records),
                [record["SequenceNumber"] for record in records],
                [record["ApproximateArrivalTimestamp"] for record in records],
            ]
            yield pa.RecordBatch.from_pydict(dict(zip(_ARROW.names, columns, strict=True)), schema=_ARROW)

    def _created(self, stream: str) -> str:
        client = kinesis_client(self._options.connection)
        found = client.describe_stream_summary(**stream_argument(stream))["StreamDescriptionSummary"]
        created: datetime = found["StreamCreationTimestamp"]
        return created.astimezone(UTC).isoformat()

    def _end(self, stream: str, known: Offset | None) -> Offset:
        """Where one stream ends.

        :param known: what was found the last time, to begin there; ``None`` at the start, when Spark does not
            tell where the query stands. The end is the same then, it only takes longer to find.
        """
        created = self._created(stream)
        if known and known["created"] != created:
            raise _recreated(stream, known["created"], created)
        before = known["shards"] if known else {}
        shards: dict[str, Position] = {}
        for found in list_shards(kinesis_client(self._options.connection), stream):
            shard = Shard(stream=stream, shard_id=found["ShardId"])
            if last := found["SequenceNumberRange"].get("EndingSequenceNumber"):
                shards[shard.shard_id] = {"after": last, "closed": True}
            elif known is None:
                shards[shard.shard_id] = self._search(shard)
            else:
                shards[shard.shard_id] = self._advance(shard, before.get(shard.shard_id, {}))
        return {"created": created, "shards": shards}

    def _advance(self, shard: Shard, known: Position) -> Position:
        last = last_number(kinesis_client(self._options.connection), shard, known)
        return known if last is None else {"after": last}

    def _search(self, shard: Shard) -> Position:
        """Find the newest record of a shard: recent ones first, the whole shard last."""
        now = datetime.now(UTC).timestamp()
        for begin in (*({"at": round((now - window) * 1000)} for window in _WINDOWS), {}):
            if "after" in (found := self._advance(shard, begin)):
                return found
        return {}


def _milliseconds(moment: datetime) -> int:
    """A moment as Kinesis tells time; cut, for a record that follows it at once must not lie before it."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _check_streams(start: Offset, end: Offset) -> None:
    """Refuse to go on from an offset of other streams."""
    if start.keys() != end.keys():
        raise ValueError(
            f"the checkpoint is of {', '.join(start)}, the query reads {', '.join(end)}: "
            "a changed list of streams needs a new checkpoint"
        )
    for stream in end:
        if start[stream]["created"] != end[stream]["created"]:
            raise _recreated(stream, start[stream]["created"], end[stream]["created"])


def _begin(stream: str, shard_id: str, start: Offset, end: Offset) -> Position | None:
    """Where a shard's records between two offsets begin; ``None`` when there are none."""
    before = start[stream]
    begin: Position = before["shards"].get(shard_id, before.get("from", {}))
    return None if begin.get("after") == end[stream]["shards"][shard_id]["after"] else begin


def _lost_shards(start: Offset, end: Offset) -> list[tuple[str, str]]:
    """Stream and id of shards that have gone without having been read to their end."""
    return [
        (stream, shard_id)
        for stream in start
        for shard_id, position in start[stream]["shards"].items()
        if shard_id not in end[stream]["shards"] and not position.get("closed")
    ]


def _recreated(stream: str, known: str, found: str) -> StreamRecreated:
    return StreamRecreated(
        f"the checkpoint is of the stream {stream} created at {known}, which was deleted; the one of now was "
        f"created at {found} and needs a new checkpoint"
    )
