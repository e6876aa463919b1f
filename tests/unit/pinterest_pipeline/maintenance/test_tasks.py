"""The tasks of the DAG, against S3 of moto and a workspace over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException

from cloud_operators.exceptions import StatementFailed
from pinterest_pipeline.entities import names
from pinterest_pipeline.landing.manifest import manifest_name
from pinterest_pipeline.maintenance import objects, tasks
from pinterest_pipeline.settings import SettingsError, load_settings
from tests.integrity.iam import allows, statements
from tests.unit.cloud_operators.databricks import fake_databricks
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks

BUCKET = "user-sandbox-bucket"
NOW = datetime.now(UTC).replace(microsecond=0)
PARAMS = {"retention_hours": 200, "history_days": 30, "manifest_days": 90, "dry_run": False}
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
def context(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    context: dict[str, Any] = {}
    monkeypatch.setattr(tasks, "get_current_context", lambda: context)
    values = load_settings(
        {"PINTEREST_USER_ID": "sandbox", "PINTEREST_DATABRICKS_WAREHOUSE_ID": "0123456789abcdef"}
    )
    monkeypatch.setattr(tasks, "settings", lambda: values)
    return context


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


@pytest.fixture
def s3(account: None, context: dict[str, Any]) -> Any:
    """S3 with the pipeline's bucket, versioned as provisioning makes it."""
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return s3


def put(s3: Any, *keys: str, body: bytes = b"0123456789") -> None:
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def versions(s3: Any) -> list[tuple[str, str]]:
    found = s3.list_object_versions(Bucket=BUCKET)
    return sorted(
        (each["Key"], each["VersionId"])
        for each in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    )


def keys(s3: Any) -> set[str]:
    return {key for key, _ in versions(s3)}


def record(days_ago: int) -> str:
    day = NOW - timedelta(days=days_ago)
    return f"health/history/date={day:%Y-%m-%d}/{day:%Y%m%d}T120000_run.json"


def at(monkeypatch: pytest.MonkeyPatch, *, days: int, s3_days: int | None = None) -> None:
    """Let the tasks run some days from now, by the clock of S3 as well or not."""
    there = NOW + timedelta(days=days if s3_days is None else s3_days)
    monkeypatch.setattr(tasks, "now_text", lambda: (NOW + timedelta(days=days)).isoformat())
    monkeypatch.setattr(objects, "present_time", lambda *_: there)


#: What the maintenance must not touch.
OTHERS = {
    "topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json",
    "retired/20200101T000000/topics/sandbox.pin/partition=0/sandbox.pin+0+0000000000.json",
    "results/top_country/result.csv",
    "kafka-connect-s3/sink.zip",
    "_state/checkpoints/pin/1700000000.000/commits/0",
    "_state/resources.json",
    "_state/checked.json",
    "health/history/date=2020-01-01/notes.txt",
    "_state/manifests/notes.json",
}


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


def test_old_history_goes_with_all_versions_and_nothing_else(s3: Any) -> None:
    old, recent = record(31), record(30)
    malformed = f"health/malformed/{NOW - timedelta(days=40):%Y%m%d}T120000_latest.json"
    put(s3, old, old, recent, malformed, "health/latest.json", "health/told.json", *OTHERS)
    s3.delete_object(Bucket=BUCKET, Key=old)
    assert tasks.expire_history.function(params=PARAMS) == {
        "objects": 2,
        # Two versions and a marker of the record.
        "versions": 4,
        "bytes_freed": 30,
        "kept": 3,
        "unknown": 1,
    }
    assert keys(s3) == {recent, "health/latest.json", "health/told.json", *OTHERS}


