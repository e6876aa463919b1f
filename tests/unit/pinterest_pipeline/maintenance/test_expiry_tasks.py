"""What expires goes with all of its versions, and nothing beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException

from pinterest_pipeline.landing.manifest import manifest_name
from pinterest_pipeline.maintenance import objects, tasks
from pinterest_pipeline.settings import load_settings
from tests.integrity.iam import allows, statements
from tests.unit.pinterest_pipeline.maintenance.asking import BUCKET, NOW, PARAMS


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


def test_old_history_goes_with_all_versions_and_nothing_else(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, days=0)
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


@pytest.mark.parametrize("key", ["health/latest.json", "health/index.html"])
def test_earlier_versions_of_what_each_run_writes_expire(
    s3: Any, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    put(s3, key, key, key)
    present = s3.head_object(Bucket=BUCKET, Key=key)["VersionId"]
    at(monkeypatch, days=29)
    assert tasks.expire_history.function(params=PARAMS)["versions"] == 0
    at(monkeypatch, days=31)
    result = tasks.expire_history.function(params=PARAMS)
    assert (result["objects"], result["versions"], result["bytes_freed"], result["kept"]) == (0, 2, 20, 1)
    assert versions(s3) == [(key, present)]


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
        # S3 tells seconds: a test writes all of them within one, or two.
        return [
            each._replace(modified=each.modified + timedelta(hours=each.key == old[1]))
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


def test_a_bucket_that_never_was_versioned(
    account: None, context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, days=0)
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
    at(monkeypatch, days=0)
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
