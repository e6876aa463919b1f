"""Records sent through the API to a topic, as the Kafka REST proxy's v2 API has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pinterest_pipeline.emulation.bodies import CLOSING, OPENING, full_requests
from pinterest_pipeline.emulation.sender import ApiSender, Outcome, Record

CONTENT_TYPE = "application/vnd.kafka.json.v2+json"
#: Of one request's body: API Gateway refuses more than 10 MB.
MAX_BYTES = 9_000_000


class TopicSender(ApiSender):
    """Sends batches to one Kafka topic: a record is written to a partition, at an offset.

    .. seealso:: https://docs.confluent.io/platform/current/kafka-rest/api.html#crest-api-v2

    :param base_url: the API's invoke URL.
    :param topic: Kafka topic.
    :param options: ``api_key``, ``stop`` and the limits of :class:`ApiSender`.
    """

    told_by = "offsets"

    def __init__(self, *, base_url: str, topic: str, **options: Any) -> None:
        super().__init__(
            place=f"topic {topic}",
            method="POST",
            url=f"{base_url.rstrip('/')}/topics/{topic}",
            headers={"Content-Type": CONTENT_TYPE, "Accept": "application/vnd.kafka.v2+json"},
            **options,
        )

    def split(self, records: Sequence[Record]) -> Iterable[tuple[Sequence[int], bytes]]:
        """One request, or as many as rows of an unusual size need."""
        # Twice as fast as the standard library, and part of Airflow's SDK.
        wanted = [{"key": record.key, "value": record.value} for record in records]
        body = msgspec.json.encode({"records": wanted})
        if len(body) <= MAX_BYTES:
            yield range(len(records)), body
        else:
            written = {place: msgspec.json.encode(record) for place, record in enumerate(wanted)}
            yield from full_requests(written, max_bytes=MAX_BYTES - len(OPENING + CLOSING))

    def outcomes(self, document: Any) -> list[Outcome]:
        """``offsets`` of the answer: partition and offset, or an error."""
        return [
            Outcome(None, f"error {entry.get('error_code')}: {entry.get('error')}")
            if entry.get("error_code") is not None or entry.get("error") is not None
            else Outcome((int(entry["partition"]), int(entry["offset"])))
            for entry in document[self.told_by]
        ]