def test_earlier_versions_of_the_latest_record_expire(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put(s3, "health/latest.json", "health/latest.json", "health/latest.json")
    present = s3.head_object(Bucket=BUCKET, Key="health/latest.json")["VersionId"]
    at(monkeypatch, days=29)
    assert tasks.expire_history.function(params=PARAMS)["versions"] == 0
    at(monkeypatch, days=31)
    result = tasks.expire_history.function(params=PARAMS)
    assert (result["objects"], result["versions"], result["bytes_freed"], result["kept"]) == (0, 2, 20, 1)
    assert versions(s3) == [("health/latest.json", present)]


@pytest.mark.parametrize(("days", "s3_days"), [(365, 0), (0, 365)])
def test_a_clock_that_is_ahead_deletes_nothing(
    s3: Any, monkeypatch: pytest.MonkeyPatch, days: int, s3_days: int
) -> None:
    put(s3, record(0), record(29), "health/latest.json", "health/latest.json")
    put(s3, *(f"_state/manifests/{manifest_name(run)}" for run in ("a", "b")))
    before = versions(s3)
    at(monkeypatch, days=days, s3_days=s3_days)
    assert tasks.expire_history.function(params=PARAMS)["versions"] == 0
    assert tasks.expire_manifests.function(params=PARAMS)["versions"] == 0
    assert versions(s3) == before


def test_s3_says_what_time_it_is(s3: Any) -> None:
    assert abs(objects.present_time(s3, BUCKET, "health/") - datetime.now(UTC)) < timedelta(minutes=1)


def test_old_manifests_go_and_the_newest_stays(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    old = [f"_state/manifests/{manifest_name(f'run {number}')}" for number in range(3)]
    put(s3, *old, *OTHERS)
    at(monkeypatch, days=91)
    listed = objects.list_versions

    def one_is_newer(*arguments: Any) -> list[Any]:
        # S3 tells seconds, within which a test writes all of them.
        return [
            each._replace(modified=each.modified + timedelta(seconds=each.key == old[1]))
            for each in listed(*arguments)
        ]

    monkeypatch.setattr(objects, "list_versions", one_is_newer)
    assert tasks.expire_manifests.function(params=PARAMS) == {
        "objects": 2,
        "versions": 2,
        "bytes_freed": 20,
        "kept": 1,
        "unknown": 1,
    }
    assert keys(s3) == {old[1], *OTHERS}


def test_manifests_lie_below_the_state_root(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, here = (f"{root}/manifests/{manifest_name('a')}" for root in ("deep/state", "_state"))
    values = load_settings(
        {"PINTEREST_USER_ID": "sandbox", "PINTEREST_STATE_ROOT": f"s3://{BUCKET}/deep/state"}
    )
    monkeypatch.setattr(tasks, "settings", lambda: values)
    put(s3, elsewhere, here)
    assert tasks.expire_manifests.function(params=PARAMS)["kept"] == 1


@pytest.mark.parametrize("task", [tasks.expire_history, tasks.expire_manifests])
def test_a_dry_run_deletes_no_object(
    s3: Any, task: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    manifests = [f"_state/manifests/{manifest_name(run)}" for run in ("a", "b")]
    put(s3, record(300), *manifests)
    # A marker is newer than both manifests, and no manifest.
    s3.delete_object(Bucket=BUCKET, Key=manifests[1])
    before = versions(s3)
    at(monkeypatch, days=91)
    result = task.function(params={**PARAMS, "dry_run": True})
    assert result["objects"] == 1
    assert versions(s3) == before
    shown = record(300) if task is tasks.expire_history else manifests[1]
    assert f"would delete: {shown}" in caplog.text


def test_a_bucket_that_never_was_versioned(account: None, context: dict[str, Any]) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    put(s3, record(31), record(30))
    assert tasks.expire_history.function(params=PARAMS)["objects"] == 1
    assert keys(s3) == {record(30)}


@pytest.mark.parametrize("task", [tasks.expire_history, tasks.expire_manifests])
def test_without_a_bucket_there_is_nothing_to_do(account: None, context: dict[str, Any], task: Any) -> None:
    with pytest.raises(AirflowSkipException, match=f"no bucket {BUCKET} yet"):
        task.function(params=PARAMS)


def test_more_than_a_request_takes(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "BATCH", 2)
    put(s3, *(record(days) for days in range(29, 36)))
    assert tasks.expire_history.function(params=PARAMS)["objects"] == 5
    assert keys(s3) == {record(29), record(30)}


class Refusing:
    """S3 that refuses to delete some keys."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.requests: list[list[str]] = []

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        asked = [each["Key"] for each in Delete["Objects"]]
        self.requests.append(asked)
        wrong = [key for key in asked if key in self.refused]
        return {"Errors": [{"Key": key, "Code": "AccessDenied", "Message": "no"} for key in wrong]}


def test_refusals_are_told_after_all_were_tried() -> None:
    found = [tasks.expiry.Version(f"k{number:04}", "v", NOW, 1) for number in range(2001)]
    s3 = Refusing("k0003", "k2000")
    with pytest.raises(objects.NotDeleted, match=r"2 of 2001 versions \(AccessDenied\).*k0003: no"):
        objects.delete_versions(s3, BUCKET, found)
    assert [len(request) for request in s3.requests] == [1000, 1000, 1]


def test_what_expires_may_be_deleted_by_the_role_and_the_rest_may_not() -> None:
    own = [each for each in statements("mwaa-execution") if each["Sid"].startswith("Maintenance")]

    def may(key: str) -> bool:
        resource = f"arn:aws:s3:::{BUCKET}/{key}"
        return any(allows(each, "s3:DeleteObjectVersion", resource) for each in own)

    manifest = f"_state/manifests/{manifest_name('a')}"
    assert all(may(key) for key in (record(1), manifest, "health/latest.json", "health/malformed/x"))
    others = {key for key in OTHERS if not key.startswith(("health/", "_state/manifests/"))}
    assert not [key for key in others if may(key)]
    for statement in own:
        assert statement["Action"] in ("s3:ListBucketVersions", "s3:DeleteObjectVersion")


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
