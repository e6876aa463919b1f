"""Records sent through the API to a Kinesis stream, by its PutRecords method."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pinterest_pipeline.emulation.sender import ApiSender, Outcome, Record

#: Kinesis takes so many records in one request.
MAX_RECORDS = 500
#: Of one request's body: within API Gateway's 10 MB and Kinesis's 5 MiB of data and keys, and few enough that
#: the mapping template is done with them long before API Gateway's 29 seconds.
MAX_BYTES = 4 * 1024 * 1024
_OPENING, _CLOSING = b'{"records":[', b"]}"


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

    def split(self, records: Sequence[Record]) -> Iterable[tuple[int, bytes]]:
        """Requests as full as the limits allow; a record that is too large is left to Kinesis to refuse."""
        written = [
            msgspec.json.encode({"data": record.value, "partition-key": str(record.key)})
            for record in records
        ]
        begin = size = 0
        for place, text in enumerate(written):
            full = place - begin == MAX_RECORDS or size + len(text) + 1 > MAX_BYTES
            if full and place > begin:
                yield place - begin, _body(written[begin:place])
                begin, size = place, 0
            size += len(text) + 1
        if begin < len(written):
            yield len(written) - begin, _body(written[begin:])

    def outcomes(self, document: Any) -> list[Outcome]:
        """``Records`` of the answer: shard and sequence number, or an error."""
        return [
            Outcome(None, f"{entry['ErrorCode']}: {entry.get('ErrorMessage')}")
            if entry.get("ErrorCode")
            else Outcome((str(entry["ShardId"]), str(entry["SequenceNumber"])))
            for entry in document[self.told_by]
        ]


def _body(records: Sequence[bytes]) -> bytes:
    return _OPENING + b",".join(records) + _CLOSING
