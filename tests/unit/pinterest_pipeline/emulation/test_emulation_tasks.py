"""The tasks of the burst, called as functions: what they send, keep, return and refuse."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import BaseHook, Connection

from cloud_operators.aws.hooks.kinesis import KinesisHook
from cloud_operators.exceptions import ResourceMissing
from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook
from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook
from cloud_operators.kafka.offsets import Origins
from pinterest_pipeline.assets import LANDED, STREAMED
from pinterest_pipeline.emulation import source
from pinterest_pipeline.emulation import tasks as emulation
from pinterest_pipeline.entities import ENTITIES, contracts
from pinterest_pipeline.errors import (
    CountsWrong,
    ParamsChanged,
    Refused,
    StreamsGone,
    TooSlow,
)
from pinterest_pipeline.settings import SettingsError, load_settings
from tests.unit.pinterest_pipeline.fake_streams import FakeApi, FakeStreams
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy, FakeS3, land

FIRST_KEYS = [7528, 2863, 5730, 8304, 8731, 1313, 4315]

pytestmark = pytest.mark.usefixtures("aws")


class StateStore(dict[str, Any]):
    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))


class Source:
    """A source database in which every key has a row."""

    def __init__(self) -> None:
        self.selected: list[tuple[Any, ...]] = []

    @contextmanager
    def cursor(self) -> Any:
        yield self

    def execute(self, statement: str, parameters: dict[str, Any] | None = None) -> None:
        if parameters is None:
            assert "LEAST" in statement
            self.selected = [(5,)]
            return
        contract = next(c for c in contracts().values() if c.source_table in statement)
        self.selected = [(key, *["x"] * (len(contract.columns) - 1)) for key in parameters["keys"]]

    def fetchall(self) -> Any:
        return self.selected

    def rollback(self) -> None:
        pass


@pytest.fixture(autouse=True)
def streams(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeApi) -> FakeStreams:
    """The streams behind the API, as the pipeline's own clients see them."""
    monkeypatch.setattr(KinesisHook, "find_stream", lambda _, name: rest_proxy.streams.describe(name))
    return rest_proxy.streams


@pytest.fixture
def airflow_connections(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeRestProxy) -> None:
    known = {
        "pinterest_api": Connection(conn_id="pinterest_api", conn_type="http", host=rest_proxy.url),
        "pinterest_source": Connection(conn_id="pinterest_source", conn_type="mysql", host="db"),
    }

    @contextmanager
    def connect(_: Connection) -> Any:
        yield Source()

    monkeypatch.setattr(BaseHook, "get_connection", classmethod(lambda _, conn_id: known[conn_id]))
    monkeypatch.setattr(source, "connect", connect)


PARAMS = {
    "posts": 7,
    "order": "seeded",
    "start": 0,
    "seed": 1,
    "batch_size": 3,
    "concurrency": 1,
    "rate": 0,
    "target": "batch",
}


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """How far the sink has come, and where the dead-letter topic ends."""
    settings = load_settings({"PINTEREST_USER_ID": "sandbox", "PINTEREST_DATABRICKS_WAREHOUSE_ID": "w"})
    monkeypatch.setattr(emulation, "settings", lambda: settings)
    state: dict[str, Any] = {"committed": None, "dead_letters": 4}

    def committed(_: Any, group: str, topics: list[str]) -> dict[str, dict[int, int | None]]:
        assert group == "connect-sandbox-connector"
        return {topic: {0: state["committed"]} for topic in topics}

    monkeypatch.setattr(KafkaOffsetsHook, "committed_offsets", committed)
    monkeypatch.setattr(
        KafkaOffsetsHook,
        "end_offsets",
        lambda _, topics: {topic: {0: state["dead_letters"]} for topic in topics},
    )
    return state


def position(committed: int, dead_letters: int) -> dict[str, Any]:
    return {
        "committed": {f"sandbox.{entity}": {"0": committed} for entity in ENTITIES},
        "dead_letters": {"0": dead_letters},
    }


@pytest.mark.usefixtures("airflow_connections")
def test_posts_reach_all_three_topics(rest_proxy: FakeRestProxy, sink: dict[str, Any]) -> None:
    store = StateStore()
    sent = emulation.send_posts.function(params=PARAMS, task_state_store=store)
    for entity in ENTITIES:
        records = rest_proxy.topics[f"sandbox.{entity}"]
        assert [record["key"] for record in records] == FIRST_KEYS
        assert list(records[0]["value"]) == list(contracts()[entity].column_names)
        assert sent["entities"][entity] == {
            "sent": 7,
            "acknowledged": 7,
            "offsets": [{"partition": 0, "first_offset": 0, "last_offset": 6}],
        }
    assert sent["next_offsets"] == {f"sandbox.{entity}": {"0": 7} for entity in ENTITIES}
    assert sent["position"] == position(committed=0, dead_letters=4)
    # A run that is cleared with its state kept posts nothing, and looks for its records where they began.
    sink.update(committed=7, dead_letters=9)
    assert emulation.send_posts.function(params=PARAMS, task_state_store=store) == sent
    assert len(rest_proxy.topics["sandbox.pin"]) == 7


