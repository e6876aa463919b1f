"""The tasks of the stream ingest, called as functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cloud_operators.aws.hooks.kinesis import KinesisHook
from cloud_operators.exceptions import ResourceMissing
from pinterest_pipeline.assets import STREAM_TABLES
from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.errors import CountsWrong
from pinterest_pipeline.settings import load_settings
from pinterest_pipeline.streaming import tasks
from tests.unit.pinterest_pipeline.streaming.test_streaming_counts import GOOD

BALANCE = "tables/read_stream_balance.sql"
EQUAL = {"in_both": 9, "in_batch_alone": 0, "in_stream_alone": 0, "differences": 0, "examples": "[]"}


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Name to what DescribeStreamSummary gives."""
    created = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    there = {f"streaming-sandbox-{entity}": {"StreamCreationTimestamp": created} for entity in ENTITIES}
    conn = SimpleNamespace(meta=SimpleNamespace(region_name="eu-west-1"))
    monkeypatch.setattr(KinesisHook, "conn", conn)
    monkeypatch.setattr(KinesisHook, "find_stream", lambda _, name: there.get(name))
    return there


def test_streams_are_told_with_the_time_of_their_creation(streams: dict[str, Any]) -> None:
    found = tasks.find_streams.function()
    assert found["region"] == "eu-west-1"
    assert json.loads(found["streams"]) == {
        entity: {"name": f"streaming-sandbox-{entity}", "created": "1767323045.678"} for entity in ENTITIES
    }


def test_a_missing_stream_says_what_to_do(streams: dict[str, Any]) -> None:
    del streams["streaming-sandbox-geo"]
    with pytest.raises(ResourceMissing, match=r"streaming-sandbox-geo .* run pinterest_provision_stream"):
        tasks.find_streams.function()


def use_mode(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    chosen = load_settings({"PINTEREST_USER_ID": "sandbox", "PINTEREST_STREAM_MODE": mode})
    monkeypatch.setattr(tasks, "settings", lambda: chosen)


@pytest.mark.parametrize(
    ("mode", "task"), [("available_now", "run_notebook"), ("continuous", "keep_running")]
)
def test_the_mode_is_the_setting(monkeypatch: pytest.MonkeyPatch, mode: str, task: str) -> None:
    use_mode(monkeypatch, mode)
    assert tasks.choose_mode.function() == task


def test_counts_that_agree_are_returned(statements: dict[str, Any]) -> None:
    statements[BALANCE] = [GOOD | {"entity": entity} for entity in ENTITIES]
    counted = {"lines_read": 20, "kept": 10, "merged": 7, "quarantined": 3}
    assert tasks.check_counts.function() == dict.fromkeys(ENTITIES, counted)


def test_counts_that_do_not_agree_are_an_error(statements: dict[str, Any]) -> None:
    statements[BALANCE] = [GOOD, GOOD | {"entity": "geo", "merged": 6}]
    with pytest.raises(CountsWrong, match="geo: read 20"):
        tasks.check_counts.function()


def test_a_continuous_run_is_looked_at_until_its_batch_is_counted(
    monkeypatch: pytest.MonkeyPatch, statements: dict[str, Any]
) -> None:
    monkeypatch.setattr(tasks, "PAUSE_S", 0.001)
    under_way = GOOD | {"table_rows": 15}
    answers = [[under_way], [under_way], [GOOD]]
    monkeypatch.setattr(tasks.connections, "run_sql", lambda _: answers.pop(0))
    use_mode(monkeypatch, "continuous")
    assert set(tasks.check_counts.function()) == {"pin"}
    assert not answers
    answers += [[under_way]] * tasks.LOOKS
    with pytest.raises(CountsWrong):
        tasks.check_counts.function()
    assert not answers
    # A run that has ended has counted everything.
    answers += [[under_way], [GOOD]]
    use_mode(monkeypatch, "available_now")
    with pytest.raises(CountsWrong):
        tasks.check_counts.function()


def test_both_tables_of_each_entity_are_compared(statements: dict[str, Any]) -> None:
    for entity in ENTITIES:
        statements[f"comparison/{entity}.sql"] = [EQUAL]
    statements["comparison/geo.sql"] = [EQUAL | {"differences": 2}]
    compared = tasks.compare_tables.function()
    assert {entity: found["differences"] for entity, found in compared.items()} == {
        "pin": 0,
        "geo": 2,
        "user": 0,
    }
    assert statements["ran"][0] == (
        "comparison/pin.sql",
        {
            "batch_table": "`spark_catalog`.`default`.`sandbox_pin_batch`",
            "stream_table": "`spark_catalog`.`default`.`sandbox_pin_table`",
        },
    )


def test_before_the_first_daily_run_there_is_nothing_to_compare(statements: dict[str, Any]) -> None:
    assert tasks.compare_tables.function() == {}


def test_assets_tell_counts_and_differences(events: Any) -> None:
    counted = {entity: {"lines_read": 20} for entity in ENTITIES}
    tasks.publish_tables.function(
        counted, {"pin": {"differences": 3}}, run_id="manual__1", outlet_events=events
    )
    assert events[STREAM_TABLES["pin"]].extra == {"run_id": "manual__1", "lines_read": 20, "differences": 3}
    assert events[STREAM_TABLES["geo"]].extra == {"run_id": "manual__1", "lines_read": 20}
