"""The forms in which records come in batches, and in which single ones are refused inside a 200.

- REST proxy: https://docs.confluent.io/platform/current/kafka-rest/api.html
- Kinesis: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
- The API's stream part, whose names are those of AWS's tutorial, answers as Kinesis does:
  https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import web  # slow to import, and the services' names are needed everywhere


@dataclass(frozen=True, kw_only=True)
class BatchForm:
    """How batches are written, and their answers.

    :param brings: whether a request brings a batch of this form.
    :param member: the request's list of records.
    :param answers: the answer's list, which has an entry for each record in the same order.
    :param refused: the entry of a record that is refused, and may be sent again.
    :param count: the answer's member that counts refused records, if it has one.
    :param empty: an answer to nothing but refused records, without its list and count.
    :param content_type: of that answer.
    """

    brings: Callable[[web.Request], bool]
    member: str
    answers: str
    refused: Mapping[str, Any]
    count: str | None
    empty: Mapping[str, Any]
    content_type: str

    def complete(self, answer: Mapping[str, Any], refused: Sequence[bool]) -> dict[str, Any]:
        """The answer to a whole batch.

        :param answer: to what remained of it.
        :param refused: for each record of the whole batch, whether it is refused.
        """
        taken = iter(answer.get(self.answers, ()))
        whole = {**answer, self.answers: [self.refused if out else next(taken) for out in refused]}
        if self.count is not None:
            whole[self.count] = answer.get(self.count, 0) + sum(refused)
        return whole


_TOPIC = re.compile(r"/topics/+[^/]+(/+partitions/+\d+)?/*$").search
_STREAM = re.compile(r"/streams/+[^/]+/+records/*$").search
_THROTTLED = {
    "ErrorCode": "ProvisionedThroughputExceededException",
    "ErrorMessage": "Rate exceeded for a shard of the stream.",
}

REST_PROXY = BatchForm(
    brings=lambda request: request.method == "POST" and _TOPIC(request.path) is not None,
    member="records",
    answers="offsets",
    refused={
        "partition": None,
        "offset": None,
        "error_code": 50003,
        "error": "Broker: Not enough in-sync replicas",
    },
    count=None,
    empty={"key_schema_id": None, "value_schema_id": None},
    content_type="application/vnd.kafka.v2+json",
)

PUT_RECORDS = BatchForm(
    brings=lambda request: request.headers.get("X-Amz-Target", "").endswith(".PutRecords"),
    member="Records",
    answers="Records",
    refused=_THROTTLED,
    count="FailedRecordCount",
    empty={},
    content_type="application/x-amz-json-1.1",
)

API_STREAM = BatchForm(
    brings=lambda request: request.method == "PUT" and _STREAM(request.path) is not None,
    member="records",
    answers="Records",
    refused=_THROTTLED,
    count="FailedRecordCount",
    empty={},
    content_type="application/json",
)
