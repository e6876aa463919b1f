"""Tables are compacted and vacuumed while nobody writes them, and a report adds up what was done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from cloud_operators.exceptions import StatementFailed
from pinterest_pipeline.entities import names
from pinterest_pipeline.maintenance import tasks
from pinterest_pipeline.settings import SettingsError, load_settings
from tests.unit.cloud_operators.databricks import fake_databricks
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks
from tests.unit.pinterest_pipeline.maintenance.asking import PARAMS

TABLE = names().table("ledger")


MISSING = {"error_code": "BAD_REQUEST", "message": "[TABLE_OR_VIEW_NOT_FOUND] it cannot be found"}


class Warehouse:
    """What the warehouse answers, by the beginning of a statement."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing: dict[str, dict[str, str]] = {}
        self.vacuumed = False

    def say(self, request: dict[str, Any]) -> Answer:
        sql = request["statement"]
        self.asked.append(sql)
        for beginning, error in self.failing.items():
            if sql.startswith(beginning):
                return Answer(state="FAILED", error=error, looks=())
        rows: dict[str, tuple[tuple[tuple[str, str], ...], list[list[str | None]]]] = {
            "OPTIMIZE": (
                (("path", "STRING"), ("metrics", "STRUCT")),
                [["s3://x", json.dumps({"numFilesAdded": 1, "numFilesRemoved": 12})]],
            ),
            "VACUUM": ((("path", "STRING"),), [["s3://x/1.parquet"], ["s3://x/2.parquet"]]),
            "DESCRIBE DETAIL": ((("numFiles", "LONG"), ("sizeInBytes", "LONG")), [["2", "5000"]]),
            "DESCRIBE HISTORY": (
                (("version", "LONG"), ("operation", "STRING"), ("operationMetrics", "MAP")),
                [
                    *(
                        [
                            ["9", "VACUUM END", '{"numDeletedFiles": "7"}'],
                            ["8", "VACUUM START", '{"sizeOfDataToDelete": "700"}'],
                        ]
                        if self.vacuumed
                        else []
                    ),
                    ["6", "MERGE", "{}"],
                ],
            ),
        }
        self.vacuumed |= sql.startswith("VACUUM") and "DRY RUN" not in sql
        columns, values = next(answer for beginning, answer in rows.items() if sql.startswith(beginning))
        return Answer(columns=columns, chunks=(values,), looks=())


