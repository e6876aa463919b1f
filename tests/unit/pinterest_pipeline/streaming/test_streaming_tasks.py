"""The tasks of the stream ingest, called as functions."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cloud_operators.aws.hooks.kinesis import KinesisHook
from cloud_operators.exceptions import ResourceMissing
from pinterest_pipeline.assets import STREAM_TABLES
from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.errors import CountsWrong, Permanent, RecordsLost
from pinterest_pipeline.settings import load_settings
from pinterest_pipeline.streaming import tasks
from tests.unit.pinterest_pipeline.streaming.test_streaming_counts import GOOD

BALANCE = "tables/read_stream_balance.sql"
RECORD_LOSS = "tables/record_stream_loss.sql"
BEGUN = "2026-01-01T00:00:00+00:00"
ASKED = {"run_id": "manual__1", "begun": BEGUN}
#: What this run was the first to count; all runs together have counted more.
COUNTED = {"lines_read": 5, "kept": 2, "merged": 2, "quarantined": 1}
EQUAL = {"in_both": 9, "in_batch_alone": 0, "in_stream_alone": 0, "differences": 0, "examples": "[]"}


class TaskInstance:
    """The XComs that ``check_counts`` pulls.

    :param action: what ``keep_running`` has done.
    """

    def __init__(self, action: str = "adopted") -> None:
        self._values: dict[tuple[str, str], Any] = {
            ("find_streams", "begun"): BEGUN,
            ("keep_running", "action"): action,
            ("keep_running", "run_id"): 7,
            ("run_notebook", "return_value"): {
                "run_id": "manual__1",
                "entities": {entity: COUNTED | {"batches": 1} for entity in ENTITIES},
            },
        }

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        return self._values[task_ids, key]


def check_counts(action: str = "adopted") -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = tasks.check_counts.function(
        ti=TaskInstance(action), run_id="manual__1"
    )
    return counted


def rows(**changed: dict[str, int]) -> list[dict[str, Any]]:
    """The rows of all entities, some of them changed."""
    return [GOOD | {"entity": entity} | changed.get(entity, {}) for entity in ENTITIES]


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
    assert datetime.fromisoformat(found["begun"]) <= datetime.now(UTC)
    assert json.loads(found["streams"]) == {
        entity: {"name": f"streaming-sandbox-{entity}", "created": "1767323045.678"} for entity in ENTITIES
    }


def test_a_missing_stream_says_what_to_do(streams: dict[str, Any]) -> None:
    del streams["streaming-sandbox-geo"]
    with pytest.raises(ResourceMissing) as missing:
        tasks.find_streams.function()
    assert str(missing.value) == (
        "stream 'streaming-sandbox-geo' does not exist: run pinterest_provision_stream"
    )


def use_mode(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    chosen = load_settings({"PINTEREST_USER_ID": "sandbox", "PINTEREST_STREAM_MODE": mode})
    monkeypatch.setattr(tasks, "settings", lambda: chosen)


@pytest.mark.parametrize(
    ("mode", "task"), [("available_now", "run_notebook"), ("continuous", "keep_running")]
)
def test_the_mode_is_the_setting(monkeypatch: pytest.MonkeyPatch, mode: str, task: str) -> None:
    use_mode(monkeypatch, mode)
    assert tasks.choose_mode.function() == task


def test_what_the_run_was_the_first_to_count_is_returned(statements: dict[str, Any]) -> None:
    statements[BALANCE] = rows()
    assert check_counts() == dict.fromkeys(ENTITIES, COUNTED)
    assert statements["ran"] == [(BALANCE, ASKED)]


def test_rows_that_were_not_counted_are_an_error(statements: dict[str, Any]) -> None:
    statements[BALANCE] = rows(geo={"table_rows": 20})
    with pytest.raises(CountsWrong, match="geo: the stream table has 20 rows"):
        check_counts()
    assert statements["ran"] == [(BALANCE, ASKED)]


def test_a_run_that_has_ended_without_its_tables_is_an_error(statements: dict[str, Any]) -> None:
    statements[BALANCE] = []
    with pytest.raises(CountsWrong, match=r"pin: nothing is counted yet(?s:.*)geo: (?s:.*)user: "):
        check_counts()


def test_records_that_were_never_read_are_told_and_written_off(statements: dict[str, Any]) -> None:
    statements[BALANCE] = rows(geo={"acknowledged": 23}, user={"table_rows": 5})
    for _ in range(2):
        with pytest.raises(RecordsLost) as lost:
            check_counts()
        assert lost.value.records == {"geo": 3}
        assert "geo: 3 records were never read" in str(lost.value)
        # What else is wrong is not hidden by it.
        assert "user: the stream table has 5 rows" in str(lost.value)
    # No other try follows, and one of the same run would say the same.
    assert isinstance(lost.value, Permanent)
    written = (RECORD_LOSS, {"run_id": "manual__1", "rows": '[{"entity": "geo", "acknowledged": 3}]'})
    assert statements["ran"] == [(BALANCE, ASKED), written] * 2


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[list[dict[str, Any]]]:
    """The rows of each look at a run that goes on; those that were taken are gone."""
    answers: list[list[dict[str, Any]]] = []

    def run_sql(relative: str, parameters: dict[str, Any], *, missing_table_ok: bool = False) -> Any:
        # A first run has no tables yet.
        assert (relative, parameters, missing_table_ok) == (BALANCE, ASKED, True)
        return answers.pop(0)

    monkeypatch.setattr(tasks.connections, "run_sql", run_sql)
    monkeypatch.setattr(tasks, "PAUSES_S", (0.001,) * 3)
    use_mode(monkeypatch, "continuous")
    return answers


def test_a_run_that_goes_on_has_ten_minutes_until_its_counts_must_be_right() -> None:
    assert sum(tasks.PAUSES_S) >= 600
    assert list(tasks.PAUSES_S) == sorted(tasks.PAUSES_S)
    assert max(tasks.PAUSES_S) <= 30


def test_each_entity_of_a_run_that_goes_on_must_have_been_right_once(
    looks: list[list[dict[str, Any]]], caplog: pytest.LogCaptureFixture
) -> None:
    merged, late = {"table_rows": 15}, {"acknowledged": 30}
    looks += [
        [],
        rows(geo=merged, user=merged),
        rows(pin=merged, user=merged | late),
        rows(pin=merged | late, geo=merged, user={"lines_read": 30, "kept": 12, "uncounted": 0}),
    ]
    totals = {"total_lines_read": 20, "total_kept": 10, "total_merged": 7, "total_quarantined": 3}
    with caplog.at_level(logging.INFO):
        counted = check_counts("created")
    assert not looks
    assert counted == {
        "pin": totals,
        "geo": totals,
        "user": totals | {"total_lines_read": 30, "total_kept": 12},
    }
    told = [message for message in caplog.messages if message.startswith("look ")]
    assert [message.partition(":")[0] for message in told] == ["look 1 of 4", "look 2 of 4", "look 3 of 4"]
    assert "pin: nothing is counted yet" in told[0]
    assert "pin: " not in told[1]
    assert "geo: the stream table has 15 rows" in told[1]
    assert "geo: " not in told[2]
    assert "user: the stream table has 15 rows" in told[2]


def test_a_run_that_goes_on_and_is_never_right_is_an_error(looks: list[list[dict[str, Any]]]) -> None:
    looks += [[]] + [rows(pin={"table_rows": 15})] * 3
    with pytest.raises(CountsWrong, match="pin: the stream table has 15 rows") as wrong:
        check_counts()
    assert len(wrong.value.problems) == 1
    assert not looks


@pytest.mark.parametrize(
    ("action", "state", "read", "is_lost"),
    [
        ("adopted", "RUNNING", 20, True),
        # It has read on, so it may be on its way.
        ("adopted", "RUNNING", 21, False),
        # It waits for a cluster, and may just have got one.
        ("adopted", "PENDING", 20, False),
        ("created", "RUNNING", 20, False),
    ],
)
def test_a_run_that_goes_on_has_lost_what_it_does_not_read_when_it_could(
    monkeypatch: pytest.MonkeyPatch,
    statements: dict[str, Any],
    action: str,
    state: str,
    read: int,
    is_lost: bool,
) -> None:
    from cloud_operators.databricks.hooks.runs import DatabricksRunsHook

    answers = [rows(pin={"acknowledged": 25}), rows(pin={"acknowledged": 25, "lines_read": read})]
    given: Callable[..., Any] = tasks.connections.run_sql

    def run_sql(relative: str, *arguments: Any, **named: Any) -> Any:
        rows_of_file = given(relative, *arguments, **named)
        return answers.pop(0) if relative == BALANCE else rows_of_file

    monkeypatch.setattr(tasks.connections, "run_sql", run_sql)
    monkeypatch.setattr(tasks, "PAUSES_S", (0.001,))
    monkeypatch.setattr(
        DatabricksRunsHook, "get_run", lambda _, run_id: {7: {"state": {"life_cycle_state": state}}}[run_id]
    )
    use_mode(monkeypatch, "continuous")
    with pytest.raises(RecordsLost if is_lost else CountsWrong, match=r"pin: (5|4) records were never read"):
        check_counts(action)
    assert not answers
    written = [parameters["rows"] for relative, parameters in statements["ran"] if relative == RECORD_LOSS]
    assert written == (['[{"entity": "pin", "acknowledged": 5}]'] if is_lost else [])


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
