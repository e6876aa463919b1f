"""Records of a post in its stream: behind what the ingest has read, and some minutes before that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.emulation.pace import Pacer
from pinterest_pipeline.emulation.streamed import (
    EMPTY_ANSWERS,
    LONGEST_PAUSE_S,
    READS_A_SECOND,
    RECORDS_AT_ONCE,
    THROTTLED_ATTEMPTS,
    THROTTLES,
    UNKNOWN_PLACES,
)
from pinterest_pipeline.entities import Contract, names
from pinterest_pipeline.tracing.contents import describe, may_hold
from pinterest_pipeline.tracing.shards import shards_of
from pinterest_pipeline.tracing.stream import Number, Record

#: How long before the last record that the ingest has read a search begins.
LOOK_BACK = timedelta(minutes=10)
#: Records of each shard that are read at most, and the seconds that reading it may take.
MOST_READ = 200_000
READING_S = 60.0


@dataclass(kw_only=True)
class StreamSide:
    """What Kinesis has of an entity's records.

    :param created: when the stream was made; ``None`` when there is none.
    :param records: records that were sent under the key, or have it.
    :param not_searched: sentences about what was not.
    """

    created: datetime | None = None
    records: list[Record] = field(default_factory=list)
    not_searched: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the tables know of a stream.

    :param row: position of the row in the stream table.
    :param ends: shard to when the last record arrived there that the ingest has read.
    """

    row: Number | None = None
    ends: Mapping[str, datetime] = field(default_factory=dict)


def read(
    contract: Contract,
    ind: int,
    known: Known,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> StreamSide:
    """Look for the records of a post.

    :param contract: the entity.
    :param ind: key of the post.
    :param known: what the tables know.
    :param clock: seconds that never go back.
    :param pause: waits for some seconds.
    """
    from cloud_operators.aws.hooks.kinesis import KinesisHook

    stream = names().stream(contract.entity)
    hook = KinesisHook(aws_conn_id=connections.AWS)
    summary = hook.find_stream(stream)
    if summary is None:
        return StreamSide(not_searched=[f"stream {stream}: it does not exist"])
    side = StreamSide(created=summary["StreamCreationTimestamp"].astimezone(UTC))
    search = _Search(hook.conn, stream, contract, ind, side, clock, pause)
    every = list(_list_shards(hook.conn, stream))
    own = shards_of(str(ind), every)
    if len(every) > len(own):
        side.not_searched.append(
            f"stream {stream}: {len(every) - len(own)} shards that records with the partition key {ind} do "
            "not go to"
        )
    for shard in own:
        search.shard(shard, known.ends.get(shard))
    seen = {record.number for record in side.records}
    if known.row and known.row not in seen:
        search.single(known.row)
    return side


def _list_shards(kinesis: Any, stream: str) -> Iterator[Mapping[str, Any]]:
    request: dict[str, Any] = {"StreamName": stream}
    while True:
        answer = kinesis.list_shards(**request)
        yield from answer["Shards"]
        if not answer.get("NextToken"):
            return
        # Kinesis takes either the name or the token.
        request = {"NextToken": answer["NextToken"]}


class _Search:
    def __init__(
        self,
        kinesis: Any,
        stream: str,
        contract: Contract,
        ind: int,
        side: StreamSide,
        clock: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        import tenacity

        self._kinesis = kinesis
        self._stream = stream
        self._contract = contract
        self._ind = ind
        self._side = side
        self._clock = clock
        self._pacer = Pacer(READS_A_SECOND, clock=clock, pause=pause)
        self._patiently = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: _code(error) in THROTTLES),
            stop=tenacity.stop_after_attempt(THROTTLED_ATTEMPTS),
            wait=tenacity.wait_exponential_jitter(initial=0.5, max=LONGEST_PAUSE_S, jitter=0.5),
            sleep=pause,
            reraise=True,
        )

    def shard(self, shard: str, read_to: datetime | None) -> None:
        """Read a shard to its present end, from some time before what the ingest has read."""
        place = f"stream {self._stream}, {shard}"
        begin = read_to - LOOK_BACK if read_to else None
        if begin and self._side.created and begin <= self._side.created:
            begin = None
        where: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if begin:
            where = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": begin}
            self._side.not_searched.append(f"{place}: records that arrived before {begin.isoformat()}")
        began, count, empty = self._clock(), 0, 0
        iterator = self._iterator(shard, where)
        while iterator:
            records, iterator, behind = self._next(iterator, RECORDS_AT_ONCE)
            self._take(shard, records)
            count += len(records)
            empty = 0 if records else empty + 1
            if not records and (behind == 0 or empty >= EMPTY_ANSWERS):
                return
            if count >= MOST_READ or self._clock() - began > READING_S:
                last = records[-1]["ApproximateArrivalTimestamp"].astimezone(UTC) if records else None
                since = f" that arrived after {last.isoformat()}" if last else ""
                self._side.not_searched.append(f"{place}: records{since}, there were too many")
                return

    def single(self, number: Number) -> None:
        """Read one record, unless the stream does not have it any more."""
        from botocore.exceptions import ClientError

        where = {
            "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            "StartingSequenceNumber": number.sequence_number,
        }
        try:
            iterator = self._iterator(number.shard, where)
        except ClientError as error:
            if _code(error) in UNKNOWN_PLACES:
                return
            raise
        for _ in range(EMPTY_ANSWERS):
            if not iterator:
                return
            records, iterator, behind = self._next(iterator, 1)
            if records or behind == 0:
                self._take(
                    number.shard, [r for r in records if r["SequenceNumber"] == number.sequence_number]
                )
                return

    def _iterator(self, shard: str, where: Mapping[str, Any]) -> str | None:
        answer = self._patiently(
            self._kinesis.get_shard_iterator, StreamName=self._stream, ShardId=shard, **where
        )
        found: str | None = answer["ShardIterator"]
        return found

    def _next(self, iterator: str, limit: int) -> tuple[list[Any], str | None, int | None]:
        self._pacer.wait(1)
        answer = self._patiently(self._kinesis.get_records, ShardIterator=iterator, Limit=limit)
        return answer["Records"], answer.get("NextShardIterator"), answer.get("MillisBehindLatest")

    def _take(self, shard: str, records: list[Any]) -> None:
        for record in records:
            sent_under = record["PartitionKey"] == str(self._ind)
            if not sent_under and not may_hold(record["Data"], self._ind):
                continue
            content = describe(record["Data"], self._contract.key)
            if sent_under or content.key == self._ind:
                arrived = record["ApproximateArrivalTimestamp"].astimezone(UTC)
                self._side.records.append(
                    Record(
                        number=Number(shard, record["SequenceNumber"]),
                        arrived_at=arrived.isoformat(timespec="microseconds"),
                        content=content,
                    )
                )


def _code(error: BaseException) -> str:
    response = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))