@pytest.mark.usefixtures("airflow_connections")
def test_the_position_is_kept_before_the_first_record(
    rest_proxy: FakeRestProxy, sink: dict[str, Any]
) -> None:
    store = StateStore()
    kept: list[Any] = []

    def refuse(_: Any) -> Answer:
        kept.append(store.get("burst"))
        return Answer(403, {"message": "Forbidden"})

    rest_proxy.script = [refuse] * 3
    with pytest.raises(Refused):
        emulation.send_posts.function(params=PARAMS, task_state_store=store)
    rest_proxy.script = []
    # A worker that is killed now leaves this.
    nothing = {"posts": 0, "beyond": "", "offsets": []}
    assert kept[0] == {
        "position": position(committed=0, dead_letters=4),
        "streams": {},
        "posts": {"posts": 7, "order": "seeded", "start": 0, "seed": 1, "target": "batch"},
        "greatest_key": 11_000,
        "progress": dict.fromkeys(ENTITIES, nothing),
    }
    sink.update(committed=3, dead_letters=9)
    again = emulation.send_posts.function(params=PARAMS, task_state_store=store)
    assert again["position"] == position(committed=0, dead_letters=4)


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_needs_a_warehouse_before_it_posts(
    monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeRestProxy
) -> None:
    monkeypatch.setattr(emulation, "settings", lambda: load_settings({"PINTEREST_USER_ID": "sandbox"}))
    with pytest.raises(SettingsError, match="PINTEREST_DATABRICKS_WAREHOUSE_ID"):
        emulation.send_posts.function(params=PARAMS, task_state_store=StateStore())
    assert rest_proxy.requests == []


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_that_cannot_end_in_time_is_not_begun(rest_proxy: FakeRestProxy) -> None:
    """1,000,000 posts at 10 a second are 100,000 s; four hours are 14,400 s."""
    store, slow = StateStore(), PARAMS | {"posts": 1_000_000, "rate": 10}
    with pytest.raises(TooSlow) as raised:
        emulation.send_posts.function(params=slow, task_state_store=store)
    assert str(raised.value) == (
        "1000000 posts at rate 10 take 27.8 hours, but the task is stopped after 4 hours: set rate to at "
        "least 70, or to 0 for as fast as it goes, or send at most 144000 posts in a run"
    )
    assert rest_proxy.requests == []
    assert store == {}


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_what_was_sent_needs_no_time(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeRestProxy) -> None:
    """There is time for five of the seven posts."""
    monkeypatch.setattr(emulation, "LONGEST", timedelta(seconds=0.05))
    paced = PARAMS | {"rate": 100}
    with pytest.raises(TooSlow, match=r"^7 posts at rate 100 "):
        emulation.send_posts.function(params=paced, task_state_store=StateStore())
    three = {
        "posts": 3,
        "beyond": "",
        "offsets": [{"partition": 0, "first_offset": 0, "last_offset": 2}],
    }
    store = StateStore(
        burst={
            "position": position(committed=0, dead_letters=4),
            "streams": {},
            "posts": {name: PARAMS[name] for name in emulation.WHAT},
            "greatest_key": 11_000,
            "progress": dict.fromkeys(ENTITIES, three),
        }
    )
    emulation.send_posts.function(params=paced, task_state_store=store)
    assert [len(records) for records in rest_proxy.topics.values()] == [4, 4, 4]


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_over_all_keys_keeps_the_greatest_one(rest_proxy: FakeRestProxy) -> None:
    store = StateStore()
    params = PARAMS | {"order": "sequential", "start": 3}
    sent = emulation.send_posts.function(params=params, task_state_store=store)
    # The source ends with key 5: it begins again behind it.
    assert sent["greatest_key"] == store["burst"]["greatest_key"] == 5
    assert [record["key"] for record in rest_proxy.topics["sandbox.geo"]] == [3, 4, 5, 0, 1, 2, 3]


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_does_not_go_on_with_other_posts(rest_proxy: FakeRestProxy) -> None:
    store = StateStore()
    rest_proxy.script = [None, None, None, Answer(403, "")]
    with pytest.raises(Refused):
        emulation.send_posts.function(params=PARAMS, task_state_store=store)
    with pytest.raises(ParamsChanged, match=r"'posts': 7.*'posts': 8"):
        emulation.send_posts.function(params=PARAMS | {"posts": 8}, task_state_store=store)
    # How they are sent may change.
    faster = PARAMS | {"batch_size": 2, "concurrency": 4, "rate": 1000}
    sent = emulation.send_posts.function(params=faster, task_state_store=store)
    assert [counts["acknowledged"] for counts in sent["entities"].values()] == [7, 7, 7]
    assert [len(records) for records in rest_proxy.topics.values()] == [7, 7, 7]


def sent_counts(posts: int, first: int) -> dict[str, Any]:
    offsets = [{"partition": 0, "first_offset": first, "last_offset": first + posts - 1}]
    return {entity: {"sent": posts, "acknowledged": posts, "offsets": offsets} for entity in ENTITIES}


