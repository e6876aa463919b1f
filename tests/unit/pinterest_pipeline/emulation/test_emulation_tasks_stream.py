"""The tasks of a burst to the streams: what they send, keep, return and refuse."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.exceptions import ResourceMissing
from pinterest_pipeline.assets import STREAMED
from pinterest_pipeline.emulation import tasks as emulation
from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.errors import CountsWrong, StreamsGone
from tests.unit.pinterest_pipeline.emulation.burst_task import (
    FIRST_KEYS,
    MADE,
    MADE_AGAIN,
    PARAMS,
    StateStore,
    stream_name,
)
from tests.unit.pinterest_pipeline.fake_streams import FakeApi, FakeStreams

pytestmark = pytest.mark.usefixtures("aws", "streams")


@pytest.mark.usefixtures("airflow_connections")
def test_posts_of_the_stream_path_need_no_cluster(rest_proxy: FakeApi, sink: dict[str, Any]) -> None:
    sink["committed"] = sink["dead_letters"] = KeyError("nobody should ask")
    params = PARAMS | {"target": "stream"}
    sent = emulation.send_posts.function(params=params, task_state_store=StateStore())
    assert (sent["entities"], sent["next_offsets"], sent["position"]) == ({}, {}, {})
    assert sent["lives"] == dict.fromkeys(ENTITIES, MADE)
    assert not rest_proxy.topics


def kept_burst(acknowledged: list[dict[str, Any]]) -> StateStore:
    """A burst to the streams that an earlier try has begun.

    :param acknowledged: each stream's shards with the records that it has of the burst.
    """
    progress = {"posts": sum(span["records"] for span in acknowledged), "beyond": "", "shards": acknowledged}
    return StateStore(
        burst={
            "position": {},
            "streams": dict.fromkeys(ENTITIES, MADE),
            "posts": {name: PARAMS[name] for name in emulation.WHAT} | {"target": "stream"},
            "greatest_key": 11_000,
            "progress": {f"stream/{entity}": progress for entity in ENTITIES},
        }
    )


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_does_not_go_on_in_a_stream_that_was_made_again(
    rest_proxy: FakeApi, streams: FakeStreams
) -> None:
    for entity in ENTITIES:
        streams.put(stream_name(entity), [(str(key), {}) for key in FIRST_KEYS[:3]])
    store = kept_burst(streams.spans(stream_name("pin"), behind=0))
    streams.make_again(stream_name("geo"))
    params = PARAMS | {"target": "stream"}
    with pytest.raises(StreamsGone) as caught:
        emulation.send_posts.function(params=params, task_state_store=store)
    assert str(caught.value) == (
        "streams were deleted since the burst began:\n"
        f"  streaming-sandbox-geo: begun with the one made at {MADE}; the present one was made at "
        f"{MADE_AGAIN}; 3 records of this burst are gone with the old one\n"
        "So this burst can neither go on nor be confirmed. Trigger a new run, which posts all again; if the "
        "burst went to the topics too and only the streams lack it, with target stream."
    )
    streams.delete(stream_name("pin"))
    with pytest.raises(StreamsGone, match=r"pin: begun .*; there is none now; 3 records"):
        emulation.send_posts.function(params=params, task_state_store=store)
    assert rest_proxy.requests == []


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_whose_streams_are_the_same_goes_on(rest_proxy: FakeApi, streams: FakeStreams) -> None:
    for entity in ENTITIES:
        streams.put(stream_name(entity), [(str(key), {}) for key in FIRST_KEYS[:3]])
    store = kept_burst(streams.spans(stream_name("pin"), behind=0))
    sent = emulation.send_posts.function(params=PARAMS | {"target": "stream"}, task_state_store=store)
    assert [counts["acknowledged"] for counts in sent["streams"].values()] == [7, 7, 7]
    assert sum(len(request.body["records"]) for request in rest_proxy.requests) == 12


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_stream_that_has_no_record_of_the_burst_may_be_made_again(
    monkeypatch: pytest.MonkeyPatch, streams: FakeStreams, events: Any
) -> None:
    store, params = kept_burst([]), PARAMS | {"target": "stream"}
    streams.make_again(stream_name("geo"))
    sent = emulation.send_posts.function(params=params, task_state_store=store)
    assert sent["lives"] == store["burst"]["streams"] == {"pin": MADE, "geo": MADE_AGAIN, "user": MADE}
    rows = confirm_streamed(monkeypatch, streams, sent["streams"], events, begun=sent["lives"], **params)
    assert [row["landed"] for row in rows] == [7, 7, 7]


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_without_its_stream_is_not_begun(rest_proxy: FakeApi, streams: FakeStreams) -> None:
    streams.delete(stream_name("geo"))
    store = StateStore()
    with pytest.raises(
        ResourceMissing, match="stream streaming-sandbox-geo does not exist: run pinterest_provision_stream"
    ):
        emulation.send_posts.function(params=PARAMS | {"target": "stream"}, task_state_store=store)
    assert (rest_proxy.requests, store) == ([], {})


def confirm_streamed(
    monkeypatch: pytest.MonkeyPatch,
    streams: FakeStreams,
    sent: dict[str, Any],
    events: Any,
    *,
    begun: dict[str, str] | None = None,
    **params: Any,
) -> list[dict[str, Any]]:
    monkeypatch.setattr(emulation.connections, "aws_client", lambda service: {"kinesis": streams}[service])
    # Each answer has all that there is: the real clock need not be waited for.
    streams.page_size, streams.empty_answers = 10_000, 0
    rows: list[dict[str, Any]] = emulation.confirm_streamed.function(
        sent,
        begun or dict.fromkeys(ENTITIES, MADE),
        100,
        params=PARAMS | {"order": "sequential"} | params,
        run_id="manual__1",
        outlet_events=events,
    )
    return rows


def streamed_burst(streams: FakeStreams) -> dict[str, Any]:
    """Seven posts with the keys 0 to 6, with one of somebody else before and one among them."""
    for entity in ENTITIES:
        streams.put(stream_name(entity), [("5", {"others": True})])
        streams.put(stream_name(entity), [(str(key), {}) for key in range(2)])
        streams.put(stream_name(entity), [("3000", {"others": True})])
        streams.put(stream_name(entity), [(str(key), {}) for key in range(2, 7)])
    sent = {}
    for entity in ENTITIES:
        spans = streams.spans(stream_name(entity), behind=1)
        (even,) = (span for span in spans if span["shard"].endswith("0"))
        even["records"] -= 1
        sent[entity] = {"sent": 7, "acknowledged": 7, "shards": spans}
    return sent


def test_records_in_the_streams_are_confirmed(
    monkeypatch: pytest.MonkeyPatch, streams: FakeStreams, events: Any
) -> None:
    sent = streamed_burst(streams)
    rows = confirm_streamed(monkeypatch, streams, sent, events)
    assert [(row["entity"], row["landed"]) for row in rows] == [(entity, 7) for entity in ENTITIES]
    assert events[STREAMED["geo"]].extra == {"run_id": "manual__1", "sent": 7, "acknowledged": 7, "landed": 7}
    events.clear()
    # A record that was acknowledged is not there; the one of somebody else does not stand in for it.
    streams.lose(stream_name("user"), key="4")
    with pytest.raises(CountsWrong, match=r"user: sent 7, acknowledged 7, landed 6"):
        confirm_streamed(monkeypatch, streams, sent, events)
    assert not events


def test_records_are_not_looked_for_in_a_stream_that_was_made_again(
    monkeypatch: pytest.MonkeyPatch, streams: FakeStreams, events: Any
) -> None:
    sent = streamed_burst(streams)
    streams.make_again(stream_name("user"))
    streamed_burst(streams)
    message = "streaming-sandbox-user: begun with .*; 7 records of this burst are gone.*\n.*Trigger a new run"
    with pytest.raises(StreamsGone, match=message):
        confirm_streamed(monkeypatch, streams, sent, events)
    assert not events
