from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud_operators.aws.operators.kinesis import KinesisDeleteStreamOperator
from cloud_operators.exceptions import ServiceFailed, WaitTimedOut
from tests.unit.cloud_operators.aws.fake_kinesis import ACCOUNT, FakeKinesis
from tests.unit.cloud_operators.running import run

ARN = f"{ACCOUNT}:stream/demo"


def delete(stream: str = "demo", **arguments: Any) -> KinesisDeleteStreamOperator:
    return KinesisDeleteStreamOperator(
        task_id="delete", stream=stream, **{"aws_conn_id": None, "waiter_delay": 0, **arguments}
    )


@pytest.mark.parametrize("stream", ["demo", ARN], ids=["name", "ARN"])
def test_deletes(kinesis: FakeKinesis, way: dict[str, Any], context: Any, stream: str) -> None:
    kinesis.add("demo")
    kinesis.add("demo-2")

    assert run(delete(stream, **way), context) == stream

    waited = way["deferrable"] or way["wait_for_completion"]
    assert {name: each.status for name, each in kinesis.streams.items()} == (
        {"demo-2": "ACTIVE"} if waited else {"demo": "DELETING", "demo-2": "ACTIVE"}
    )


def test_deletes_what_is_gone(kinesis: FakeKinesis, way: dict[str, Any], context: Any) -> None:
    assert run(delete(**way), context) == "demo"
    assert "DeleteStream" not in kinesis.requests


def test_waits_for_a_deletion_of_others(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    kinesis.add("demo", status="DELETING", then="gone")

    assert run(delete(**waiting), context) == "demo"
    assert kinesis.streams == {}
    assert "DeleteStream" not in kinesis.requests


def test_is_content_when_others_were_quicker(kinesis: FakeKinesis, way: dict[str, Any], context: Any) -> None:
    kinesis.add("demo")
    original = kinesis.answer

    def gone(operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "DeleteStream":
            kinesis.streams.clear()
        return original(operation, body)

    kinesis.answer = gone  # type: ignore[method-assign]

    assert run(delete(**way), context) == "demo"


@pytest.mark.parametrize("status", ["CREATING", "UPDATING"])
@pytest.mark.parametrize("then", ["ACTIVE", "DELETING", "gone"])
def test_waits_until_the_stream_can_be_deleted(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any, status: str, then: str
) -> None:
    stream = kinesis.add("demo", status=status, then=then)
    if then == "DELETING":
        end = stream.ending
        assert end is not None

        def deleting() -> None:
            end[1]()
            stream.ending = (3, kinesis.streams.clear)

        stream.ending = (1, deleting)

    assert run(delete(**waiting), context) == "demo"
    assert kinesis.streams == {}


@pytest.mark.parametrize("status", ["CREATING", "UPDATING"])
def test_without_waiting_the_refusal_is_shown(kinesis: FakeKinesis, context: Any, status: str) -> None:
    kinesis.add("demo", status=status)

    with pytest.raises(ClientError, match=f"ResourceInUseException.*{status}"):
        run(delete(wait_for_completion=False, deferrable=False), context)


def test_consumers_keep_a_stream(kinesis: FakeKinesis, way: dict[str, Any], context: Any) -> None:
    stream = kinesis.add("demo", consumers=1)

    with pytest.raises(ClientError, match=r"ResourceInUseException.*has registered consumers"):
        run(delete(**way), context)

    assert stream.status == "ACTIVE"
    run(delete(enforce_consumer_deletion=True, **way), context)
    assert stream.status == "DELETING"


def test_bears_throttling(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    kinesis.add("demo")
    original = kinesis.answer

    def throttled(operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "DeleteStream":
            kinesis.refuse_looks = [(400, "LimitExceededException")] * 2
        return original(operation, body)

    kinesis.answer = throttled  # type: ignore[method-assign]

    assert run(delete(**waiting), context) == "demo"
    assert kinesis.refuse_looks == []
    assert kinesis.streams == {}


def test_what_has_come_meanwhile_is_no_error(
    kinesis: FakeKinesis, waiting: dict[str, Any], context: Any
) -> None:
    kinesis.add("demo")
    kinesis.looks = 1

    # The only look that it may take still sees the stream.
    assert run(delete(**{**waiting, "waiter_max_attempts": 1}), context) == "demo"
    assert kinesis.streams == {}


def test_says_why_a_look_failed(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    kinesis.add("demo")
    original = kinesis.answer

    def refused(operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "DeleteStream":
            kinesis.refuse_looks = [(400, "AccessDeniedException")]
        return original(operation, body)

    kinesis.answer = refused  # type: ignore[method-assign]

    with pytest.raises(
        ServiceFailed, match=r"The wait for stream demo is broken off \([\s\S]*AccessDeniedException"
    ):
        run(delete(**waiting), context)


def test_gives_up(kinesis: FakeKinesis, waiting: dict[str, Any], context: Any) -> None:
    kinesis.add("demo")
    kinesis.looks = 50

    with pytest.raises(
        WaitTimedOut, match="did not become deleted in the time allowed; last seen as DELETING"
    ):
        run(delete(**waiting), context)


def test_refuses_an_empty_name(kinesis: FakeKinesis, context: Any) -> None:
    with pytest.raises(ValueError, match="the stream to delete is empty"):
        run(delete(""), context)
