from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from cloud_operators.aws.hooks.kinesis import KinesisHook, stream_name
from tests.unit.cloud_operators.aws.fake_kinesis import ACCOUNT, FakeKinesis

ARN = f"{ACCOUNT}:stream/demo"


@pytest.mark.parametrize("stream", ["demo", ARN], ids=["name", "ARN"])
def test_finds_a_stream(kinesis: FakeKinesis, stream: str) -> None:
    hook = KinesisHook(aws_conn_id=None)
    assert hook.find_stream(stream) is None

    kinesis.add("demo", shards=3)

    found = hook.find_stream(stream)
    assert found is not None
    assert (found["StreamARN"], found["OpenShardCount"]) == (ARN, 3)
    assert stream_name(stream) == "demo"


def test_other_errors_are_no_missing_stream(kinesis: FakeKinesis) -> None:
    kinesis.refuse_looks = [(400, "AccessDeniedException")]

    with pytest.raises(ClientError, match="AccessDenied"):
        KinesisHook(aws_conn_id=None).find_stream("demo")
