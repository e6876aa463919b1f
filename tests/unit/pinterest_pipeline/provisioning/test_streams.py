"""The smoke record of the stream path."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.provisioning import streams
from tests.unit.pinterest_pipeline.fake_streams import FakeApi
from tests.unit.pinterest_pipeline.fakes import Answer

STREAMS = ["streaming-sandbox-pin", "streaming-sandbox-geo"]


def check(api: FakeApi, key: str = "", settle: float = 0) -> None:
    streams.check_streams(api.url, key, api.streams, STREAMS, settle_seconds=settle)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_PAUSE_S", 0.001)
    monkeypatch.setattr(streams, "READ_SECONDS", 0.2)


def test_each_stream_gets_one_record_by_which_the_ingest_knows_it(rest_proxy: FakeApi) -> None:
    rest_proxy.streams.put(STREAMS[0], [("0", b"of others")])
    check(rest_proxy, key="k")
    assert [request.path for request in rest_proxy.requests] == [
        f"/streams/{name}/record" for name in STREAMS
    ]
    assert {request.headers["x-api-key"] for request in rest_proxy.requests} == {"k"}
    assert [key for name in STREAMS for key, _ in rest_proxy.streams.records(name)] == [
        "0",
        "smoke-test",
        "smoke-test",
    ]


def test_a_deployment_that_still_spreads_is_waited_for(rest_proxy: FakeApi) -> None:
    rest_proxy.script = [Answer(403, {"message": "Forbidden"})]
    check(rest_proxy, settle=30)
    assert len(rest_proxy.requests) == 3


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            Answer(403, {"message": "Forbidden"}),
            "PUT /streams/streaming-sandbox-pin/record: .* 403: .*Forbidden",
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


@pytest.mark.parametrize(
    "template", [str, lambda data: {**data, "list": None}, lambda data: {**data, "text": "?"}, lambda _: {}]
)
def test_a_template_that_spoils_records_is_found(rest_proxy: FakeApi, template: Any) -> None:
    rest_proxy.script = [lambda request: rest_proxy.put_record(request, template)]
    with pytest.raises(PipelineError, match=r"streaming-sandbox-pin: .* mapping template spoils"):
        check(rest_proxy)


def test_a_record_that_is_not_in_the_stream_is_missed(rest_proxy: FakeApi) -> None:
    def acknowledge_only(request: Any) -> Answer:
        answer = rest_proxy.put_record(request, lambda data: data)
        rest_proxy.streams.lose(STREAMS[0], key="smoke-test")
        return answer

    rest_proxy.script = [acknowledge_only]
    with pytest.raises(PipelineError, match="was acknowledged, but shardId-000000000000 lacks it"):
        check(rest_proxy)
