"""The whole teardown against an account: what goes, what stays, and that it can be gone on with anywhere."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.landing import checked, retiring
from pinterest_pipeline.landing.objects import object_key
from pinterest_pipeline.provisioning import resources
from pinterest_pipeline.provisioning.teardown import tasks
from pinterest_pipeline.provisioning.teardown.kinds import ORDER
from tests.unit.cloud_operators.kafka.fake_kafka import FakeTopic
from tests.unit.pinterest_pipeline.provisioning.teardown.site import (
    ALARM,
    BUCKET,
    DEAD_LETTERS,
    POSITIONS,
    RECORDS,
    STATE_ROOT,
    STEPS,
    TOPICS,
    UNREAD,
    Site,
)


def retired_keys(site: Site) -> list[str]:
    """Where the retired objects came from."""
    return [key.split("/", 2)[2] for key in site.keys("retired/")]


def test_everything_that_was_made_goes_and_the_data_stays(site: Site) -> None:
    result = site.teardown()
    assert site.present() == {("bucket", BUCKET): BUCKET}
    assert site.recorded() == {("bucket", BUCKET)}
    assert retired_keys(site) == sorted(object_key(topic, 0, 0) for topic in TOPICS)
    assert site.keys("topics/") == []
    assert site.keys("_state/") == ["_state/resources.json"]
    assert result["left"] == []
    assert result["kept"] == [f"bucket {BUCKET}"]
    # Nothing is left but what is kept: kinds of the record, each at least once.
    assert {text.partition(" ")[0] for text in result["deleted"]} == set(ORDER) - {"bucket"}
    assert len(result["deleted"]) == 17
    (folder,) = result["retired"]
    assert folder == f"s3://{BUCKET}/{site.keys('retired/')[0].partition('/topics/')[0]}/"


def test_moved_objects_are_as_they_were(site: Site) -> None:
    body = b'{"index": 1}\n{"index": 2}\n'
    site.s3.put_object(Bucket=BUCKET, Key=object_key("sandbox.pin", 0, 0), Body=body)
    site.s3.put_object(Bucket=BUCKET, Key="topics/sandbox.pin2/partition=0/x.json", Body=b"{}")
    site.statements[POSITIONS][0]["lines"] = 2
    site.teardown()
    (key,) = [key for key in site.keys("retired/") if "/sandbox.pin/" in key]
    assert site.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
    # The topic of another name is not ours.
    assert site.keys("topics/") == ["topics/sandbox.pin2/partition=0/x.json"]


def test_the_daily_runs_forget_where_they_have_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "now_text", lambda: "2026-03-01T12:00:00+00:00")
    site.teardown()
    ran = [each for each in site.statements["ran"] if each[0] not in (POSITIONS, UNREAD)]
    assert ran == [
        each
        for entity in ENTITIES
        for each in (
            ("tables/forget_positions.sql", {"topic": f"sandbox.{entity}"}),
            (
                "tables/retire_rows.sql",
                {"batch_table": f"`hive_metastore`.`default`.`sandbox_{entity}_batch`"},
            ),
            (
                "tables/retire_quarantine.sql",
                {
                    "quarantine_table": f"`hive_metastore`.`default`.`sandbox_{entity}_quarantine`",
                    "topic": f"sandbox.{entity}",
                    "begun_at": "2026-03-01T12:00:00+00:00",
                },
            ),
        )
    ]


def test_what_the_quality_checks_have_passed_is_forgotten_with_the_topic(site: Site) -> None:
    kept = [entry for entry in site.entries() if (entry["kind"], entry["name"]) != ("topic", "sandbox.geo")]
    site.write(kept)
    uri = f"{STATE_ROOT}/checked.json"
    checked.write_passed(site.s3, uri, {"pin": 5000, "geo": 7, "user": 9})
    site.teardown()
    # The topic that was adopted goes on.
    assert checked.read_passed(site.s3, uri) == {"geo": 7}


def test_daily_runs_and_provisioning_are_refused_until_it_has_come_to_its_end(site: Site) -> None:
    site.teardown(stop_before="retire_objects")
    retiring.refuse_while_under_way(site.s3, STATE_ROOT)
    site.teardown(stop_before="reset_positions")
    with pytest.raises(Permanent, match="run pinterest_teardown first"):
        retiring.refuse_while_under_way(site.s3, STATE_ROOT)
    site.teardown()
    retiring.refuse_while_under_way(site.s3, STATE_ROOT)


def test_the_entrance_goes_before_the_sink(site: Site) -> None:
    """A post that comes in between is written: the teardown stops while all is there that it needs."""
    site.teardown(stop_before="wait_until_written")
    assert {kind for kind, _ in site.present()} == set(ORDER) - {
        "usage_plan",
        "api_key",
        "rest_api",
        "secret",
    }


def test_records_that_came_last_stop_it_before_the_sink_goes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "WRITING_S", 0.0)
    checked_items = site.teardown(stop_before="wait_until_written")
    site.kafka.topics["sandbox.pin"].ends[0] += 1
    with pytest.raises(Permanent, match=r"Only the API was deleted.*\n.*has not written 1 records"):
        site.teardown(checked=checked_items)
    assert {kind for kind, _ in site.present()} >= {"connector", "topic", "stream"}


def test_a_topic_that_somebody_else_has_made_stays(site: Site) -> None:
    site.kafka.topics["sandbox.geo"] = FakeTopic({0: 0})
    result = site.teardown()
    assert result["left"] == ["topic sandbox.geo"]
    assert set(site.kafka.topics) == {"sandbox.geo"}


def test_an_alarm_that_somebody_else_has_made_stays(site: Site) -> None:
    """It has the same ARN, and no date; but it has not the tags of ours."""
    site.cloudwatch.delete_alarms(AlarmNames=[ALARM])
    site.make_alarm({"owner": "somebody else"})
    result = site.teardown()
    assert result["left"] == [f"alarm {ALARM}"]
    assert [alarm["AlarmName"] for alarm in site.cloudwatch.describe_alarms()["MetricAlarms"]] == [ALARM]


def test_an_alarm_that_is_gone_already_is_no_error(site: Site) -> None:
    checked_items = site.teardown(stop_before="delete_alarm")
    refused = ClientError({"Error": {"Code": "ResourceNotFound"}}, "DeleteAlarms")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site.cloudwatch, "delete_alarms", Mock(side_effect=refused))
        tasks.delete_alarm.function(checked_items["items"])
    assert ("alarm", ALARM) in site.present()


def test_what_was_made_again_after_the_approval_is_not_deleted(site: Site) -> None:
    approved = site.list_resources()
    site.write(
        [
            {**entry, "recorded_at": "2030-01-01T00:00:00+00:00"}
            if entry["name"] == "streaming-sandbox-geo"
            else entry
            for entry in site.entries()
        ]
    )
    with pytest.raises(Permanent, match=r"made after the approval[^\n]*\n.*streaming-sandbox-geo"):
        site.check_again(approved)


def test_with_delete_data_the_bucket_goes_with_all_versions(site: Site) -> None:
    site.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        site.s3.put_object(Bucket=BUCKET, Key="results/top_country/result.csv", Body=body)
    site.s3.delete_object(Bucket=BUCKET, Key="results/top_country/result.csv")
    result = site.teardown(delete_data=True)
    assert site.present() == {}
    assert result["kept"] == []
    assert result["retired"] == []


@pytest.mark.parametrize("deletions", range(4))
def test_a_deletion_of_the_data_that_breaks_off_is_gone_on_with(
    site: Site, monkeypatch: pytest.MonkeyPatch, deletions: int
) -> None:
    delete, left = site.s3.delete_objects, [deletions]

    def dies(**arguments: Any) -> Any:
        if not left[0]:
            raise RuntimeError("died")
        left[0] -= 1
        return delete(**arguments)

    checked_items = site.teardown(stop_before="delete_data", delete_data=True)
    monkeypatch.setattr(site.s3, "delete_objects", dies)
    # Landing, state and record are three requests.
    with pytest.raises(RuntimeError, match="died") if deletions < 3 else nullcontext():
        site.teardown(checked=checked_items, delete_data=True)
    monkeypatch.setattr(site.s3, "delete_objects", delete)
    site.teardown(delete_data=True)
    assert site.present() == {}


def test_state_in_another_bucket_goes_with_the_data(site: Site, use_settings: Any) -> None:
    entries = resources.read_record(site.s3, STATE_ROOT)
    site.s3.create_bucket(Bucket="state-elsewhere")
    site.s3.put_object(Bucket="state-elsewhere", Key="others/file", Body=b"")
    resources.update_record(site.s3, "s3://state-elsewhere/pinterest", lambda _: entries)
    use_settings(STATE_ROOT="s3://state-elsewhere/pinterest")
    site.teardown(delete_data=True)
    assert site.present() == {}
    listed = site.s3.list_objects_v2(Bucket="state-elsewhere")["Contents"]
    assert [entry["Key"] for entry in listed] == ["others/file"]


@pytest.mark.parametrize(
    "kinds",
    [
        {"connector", "plugin_file", "rest_api", "ssm_document", "alarm", "stream"},
        {"custom_plugin", "worker_configuration", "usage_plan", "api_key", "secret", "topic"},
    ],
    ids=lambda kinds: " ".join(sorted(kinds)),
)
def test_what_was_adopted_stays(site: Site, kinds: set[str]) -> None:
    entries = resources.read_record(site.s3, STATE_ROOT)
    made = [entry for entry in entries if entry["kind"] not in kinds]
    resources.update_record(site.s3, STATE_ROOT, lambda _: made)
    before = site.present()
    site.teardown()
    assert site.present() == {
        resource: identifier for resource, identifier in before.items() if resource[0] in kinds | {"bucket"}
    }
    if "topic" in kinds:
        # The same topics go on, so that their objects and positions are still right.
        assert site.keys("topics/") == sorted(object_key(topic, 0, 0) for topic in TOPICS)
        assert {name for name, _ in site.statements["ran"]} <= {POSITIONS, UNREAD}


def test_of_an_adopted_bucket_only_what_the_pipeline_writes_is_deleted(site: Site) -> None:
    entries = resources.read_record(site.s3, STATE_ROOT)
    made = [
        entry
        for entry in entries
        if (entry["kind"], entry["name"]) not in {("bucket", BUCKET), ("topic", "sandbox.geo")}
    ]
    resources.update_record(site.s3, STATE_ROOT, lambda _: made)
    for key in ("notes.txt", "results/top_country/result.csv", "topics/sandbox.pin2/x", "retired/t/topics/x"):
        site.s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    site.teardown(delete_data=True)
    assert set(site.present()) == {("bucket", BUCKET), ("topic", "sandbox.geo")}
    assert site.keys() == ["notes.txt", object_key("sandbox.geo", 0, 0), "topics/sandbox.pin2/x"]


@pytest.mark.parametrize("delete_data", [False, True])
def test_runs_that_break_off_after_each_step_are_gone_on_with_by_the_next_run(
    site: Site, delete_data: bool
) -> None:
    for step in STEPS[1:]:
        site.teardown(stop_before=step, delete_data=delete_data)
    if delete_data:
        # Nothing is left to be asked about, not even a record.
        assert site.list_resources(delete_data=True)["items"] == []
    else:
        site.teardown()
        assert site.recorded() == {("bucket", BUCKET)}
        assert retired_keys(site) == sorted(object_key(topic, 0, 0) for topic in TOPICS)
        assert len({key.split("/")[1] for key in site.keys("retired/")}) == 1
        assert site.keys("_state/") == ["_state/resources.json"]
    assert site.present() == ({} if delete_data else {("bucket", BUCKET): BUCKET})


@pytest.mark.parametrize("delete_data", [False, True])
def test_each_step_may_be_cleared(site: Site, delete_data: bool) -> None:
    """Each step is done a second time after it, and all of them once more at the end."""
    listed = site.list_resources(delete_data=delete_data)
    checked: Any = {**listed}
    for step in STEPS[1:]:
        site.teardown(stop_before=step, checked=checked, delete_data=delete_data)
    first = site.teardown(checked=checked, delete_data=delete_data)
    again = site.teardown(checked=checked, delete_data=delete_data)
    assert first["deleted"] == again["deleted"]
    assert len(first["deleted"]) == (18 if delete_data else 17)
    assert site.present() == ({} if delete_data else {("bucket", BUCKET): BUCKET})


def test_a_second_teardown_finds_nothing_to_delete(site: Site) -> None:
    site.teardown()
    listed = site.list_resources()
    assert [(item["kind"], item["fate"]) for item in listed["items"]] == [("bucket", "keep")]
    site.teardown(delete_data=True)
    assert site.present() == {}
    assert site.list_resources()["items"] == []


def test_provisioning_and_another_teardown_keep_the_objects_of_both(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A person approves each: no two of them begin in one second.
    seconds = itertools.count()
    monkeypatch.setattr(tasks, "now_text", lambda: f"2026-03-01T12:00:{next(seconds):02}+00:00")
    site.teardown()
    first = site.keys("retired/")
    for topic in TOPICS:
        site.kafka.topics[topic] = FakeTopic({0: RECORDS})
    site.kafka.topics[DEAD_LETTERS] = FakeTopic({0: 0})
    site.land_and_read()
    entries = [
        {
            "kind": "topic",
            "name": topic,
            "state": "created",
            "identifier": site.kafka.topics[topic].topic_id,
            "run_id": "r",
            "recorded_at": "2030-01-01T00:00:00+00:00",
        }
        for topic in (*TOPICS, DEAD_LETTERS)
    ]
    resources.update_record(site.s3, STATE_ROOT, lambda old: [*old, *entries])  # type: ignore[list-item]
    site.teardown()
    assert len(site.keys("retired/")) == 2 * len(TOPICS)
    assert set(first) < set(site.keys("retired/"))
