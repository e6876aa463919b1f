"""The tasks of a burst to the topics: what they send, keep, return and refuse."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook
from cloud_operators.kafka.offsets import Origins
from pinterest_pipeline.assets import LANDED
from pinterest_pipeline.emulation import tasks as emulation
from pinterest_pipeline.entities import ENTITIES, contracts
from pinterest_pipeline.errors import CountsWrong, ParamsChanged, Refused
from tests.unit.pinterest_pipeline.emulation.burst_task import FIRST_KEYS, PARAMS, StateStore, position
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy, FakeS3, land

pytestmark = pytest.mark.usefixtures("aws", "streams")


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