@pytest.fixture
def warehouse(context: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    warehouse = Warehouse()
    workspace = FakeDatabricks(statements=warehouse.say)
    server = fake_databricks.serve(workspace)
    connection = {
        "conn_type": "databricks",
        "host": "127.0.0.1",
        "schema": "http",
        "port": workspace.port,
        "password": fake_databricks.TOKEN,
    }
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", json.dumps(connection))
    yield warehouse
    server.shutdown()
    server.server_close()


def test_a_table_is_compacted_and_vacuumed(warehouse: Warehouse, context: dict[str, Any]) -> None:
    assert tasks.maintain_table.function("ledger", params=PARAMS) == {
        "table": "ledger",
        "files_removed": 12,
        "files_added": 1,
        "files_deleted": 7,
        "bytes_freed": 700,
        "files_kept": 2,
        "bytes_kept": 5000,
    }
    assert [sql for sql in warehouse.asked if not sql.startswith("DESCRIBE")] == [
        f"OPTIMIZE {TABLE}",
        f"VACUUM {TABLE} RETAIN 200 HOURS",
    ]
    # The label of the mapped task.
    assert context == {"table": "ledger"}


def test_a_dry_run_changes_no_table(warehouse: Warehouse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    result = tasks.maintain_table.function("ledger", params={**PARAMS, "dry_run": True})
    assert [sql for sql in warehouse.asked if not sql.startswith("DESCRIBE")] == [
        f"VACUUM {TABLE} RETAIN 200 HOURS DRY RUN"
    ]
    assert (result["files_removed"], result["files_deleted"], result["bytes_freed"]) == (0, 2, None)
    assert "VACUUM would delete: s3://x/2.parquet" in caplog.text


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_table_that_is_not_there_is_skipped_with_a_word(
    warehouse: Warehouse, context: dict[str, Any], dry_run: bool
) -> None:
    warehouse.failing["DESCRIBE"] = MISSING
    with pytest.raises(AirflowSkipException, match=f"{TABLE} does not exist yet"):
        tasks.maintain_table.function("ledger", params={**PARAMS, "dry_run": dry_run})
    assert len(warehouse.asked) == 1
    assert context == {"table": "ledger"}


@pytest.mark.parametrize("statement", ["OPTIMIZE", "VACUUM"])
def test_a_conflict_fails_the_task_with_the_warehouses_message(warehouse: Warehouse, statement: str) -> None:
    message = "[DELTA_CONCURRENT_DELETE_READ] ConcurrentDeleteReadException: a file was deleted"
    warehouse.failing[statement] = {"error_code": "BAD_REQUEST", "message": message}
    with pytest.raises(StatementFailed, match="ConcurrentDeleteReadException"):
        tasks.maintain_table.function("ledger", params=PARAMS)


def test_a_table_that_vanishes_meanwhile_is_an_error(warehouse: Warehouse) -> None:
    warehouse.failing["OPTIMIZE"] = MISSING
    with pytest.raises(StatementFailed, match="TABLE_OR_VIEW_NOT_FOUND"):
        tasks.maintain_table.function("ledger", params=PARAMS)


def test_the_warehouse_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "settings", lambda: load_settings({"PINTEREST_USER_ID": "sandbox"}))
    with pytest.raises(SettingsError, match="PINTEREST_DATABRICKS_WAREHOUSE_ID"):
        tasks.check_settings.function()


class Runs:
    """Runs of DAGs, which end one look after another."""

    def __init__(self, **looks: int) -> None:
        self.looks = looks
        self.states: set[tuple[str, ...]] = set()

    def get_dr_count(self, *, dag_id: str, states: list[str]) -> int:
        self.states.add(tuple(states))
        self.looks[dag_id] = self.looks.get(dag_id, 0) - 1
        return int(self.looks[dag_id] >= 0)


def test_it_waits_until_nobody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PAUSE_S", 0.0)
    runs = Runs(pinterest_daily_batch=2, pinterest_stream_ingest=3)
    assert tasks.wait_for_writers.function(params=PARAMS, ti=runs) == []
    assert runs.looks["pinterest_stream_ingest"] == -1
    assert runs.states == {("running",)}


def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(tasks, "PAUSE_S", 0.0)
    monkeypatch.setattr(tasks, "WRITING_S", 0.0)
    runs = Runs(pinterest_stream_ingest=9)
    assert tasks.wait_for_writers.function(params=PARAMS, ti=runs) == ["pinterest_stream_ingest"]
    assert "not waited for any longer: pinterest_stream_ingest" in caplog.text


def test_a_dry_run_waits_for_nobody() -> None:
    runs = Runs(pinterest_daily_batch=9)
    assert tasks.wait_for_writers.function(params={**PARAMS, "dry_run": True}, ti=runs) == []
    assert runs.states == set()


def test_the_report_adds_up_what_is_known() -> None:
    table = {"files_removed": 5, "files_added": 1, "files_kept": 1, "bytes_kept": 9}
    done = [
        {**table, "table": "a", "files_deleted": 3, "bytes_freed": 100},
        {**table, "table": "b", "files_deleted": None, "bytes_freed": None},
    ]
    history = {"objects": 4, "versions": 6, "bytes_freed": 40, "kept": 1, "unknown": 0}
    result = tasks.report.function(done, history, None, params=PARAMS)
    sums = ("files_removed", "files_added", "files_deleted", "objects_deleted", "bytes_freed")
    assert [result[name] for name in sums] == [10, 2, 3, 4, 140]
    assert (result["tables"], result["history"], result["manifests"]) == (done, history, None)
    # As Airflow keeps it.
    assert json.loads(json.dumps(result)) == result


def test_the_report_of_nothing() -> None:
    result = tasks.report.function(None, None, None, params=PARAMS)
    assert (result["tables"], result["bytes_freed"], result["dry_run"]) == ([], 0, False)
