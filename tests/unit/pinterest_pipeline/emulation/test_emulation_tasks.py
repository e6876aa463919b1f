"""The tasks of the burst, called as functions: what holds for both paths."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from pinterest_pipeline.emulation import tasks as emulation
from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.errors import TooSlow
from pinterest_pipeline.settings import SettingsError, load_settings
from tests.unit.pinterest_pipeline.emulation.burst_task import FIRST_KEYS, PARAMS, StateStore, position
from tests.unit.pinterest_pipeline.fake_streams import FakeApi
from tests.unit.pinterest_pipeline.fakes import FakeRestProxy

pytestmark = pytest.mark.usefixtures("aws", "streams")


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
