"""Whether every acknowledged record of a burst is in its stream, read back from the stream itself."""

from __future__ import annotations

from typing import Any

from pinterest_pipeline.emulation.shards import ShardSpan, Spans
from pinterest_pipeline.errors import PipelineError

#: The most that GetRecords gives at once.
RECORDS_AT_ONCE = 10_000
#: Empty answers after which a shard counts as read: GetRecords may give none though there are some.
EMPTY_ANSWERS = 50


def count_records(kinesis: Any, stream: str, spans: Spans) -> int:
    """How many records lie in a stream between the first and the last acknowledged one of each shard.

    Records of other senders among them count too, so a shard counts for no more than was acknowledged.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html

    :param kinesis: a boto3 Kinesis client.
    :param stream: name of the stream.
    :param spans: shard id to its acknowledged records.
    :raises PipelineError: when a shard ends before the last acknowledged record.
    """
    return sum(
        min(span.records, _count_in_shard(kinesis, stream, shard, span)) for shard, span in spans.items()
    )


def _count_in_shard(kinesis: Any, stream: str, shard: str, span: ShardSpan) -> int:
    iterator: str | None = kinesis.get_shard_iterator(
        StreamName=stream,
        ShardId=shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=str(span.first),
    )["ShardIterator"]
    found = empty = 0
    while iterator and empty < EMPTY_ANSWERS:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=RECORDS_AT_ONCE)
        numbers = [int(record["SequenceNumber"]) for record in answer["Records"]]
        found += sum(span.first <= number <= span.last for number in numbers)
        if numbers and max(numbers) >= span.last:
            return found
        empty = 0 if numbers else empty + 1
        iterator = answer.get("NextShardIterator")
    raise PipelineError(
        f"stream {stream}: {shard} ends before the acknowledged record {span.last}; {found} of "
        f"{span.records} records were found"
    )
