from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pinterest_pipeline.health.checks.landing import Landed, judge
from pinterest_pipeline.health.readings import landing
from pinterest_pipeline.landing.objects import object_key

BUCKET = "user-sandbox-bucket"
pytestmark = pytest.mark.usefixtures("use_settings")


@pytest.fixture
def bucket(account: None, real_s3: Any) -> Any:
    real_s3.create_bucket(Bucket=BUCKET)
    return real_s3


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What S3 is asked to list."""
    asked: list[dict[str, Any]] = []
    make = landing.aws_client

    def client(service: str) -> Any:
        s3 = make(service)
        s3.meta.events.register(
            "before-parameter-build.s3.ListObjectsV2", lambda params, **_: asked.append(dict(params))
        )
        return s3

    monkeypatch.setattr(landing, "aws_client", client)
    return asked


def land(s3: Any, entity: str, partition: int, *offsets: int) -> None:
    for offset in offsets:
        s3.put_object(Bucket=BUCKET, Key=object_key(f"sandbox.{entity}", partition, offset), Body=b"{}\n")


def look(memory: dict[str, Any] | None = None) -> tuple[dict[str, Landed], dict[str, Any]]:
    """What has landed, and the memory of the next check, as JSON keeps it."""
    reading = landing.read(memory or {})
    assert (reading.trouble, reading.absent, reading.denied) == ("", False, False)
    return dict(reading.entities), json.loads(json.dumps(judge(reading, memory or {}).memory))


def test_nothing_has_landed(bucket: Any) -> None:
    found, memory = look()
    assert found == dict.fromkeys(("pin", "geo", "user"), Landed())
    assert look(memory)[0]["pin"] == Landed(found=0)


def test_the_newest_object_of_all_partitions(bucket: Any) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    land(bucket, "pin", 0, 0, 10)
    land(bucket, "pin", 2, 5)
    # None of these was written by the sink for this topic.
    bucket.put_object(Bucket=BUCKET, Key="topics/sandbox.pin/partition=0/notes.txt", Body=b"")
    bucket.put_object(Bucket=BUCKET, Key="topics/sandbox.pin/partition=x/y.json", Body=b"")
    land(bucket, "pinned", 0, 99)
    found, _ = look()
    assert found["geo"] == Landed()
    pin = found["pin"]
    assert pin.newest is not None
    assert before <= pin.newest <= datetime.now(UTC) + timedelta(seconds=2)
    assert (pin.found, pin.complete) == (None, True)
    assert {partition: mark["key"] for partition, mark in pin.marks.items()} == {
        "0": object_key("sandbox.pin", 0, 10),
        "2": object_key("sandbox.pin", 2, 5),
    }


def test_only_what_is_new_is_listed_and_counted(bucket: Any, requests: list[dict[str, Any]]) -> None:
    land(bucket, "pin", 0, *range(0, 100, 10))
    land(bucket, "pin", 1, 3)
    _, memory = look()
    land(bucket, "pin", 0, 100, 110)
    land(bucket, "pin", 2, 0)
    requests.clear()
    found, memory = look(memory)
    assert found["pin"].found == 3
    behind = [request["StartAfter"] for request in requests if "StartAfter" in request]
    # The one seen last is listed again, since the sink may write it anew.
    assert behind == [object_key("sandbox.pin", 0, 89), object_key("sandbox.pin", 1, 2)]
    assert look(memory)[0]["pin"].found == 0


def test_an_object_that_is_written_anew_is_the_newest_and_not_new(bucket: Any) -> None:
    land(bucket, "pin", 0, 0, 10)
    _, memory = look()
    old = "2026-01-01T00:00:00+00:00"
    memory["entities"]["pin"]["marks"]["0"]["at"] = old
    land(bucket, "pin", 0, 10)
    found, _ = look(memory)
    assert found["pin"].found == 0
    assert found["pin"].newest is not None
    assert found["pin"].newest > datetime.fromisoformat(old)


def test_a_topic_that_begins_anew_is_seen_from_its_beginning(bucket: Any) -> None:
    land(bucket, "pin", 0, 0, 500)
    _, memory = look()
    for offset in (0, 500):
        bucket.delete_object(Bucket=BUCKET, Key=object_key("sandbox.pin", 0, offset))
    found, memory = look(memory)
    assert found["pin"] == Landed(found=0)
    land(bucket, "pin", 0, 0, 7)
    found, memory = look(memory)
    assert found["pin"].found == 2
    assert found["pin"].marks["0"]["key"] == object_key("sandbox.pin", 0, 7)


def test_a_mark_that_is_gone_is_no_end(bucket: Any) -> None:
    """The topic was made again between two checks."""
    land(bucket, "pin", 0, 0, 500)
    _, memory = look()
    bucket.delete_object(Bucket=BUCKET, Key=object_key("sandbox.pin", 0, 500))
    land(bucket, "pin", 0, 0, 7)
    found, _ = look(memory)
    assert found["pin"].found == 2
    assert found["pin"].marks["0"]["key"] == object_key("sandbox.pin", 0, 7)


def test_a_large_landing_is_seen_in_parts(
    bucket: Any, requests: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check lists two pages of three keys, the first of which is the last one of the check before."""
    monkeypatch.setattr(landing, "PAGES", 1)
    monkeypatch.setattr(landing, "PAGE_KEYS", 3)
    land(bucket, "pin", 0, *range(14))
    land(bucket, "user", 0, 1)
    memory: dict[str, Any] = {}
    for last, complete in ((5, False), (10, False), (13, True)):
        requests.clear()
        found, memory = look(memory)
        assert len([each for each in requests if each["Prefix"] == "topics/sandbox.pin/partition=0/"]) == 2
        assert found["pin"].marks["0"]["key"] == object_key("sandbox.pin", 0, last)
        assert (found["pin"].complete, found["pin"].found) == (complete, None)
        # Pages that are used up leave each partition its first one.
        assert found["user"].complete
    assert look(memory)[0]["pin"].found == 0


def test_a_bucket_that_is_not_there(account: None) -> None:
    reading = landing.read({})
    assert (reading.absent, reading.bucket, reading.trouble) == (True, BUCKET, "")


def refused(code: str, status: int = 403) -> Callable[..., Any]:
    said: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}

    class S3:
        def get_paginator(self, _: str) -> Any:
            raise ClientError(said, "ListObjectsV2")

    return lambda _: S3()


def test_a_bucket_that_may_not_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "aws_client", refused("AccessDenied"))
    assert landing.read({}).denied


def test_refused_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "aws_client", refused("InvalidAccessKeyId"))
    trouble = landing.read({}).trouble
    assert trouble == "AWS does not take the credentials of the connection aws_default"


def test_other_errors_are_no_state_of_the_landing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "aws_client", refused("InvalidArgument"))
    with pytest.raises(ClientError):
        landing.read({})


def test_s3_that_takes_no_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "aws_client", refused("SlowDown", 503))
    assert landing.read({}).trouble == "S3 answers 503 (SlowDown)"


def test_nothing_listens(account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{probe.getsockname()[1]}")
        assert landing.read({}).trouble == "S3 does not answer (EndpointConnectionError)"
