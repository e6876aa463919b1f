"""The smoke records of the stream path."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from pinterest_pipeline.entities import SMOKE_PARTITION_KEY
from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.provisioning import streams
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT
from tests.unit.pinterest_pipeline.fake_streams import FakeApi
from tests.unit.pinterest_pipeline.fakes import Answer

STREAMS = ["streaming-sandbox-pin", "streaming-sandbox-geo"]


def check(api: FakeApi, key: str = "", settle: float = 0) -> None:
    streams.check_streams(api.url, key, api.streams, STREAMS, settle_seconds=settle)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_PAUSE_S", 0.001)
    monkeypatch.setattr(streams, "READ_SECONDS", 0.2)


@pytest.mark.parametrize("page", ["docs/api.md", "dags/pinterest_provision_stream.py"])
def test_nobody_takes_the_reserved_key_by_chance(page: str) -> None:
    """Whoever does is answered with a 200, and has a record that is nowhere."""
    assert uuid.UUID(SMOKE_PARTITION_KEY.removeprefix("smoke-test-")).version == 4
    assert SMOKE_PARTITION_KEY in (CHECKOUT / page).read_text(encoding="utf-8")


def test_each_stream_gets_a_record_by_each_method(rest_proxy: FakeApi) -> None:
    rest_proxy.streams.put(STREAMS[0], [("0", b"of others")])
    check(rest_proxy, key="k")
    assert [request.path for request in rest_proxy.requests] == [
        f"/streams/{name}/{method}" for name in STREAMS for method in ("record", "records")
    ]
    assert {request.headers["x-api-key"] for request in rest_proxy.requests} == {"k"}
    assert [key for name in STREAMS for key, _ in rest_proxy.streams.records(name)] == [
        "0",
        *[SMOKE_PARTITION_KEY] * 4,
    ]
    values = [data for name in STREAMS for key, data in rest_proxy.streams.records(name) if key != "0"]
    assert len({str(value) for value in values}) == 4


def test_a_deployment_that_still_spreads_is_waited_for(rest_proxy: FakeApi) -> None:
    rest_proxy.script = [Answer(403, {"message": "Forbidden"})]
    check(rest_proxy, settle=30)
    assert len(rest_proxy.requests) == 5


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            Answer(403, {"message": "Forbidden"}),
            "PutRecord by PUT /streams/streaming-sandbox-pin/record: .* 403: .*Forbidden",
        ),
        (Answer(400, {"__type": "AccessDeniedException"}), "answered 400: .*AccessDenied"),
        (Answer(200, "<html>"), "has no shard and sequence number: <html>"),
        (Answer(200, {"FailedRecordCount": 0}), "has no shard and sequence number"),
        (Answer(0), "no answer from the API"),
    ],
)
def test_what_goes_wrong_is_said(rest_proxy: FakeApi, answer: Answer, message: str) -> None:
    rest_proxy.script = [answer]
    with pytest.raises(PipelineError, match=message) as caught:
        check(rest_proxy)
    assert rest_proxy.url not in str(caught.value)


REFUSED_INSIDE = {
    "FailedRecordCount": 1,
    "Records": [{"ErrorCode": "InternalFailure", "ErrorMessage": "sorry"}],
}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(400, {"__type": "AccessDeniedException"}), "PUT /streams/.*/records: .*AccessDenied"),
        (Answer(200, REFUSED_INSIDE), "has no shard and sequence number: .*InternalFailure"),
        (Answer(200, {"FailedRecordCount": 0, "Records": []}), "has no shard and sequence number"),
        (Answer(200, []), "has no shard and sequence number"),
    ],
)
def test_what_goes_wrong_with_the_burst_s_method_is_said(
    rest_proxy: FakeApi, answer: Answer, message: str
) -> None:
    """A role may be allowed to put one record, and not many."""
    rest_proxy.script = [None, answer]
    with pytest.raises(PipelineError, match=f"^PutRecords by .*{message}"):
        check(rest_proxy)


@pytest.mark.parametrize(
    "template", [str, lambda data: {**data, "list": None}, lambda data: {**data, "text": "?"}, lambda _: {}]
)
@pytest.mark.parametrize("method", ["PutRecord", "PutRecords"])
def test_a_template_that_spoils_records_is_found(rest_proxy: FakeApi, method: str, template: Any) -> None:
    if method == "PutRecord":
        rest_proxy.script = [lambda request: rest_proxy.put_record(request, template)]
    else:
        rest_proxy.script = [None, lambda request: rest_proxy.put_records(request, template=template)]
    with pytest.raises(PipelineError, match=rf"streaming-sandbox-pin: .* template of {method} spoils"):
        check(rest_proxy)


@pytest.mark.parametrize("method", ["PutRecord", "PutRecords"])
def test_a_record_that_is_not_in_the_stream_is_missed(rest_proxy: FakeApi, method: str) -> None:
    def acknowledge_only(request: Any) -> Answer:
        answer = rest_proxy.usual(request)
        rest_proxy.streams.lose(STREAMS[0], key=SMOKE_PARTITION_KEY)
        return answer

    rest_proxy.script = [acknowledge_only] if method == "PutRecord" else [None, acknowledge_only]
    message = f"of {method} was acknowledged, but shardId-000000000000 lacks it"
    with pytest.raises(PipelineError, match=message):
        check(rest_proxy)
