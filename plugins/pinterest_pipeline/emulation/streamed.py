"""Whether every acknowledged record of a burst is in its stream, read back from the stream itself.

Between the first and the last acknowledged record of a shard there may be records of others, and copies of
ours whose answer was lost. So records are held by their partition keys against the keys that were sent.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import tenacity
from botocore.exceptions import ClientError

from pinterest_pipeline.emulation.pace import Clock, Pacer
from pinterest_pipeline.emulation.shards import ShardSpan, Spans
from pinterest_pipeline.errors import PipelineError

#: The most that GetRecords gives at once.
RECORDS_AT_ONCE = 10_000
#: Reads of a shard a second. It takes five of all readers together, and the ingest is one of them; twice the
#: most records are more than a shard gives out in a second anyway.
READS_A_SECOND = 2
#: Empty answers after which a shard counts as read: GetRecords may give none though there are some.
EMPTY_ANSWERS = 50
#: Errors of a reader that asks for too much, and how often in a row they are met with a pause. After an
#: answer of 10 MB a shard gives out nothing for five seconds.
THROTTLES = ("ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException")
THROTTLED_ATTEMPTS = 12
LONGEST_PAUSE_S = 5.0
#: Errors that say that a shard, or a record of it, is not of this stream.
UNKNOWN_PLACES = ("InvalidArgumentException", "ResourceNotFoundException")

Pause = Callable[[float], None]


def count_records(
    kinesis: Any,
    stream: str,
    spans: Spans,
    sent: Counter[str],
    *,
    clock: Clock = time.monotonic,
    pause: Pause = time.sleep,
) -> int:
    """How many of a burst's records lie in a stream.

    They are looked for between the first and the last acknowledged one of each shard. A shard is read at a
    modest pace, and again after a pause when it has been asked for too much.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html

    :param kinesis: a boto3 Kinesis client.
    :param stream: name of the stream.
    :param spans: shard id to its acknowledged records.
    :param sent: how often each partition key was sent; a key that is there more often counts no more.
    :param clock: seconds that never go back.
    :param pause: waits for some seconds.
    :raises PipelineError: when a shard does not know the first acknowledged record, or ends before the last.
    :raises botocore.exceptions.ClientError: when Kinesis refuses to be read, or is asked for too much by
        others all the time.
    """
    seen: Counter[str] = Counter()
    for shard, span in spans.items():
        seen += _ShardReader(kinesis, stream, shard, clock, pause).read_keys(span)
    return (seen & sent).total()


class _ShardReader:
    def __init__(self, kinesis: Any, stream: str, shard: str, clock: Clock, pause: Pause) -> None:
        self._kinesis = kinesis
        self._stream = stream
        self._shard = shard
        self._pacer = Pacer(READS_A_SECOND, clock=clock, pause=pause)
        self._patiently = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_throttle),
            stop=tenacity.stop_after_attempt(THROTTLED_ATTEMPTS),
            wait=tenacity.wait_exponential_jitter(initial=0.5, max=LONGEST_PAUSE_S, jitter=0.5),
            sleep=pause,
            reraise=True,
        )

    def read_keys(self, span: ShardSpan) -> Counter[str]:
        """How often each partition key is in the span."""
        keys: Counter[str] = Counter()
        iterator = self._find(span.first)
        empty = 0
        while iterator and empty < EMPTY_ANSWERS:
            self._pacer.wait(1)
            answer = self._patiently(self._kinesis.get_records, ShardIterator=iterator, Limit=RECORDS_AT_ONCE)
            numbers = [int(record["SequenceNumber"]) for record in answer["Records"]]
            keys.update(
                record["PartitionKey"]
                for record, number in zip(answer["Records"], numbers, strict=True)
                if span.first <= number <= span.last
            )
            if numbers and max(numbers) >= span.last:
                return keys
            empty = 0 if numbers else empty + 1
            iterator = answer.get("NextShardIterator")
        raise PipelineError(
            f"stream {self._stream}: {self._shard} ends before the acknowledged record {span.last}; "
            f"{keys.total()} records are there, {span.records} were acknowledged"
        )

    def _find(self, number: int) -> str | None:
        try:
            found: dict[str, str | None] = self._patiently(
                self._kinesis.get_shard_iterator,
                StreamName=self._stream,
                ShardId=self._shard,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                StartingSequenceNumber=str(number),
            )
        except ClientError as error:
            if _code(error) in UNKNOWN_PLACES:
                raise PipelineError(
                    f"stream {self._stream} does not know the acknowledged record {number} of {self._shard}: "
                    f"it was made again, or has forgotten the shard by its retention ({error})"
                ) from error
            raise
        return found["ShardIterator"]


def _is_throttle(error: BaseException) -> bool:
    return isinstance(error, ClientError) and _code(error) in THROTTLES


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
