from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from pinterest_sandbox.aws.kinesis_requests import RefusedRequest, check_request

DATA = base64.b64encode(b'{"index":1}').decode()
RECORD = {"Data": DATA, "PartitionKey": "1"}
WRONG = "failed to satisfy constraint: Member must"


def refusal(action: str, body: Any) -> tuple[str, str]:
    with pytest.raises(RefusedRequest) as refused:
        check_request(action, body if isinstance(body, bytes) else json.dumps(body).encode())
    return refused.value.code, refused.value.message


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("ListStreams", {}),
        ("ListStreams", b""),
        ("DescribeStream", {"StreamName": "streaming-1-pin"}),
        ("CreateStream", {"StreamName": "a.b_c-D9", "ShardCount": 1}),
        ("PutRecord", {"StreamName": "s", **RECORD}),
        ("PutRecord", {"StreamName": "s", "Data": "", "PartitionKey": "ü" * 256, "Unknown": 1}),
        ("PutRecords", {"StreamName": "s", "Records": [RECORD] * 500}),
        ("GetShardIterator", {"ShardId": "s", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1.5}),
    ],
)
def test_what_may_be_sent(action: str, body: Any) -> None:
    check_request(action, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("action", "body", "problem"),
    [
        ("PutRecords", {"Records": []}, f"Value at 'records' {WRONG} have length greater than or equal to 1"),
        (
            "PutRecords",
            {"Records": [RECORD] * 501},
            f"Value at 'records' {WRONG} have length less than or equal to 500",
        ),
        ("PutRecords", {"StreamName": "s"}, f"Value null at 'records' {WRONG} not be null"),
        (
            "PutRecords",
            {"Records": [RECORD, {"PartitionKey": "1"}]},
            f"Value null at 'records.2.member.data' {WRONG} not be null",
        ),
        (
            "PutRecord",
            {"Data": DATA, "PartitionKey": ""},
            f"Value '' at 'partitionKey' {WRONG} have length greater than or equal to 1",
        ),
        (
            "DescribeStream",
            {"StreamName": "a b"},
            f"Value 'a b' at 'streamName' {WRONG} satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            "CreateStream",
            {"StreamName": "s", "ShardCount": 0},
            f"Value '0' at 'shardCount' {WRONG} have value greater than or equal to 1",
        ),
        (
            "CreateStream",
            {"StreamName": "s", "StreamModeDetails": {"StreamMode": "x"}},
            f"Value 'x' at 'streamModeDetails.streamMode' {WRONG} "
            "satisfy enum value set: [PROVISIONED, ON_DEMAND]",
        ),
    ],
)
def test_constraints_are_told_in_the_words_of_aws(action: str, body: Any, problem: str) -> None:
    assert refusal(action, body) == ("ValidationException", f"1 validation error detected: {problem}")


def test_all_problems_are_told_at_once() -> None:
    _, message = refusal("PutRecord", {"StreamName": "", "PartitionKey": "x" * 257})

    assert message.startswith("4 validation errors detected: Value '' at 'streamName' ")
    assert message.count(WRONG) == 4


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("CreateStream", b'{"StreamName": "s", "ShardCount": , }'),
        ("CreateStream", {"StreamName": "s", "ShardCount": "2"}),
        ("CreateStream", {"StreamName": "s", "ShardCount": True}),
        ("DescribeStream", {"StreamName": 5}),
        ("DescribeStream", ["s"]),
        ("PutRecord", {"Data": "*", "PartitionKey": "1"}),
        ("PutRecord", {"Data": "abc", "PartitionKey": "1"}),
        ("PutRecord", {"Data": DATA, "PartitionKey": 5}),
        ("PutRecord", {"Data": DATA, "PartitionKey": "a\ud800"}),
        ("PutRecords", {"Records": {"0": RECORD}}),
        ("PutRecords", {"Records": [1]}),
    ],
)
def test_wrong_types_cannot_be_read(action: str, body: Any) -> None:
    assert refusal(action, body)[0] == "SerializationException"


def test_actions_that_there_are_not() -> None:
    assert refusal("PutPosts", {})[0] == "UnknownOperationException"
