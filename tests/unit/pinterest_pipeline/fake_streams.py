"""Streams in memory, and the API in front of them and of the topics."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from botocore.exceptions import ClientError

from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy, Request

SHARDS = 2
#: Sequence numbers have 56 digits, and grow by more than one.
FIRST_NUMBER, STEP = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898, 6
#: By how much they are greater in the next life of a stream.
LIFE = 10**40
MADE = datetime(2026, 1, 1, 12, 0, 0, 123_000, tzinfo=UTC)


class FakeStreams:
    """Kinesis streams of two shards: what PutRecords writes and GetRecords reads."""

    def __init__(self) -> None:
        self._shards: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.page_size = 3
        #: Answers without records that come before each one with some, as the service may give.
        self.empty_answers = 1
        #: Codes of the errors that the next calls of a reader meet.
        self.errors: list[str] = []
        #: The most bytes that a record may have, with its key.
        self.record_limit = 1024 * 1024
        self._asked = 0
        #: How often each stream was made again; ``None`` when it was deleted.
        self._lives: dict[str, int | None] = defaultdict(int)

    def put(self, stream: str, records: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        """Write records; the entries of PutRecords' answer."""
        return [self._put_one(stream, key, value) for key, value in records]

    def _put_one(self, stream: str, key: str, value: Any) -> dict[str, Any]:
        shard = f"shardId-{(int(key) if key.isdigit() else 0) % SHARDS:012d}"
        records = self._shards[stream, shard]
        number = str(self._first_number(stream) + STEP * len(records))
        records.append({"SequenceNumber": number, "PartitionKey": key, "Data": value})
        return {"SequenceNumber": number, "ShardId": shard}

    def _first_number(self, stream: str) -> int:
        return FIRST_NUMBER + LIFE * (self._lives[stream] or 0)

    def delete(self, stream: str) -> None:
        """Delete a stream with its records."""
        self._lives[stream] = None
        for of, shard in list(self._shards):
            if of == stream:
                del self._shards[of, shard]

    def make_again(self, stream: str) -> None:
        """Delete a stream, and make another of its name."""
        lives = self._lives[stream] or 0
        self.delete(stream)
        self._lives[stream] = lives + 1

    def describe(self, stream: str) -> dict[str, Any] | None:
        """What KinesisHook finds; the time is in the zone of the worker, as boto3 has it."""
        lives = self._lives[stream]
        if lives is None:
            return None
        made = MADE + timedelta(hours=lives)
        zone = timezone(timedelta(hours=-5))
        return {"StreamName": stream, "StreamCreationTimestamp": made.astimezone(zone)}

    def records(self, stream: str) -> list[tuple[str, Any]]:
        """Partition key and data of all records, shard by shard."""
        return [
            (record["PartitionKey"], record["Data"])
            for (of, _), records in sorted(self._shards.items())
            if of == stream
            for record in records
        ]

    def spans(self, stream: str, *, behind: int) -> list[dict[str, Any]]:
        """What a burst would tell of its records, which are behind ``behind`` others in the second shard."""
        found = []
        for shard, skipped in (("shardId-000000000000", 0), ("shardId-000000000001", behind)):
            numbers = [record["SequenceNumber"] for record in self._shards[stream, shard][skipped:]]
            found.append(
                {
                    "shard": shard,
                    "records": len(numbers),
                    "first_sequence_number": numbers[0],
                    "last_sequence_number": numbers[-1],
                }
            )
        return found

    def lose(self, stream: str, *, key: str) -> None:
        """Remove the records of a partition key."""
        for (of, _), records in self._shards.items():
            if of == stream:
                records[:] = [record for record in records if record["PartitionKey"] != key]

    def get_shard_iterator(
        self, *, StreamName: str, ShardId: str, ShardIteratorType: str, StartingSequenceNumber: str
    ) -> dict[str, Any]:
        assert ShardIteratorType == "AT_SEQUENCE_NUMBER"
        self._meet_error("GetShardIterator")
        if int(StartingSequenceNumber) < self._first_number(StreamName):
            raise _error("InvalidArgumentException", "GetShardIterator")
        return {"ShardIterator": f"{StreamName} {ShardId} {StartingSequenceNumber}"}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:
        assert 1 <= Limit <= 10_000
        self._meet_error("GetRecords")
        self._asked += 1
        if self._asked % (self.empty_answers + 1):
            return {"Records": [], "NextShardIterator": ShardIterator}
        stream, shard, start = ShardIterator.split()
        records = self._shards[stream, shard]
        page = [record for record in records if int(record["SequenceNumber"]) >= int(start)]
        page = page[: self.page_size]
        following = int(page[-1]["SequenceNumber"]) + 1 if page else start
        return {
            "Records": [{**record, "Data": _as_bytes(record["Data"])} for record in page],
            "NextShardIterator": f"{stream} {shard} {following}",
        }

    def _meet_error(self, call: str) -> None:
        if self.errors:
            raise _error(self.errors.pop(0), call)


def _error(code: str, call: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} of a test"}}, call)


def _as_bytes(data: Any) -> bytes:
    return data if isinstance(data, bytes) else json.dumps(data).encode()


class FakeApi(FakeRestProxy):
    """The whole API: topics as the REST proxy has them, and PutRecords of streams."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = FakeStreams()

    def usual(self, request: Request) -> Answer:
        if request.method == "PUT" and request.path.endswith("/record"):
            return self.put_record(request, lambda data: data)
        if request.method == "PUT":
            return self.put_records(request)
        return super().usual(request)

    def put_record(self, request: Request, template: Callable[[Any], Any]) -> Answer:
        """PutRecord, with what a mapping template makes of the data."""
        _, path, stream, method = request.path.split("/")
        assert (path, method) == ("streams", "record")
        data = json.dumps(template(request.body["Data"])).encode()
        (entry,) = self.streams.put(stream, [(request.body["PartitionKey"], data)])
        return Answer(200, entry)

    def put_records(
        self,
        request: Request,
        *,
        refuse: Callable[[int], bool] = lambda _: False,
        template: Callable[[Any], Any] = lambda data: data,
    ) -> Answer:
        """PutRecords, which refuses the records at some positions inside a 200, and all for one too large."""
        _, path, stream, method = request.path.split("/")
        assert (path, method) == ("streams", "records")
        for position, record in enumerate(request.body["records"], 1):
            if len(json.dumps(record["data"])) + len(record["partition-key"]) > self.streams.record_limit:
                problem = f"Value at 'records.{position}.member.data' failed to satisfy constraint"
                return Answer(400, {"__type": "ValidationException", "message": problem})
        entries = []
        for position, record in enumerate(request.body["records"]):
            if refuse(position):
                entries.append(
                    {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
                )
            else:
                entries += self.streams.put(stream, [(record["partition-key"], template(record["data"]))])
        failed = sum("ErrorCode" in entry for entry in entries)
        return Answer(200, {"FailedRecordCount": failed, "Records": entries})
