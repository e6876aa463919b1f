"""Putting records into a Kinesis stream: request after request, until each record is stored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

import tenacity
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from cloud_operators.aws.kinesis_records import PreparedRecord, next_request
from cloud_operators.exceptions import RecordsRefused

log = logging.getLogger(__name__)

#: The longest pause between two requests, in seconds.
LONGEST_PAUSE = 20.0
#: The two that the service gives for a record inside an answer.
_RECORD_ERRORS = frozenset({"ProvisionedThroughputExceededException", "InternalFailure"})
#: Of a whole request, besides all that have a status of 429, or of 500 and above.
_REQUEST_ERRORS = frozenset(
    {
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
    }
)


class StoredInShard(TypedDict):
    """What a shard has stored of the records; sequence numbers are text, as the service has them."""

    records: int
    first_sequence_number: str
    last_sequence_number: str


@dataclass
class Progress:
    """What is stored so far.

    :param before: number of records of the requests that are done with
    :param stored: positions of the records of the present request that are stored
    :param refusals: how often a record was sent and not stored
    :param shards: shard id -> what it has stored
    """

    before: int = 0
    stored: set[int] = field(default_factory=set)
    refusals: int = 0
    shards: dict[str, StoredInShard] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of records that are stored."""
        return self.before + len(self.stored)

    def to_json(self) -> dict[str, Any]:
        """Give what :meth:`from_json` reads."""
        return {
            "before": self.before,
            "stored": sorted(self.stored),
            "refusals": self.refusals,
            "shards": self.shards,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Progress:
        """Read what :meth:`to_json` gave."""
        return cls(kept["before"], set(kept["stored"]), kept["refusals"], dict(kept["shards"]))

    def add(self, position: int, shard_id: str, sequence_number: str) -> None:
        """Take down that a record is stored."""
        self.stored.add(position)
        shard = self.shards.get(shard_id)
        first, last, count = (
            (shard["first_sequence_number"], shard["last_sequence_number"], shard["records"])
            if shard
            else (sequence_number, sequence_number, 0)
        )
        self.shards[shard_id] = {
            "records": count + 1,
            "first_sequence_number": min(first, sequence_number, key=int),
            "last_sequence_number": max(last, sequence_number, key=int),
        }


class _TryAgain(Exception):
    """Records of a request are left to be sent."""


class Delivery:
    """Puts records into one stream.

    Requests are made one after the other: the next begins when all records of the last are stored. What is
    refused is sent again, without the rest, after a random pause whose limit doubles each time. A request
    whose answer is lost may have been stored: its records are in the stream twice then.

    :param conn: client of Kinesis
    :param stream: the argument that says which stream is meant
    :param resource: kind and name of the stream, for messages
    :param max_attempts: how often a record is sent at most
    :param first_pause: the limit of the first pause, in seconds
    :param progress: what is stored already
    :param save: keeps what is stored; called after each answer
    """

    def __init__(
        self,
        *,
        conn: Any,
        stream: Mapping[str, str],
        resource: str,
        max_attempts: int,
        first_pause: float,
        progress: Progress,
        save: Callable[[], object],
    ) -> None:
        self._conn = conn
        self._stream = stream
        self._resource = resource
        self._progress = progress
        self._save = save
        #: Position -> why the record was refused the last time.
        self._reasons: dict[int, str] = {}
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(max_attempts),
            wait=tenacity.wait_random_exponential(multiplier=first_pause, max=LONGEST_PAUSE),
            retry=tenacity.retry_if_exception_type(_TryAgain),
            before_sleep=self._log_pause,
            reraise=True,
        )

    def send(self, records: Sequence[PreparedRecord], *, ordered: bool) -> None:
        """Send all records that are not stored yet.

        :param records: all records
        :param ordered: whether each record is stored before the next of its partition key is sent
        :raises RecordsRefused: a record was refused for good, or too often
        :raises botocore.exceptions.ClientError: the service refuses a request for good
        """
        progress = self._progress
        while progress.before < len(records):
            request = next_request(records, progress.before, ordered=ordered)
            waiting = [position for position in request if position not in progress.stored]
            try:
                self._retrying(self._send, records, waiting)
            except _TryAgain as error:
                raise self._refused(len(records)) from error
            progress.before, progress.stored = request.stop, set()

    def _send(self, records: Sequence[PreparedRecord], waiting: list[int]) -> None:
        """Send the records at the positions in ``waiting``, and leave those in it that were refused."""
        if not waiting:
            return
        results = self._put([records[position].entry for position in waiting], waiting)
        lasting = False
        left: list[int] = []
        for position, result in zip(waiting, results, strict=True):
            code = result.get("ErrorCode")
            if code is None:
                self._progress.add(position, result["ShardId"], result["SequenceNumber"])
                self._reasons.pop(position, None)
                continue
            left.append(position)
            self._reasons[position] = f"{code}: {result.get('ErrorMessage')}"
            lasting = lasting or code not in _RECORD_ERRORS
        waiting[:] = left
        self._progress.refusals += len(left)
        self._save()
        if lasting:
            raise self._refused(len(records))
        if left:
            raise _TryAgain(f"{len(left)} records refused, the first with {self._reasons[left[0]]}")

    def _put(self, entries: list[dict[str, Any]], waiting: list[int]) -> list[dict[str, Any]]:
        try:
            answer = self._conn.put_records(**self._stream, Records=entries)
        except (ClientError, ConnectionError, HTTPClientError) as error:
            if isinstance(error, ClientError) and not _passes(error):
                raise
            self._progress.refusals += len(waiting)
            self._reasons |= dict.fromkeys(waiting, str(error))
            raise _TryAgain(str(error)) from error
        results: list[dict[str, Any]] = answer["Records"]
        return results

    def _refused(self, total: int) -> RecordsRefused:
        stored = self._progress.count
        return RecordsRefused(self._resource, stored, total - stored, self._reasons)

    def _log_pause(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.info("Attempt %d: %s; next in %.1f s", state.attempt_number, error, state.upcoming_sleep)


def _passes(error: ClientError) -> bool:
    """Whether the service may answer otherwise in a while."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return error.response["Error"]["Code"] in _REQUEST_ERRORS or status == 429 or status >= 500