def confirm(monkeypatch: pytest.MonkeyPatch, events: Any, dead: Origins) -> Any:
    def read_origins(_: Any, topic: str, *, start: dict[int, int]) -> Origins:
        assert (topic, start) == ("sandbox.dead-letter", {0: 4})
        return dead

    monkeypatch.setattr(DeadLetterHook, "read_origins", read_origins)
    topics = [f"sandbox.{entity}" for entity in ENTITIES]
    return emulation.confirm_landed.function(
        position(committed=10, dead_letters=4),
        sent_counts(7, first=12),
        {"committed": {topic: {"0": 20} for topic in topics}},
        11_000,
        params=PARAMS,
        run_id="manual__1",
        outlet_events=events,
    )


def test_a_burst_that_landed_is_confirmed(monkeypatch: pytest.MonkeyPatch, s3: FakeS3, events: Any) -> None:
    for entity in ENTITIES:
        land(s3, entity, 0, 3)  # before the burst, and not complete: it must not matter
        # A record of geo is a dead letter, and one of pin that somebody else sent.
        land(s3, entity, 10, 9 if entity == "geo" else 10)
    rows = confirm(monkeypatch, events, {"sandbox.geo": {(0, 13)}, "sandbox.pin": {(0, 9)}})
    assert {row["entity"]: (row["landed"], row["dead_lettered"]) for row in rows} == {
        "pin": (7, 0),
        "geo": (6, 1),
        "user": (7, 0),
    }
    assert events[LANDED["pin"]].extra == {
        "run_id": "manual__1",
        "sent": 7,
        "acknowledged": 7,
        "landed": 7,
        "dead_lettered": 0,
    }


def test_a_burst_that_lost_records_is_not_confirmed(
    monkeypatch: pytest.MonkeyPatch, s3: FakeS3, events: Any
) -> None:
    for entity in ENTITIES:
        land(s3, entity, 10, 10 if entity != "user" else 5)
    with pytest.raises(CountsWrong, match=r"user: sent 7, acknowledged 7, landed 0 \+ dead-lettered 0"):
        confirm(monkeypatch, events, {})
    assert events == {}


def recorded(stage: str, rows: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    return "tables/record_burst.sql", {"run_id": "manual__1", "stage": stage, "rows": json.dumps(rows)}


def test_the_ledger_gets_the_rows_of_each_path_as_json(statements: dict[str, Any]) -> None:
    landed, streamed = [{"entity": "pin", "sent": 1}], [{"entity": "geo", "sent": 2}]
    create = ("tables/create_ledger.sql", None)
    emulation.record_ledger.function(landed, None, run_id="manual__1")
    assert statements["ran"] == [create, recorded("burst", landed)]
    statements["ran"].clear()
    emulation.record_ledger.function(landed, streamed, run_id="manual__1")
    assert statements["ran"] == [create, recorded("burst", landed), recorded("stream_burst", streamed)]


@pytest.mark.parametrize(
    ("target", "tasks"),
    [
        ("batch", ["wait_for_sink"]),
        ("stream", ["confirm_streamed"]),
        ("both", ["wait_for_sink", "confirm_streamed"]),
    ],
)
def test_a_burst_is_confirmed_on_the_paths_that_it_took(target: str, tasks: list[str]) -> None:
    assert emulation.choose_paths.function(params=PARAMS | {"target": target}) == tasks


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_posts_of_both_paths_reach_topics_and_streams(rest_proxy: FakeApi) -> None:
    sent = emulation.send_posts.function(params=PARAMS | {"target": "both"}, task_state_store=StateStore())
    for entity in ENTITIES:
        in_topic = rest_proxy.topics[f"sandbox.{entity}"]
        in_stream = rest_proxy.streams.records(f"streaming-sandbox-{entity}")
        assert [record["key"] for record in in_topic] == FIRST_KEYS
        assert sorted(in_stream) == sorted((str(record["key"]), record["value"]) for record in in_topic)
        assert sent["entities"][entity]["acknowledged"] == 7
        assert sent["streams"][entity]["sent"] == sent["streams"][entity]["acknowledged"] == 7
        assert sum(span["records"] for span in sent["streams"][entity]["shards"]) == 7
    assert set(sent["next_offsets"]) == {f"sandbox.{entity}" for entity in ENTITIES}


@pytest.mark.usefixtures("airflow_connections")
def test_posts_of_the_stream_path_need_no_cluster(rest_proxy: FakeApi, sink: dict[str, Any]) -> None:
    sink["committed"] = sink["dead_letters"] = KeyError("nobody should ask")
    params = PARAMS | {"target": "stream"}
    sent = emulation.send_posts.function(params=params, task_state_store=StateStore())
    assert (sent["entities"], sent["next_offsets"], sent["position"]) == ({}, {}, {})
    assert sent["lives"] == dict.fromkeys(ENTITIES, MADE)
    assert not rest_proxy.topics


def stream_name(entity: str) -> str:
    return f"streaming-sandbox-{entity}"


#: When the streams of a test were made, and when one that is made again.
MADE, MADE_AGAIN = "2026-01-01T12:00:00.123+00:00", "2026-01-01T13:00:00.123+00:00"


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
