"""Records sent through the API to a Kinesis stream, by its PutRecords method."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pinterest_pipeline.emulation.bodies import full_requests
from pinterest_pipeline.emulation.sender import ApiSender, Outcome, Record
from pinterest_pipeline.errors import RecordRefused, Refused

#: Kinesis takes so many records in one request.
MAX_RECORDS = 500
#: Of one request's body: within API Gateway's 10 MB and Kinesis's 5 MiB of data and keys, and few enough that
#: the mapping template is done with them long before API Gateway's 29 seconds.
MAX_BYTES = 4 * 1024 * 1024
#: A larger record goes alone, behind all others of its batch: when it is too large for the stream, Kinesis
#: refuses the whole request. A stream takes 1 MiB of data and key, unless it was given another limit; this is
#: a bit less, since what Kinesis counts is what the API's template has written.
ALONE_BYTES = 1_000_000
#: Statuses of a refusal that may be because of that: Kinesis's and API Gateway's.
TOO_LARGE = (400, 413)


class StreamSender(ApiSender):
    """Sends batches to one stream: a record is written to a shard, with a sequence number.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html

    :param base_url: the API's invoke URL.
    :param stream: name of the stream.
    :param options: ``api_key``, ``stop`` and the limits of :class:`ApiSender`.
    """

    told_by = "Records"

    def __init__(self, *, base_url: str, stream: str, **options: Any) -> None:
        super().__init__(
            place=f"stream {stream}",
            method="PUT",
            url=f"{base_url.rstrip('/')}/streams/{stream}/records",
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            **options,
        )

    def split(self, records: Sequence[Record]) -> Iterable[tuple[Sequence[int], bytes]]:
        """Requests as full as the limits allow, then those of one large record each."""
        written = [
            msgspec.json.encode({"data": record.value, "partition-key": str(record.key)})
            for record in records
        ]
        alone = {place: text for place, text in enumerate(written) if len(text) > ALONE_BYTES}
        together = {place: text for place, text in enumerate(written) if place not in alone}
        yield from full_requests(together, max_bytes=MAX_BYTES, max_records=MAX_RECORDS)
        yield from full_requests(alone, max_bytes=MAX_BYTES, max_records=1)

    def explain(self, refusal: Refused, records: Sequence[Record]) -> Refused:
        """Name a large record that is refused, and what can be done."""
        if len(records) > 1 or refusal.status not in TOO_LARGE:
            return refusal
        key = str(records[0].key)
        size = len(msgspec.json.encode(records[0].value)) + len(key)
        return RecordRefused(self.place, key, size, refusal) if size > ALONE_BYTES else refusal

    def outcomes(self, document: Any) -> list[Outcome]:
        """``Records`` of the answer: shard and sequence number, or an error."""
        return [
            Outcome(None, f"{entry['ErrorCode']}: {entry.get('ErrorMessage')}")
            if entry.get("ErrorCode")
            else Outcome((str(entry["ShardId"]), str(entry["SequenceNumber"])))
            for entry in document[self.told_by]
        ]
