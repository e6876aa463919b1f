"""What would be lost, with figures and remedy, and when a teardown is refused for it."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.landing.objects import object_key
from pinterest_pipeline.provisioning.teardown import tasks
from tests.unit.pinterest_pipeline.provisioning.teardown.site import (
    BUCKET,
    PARAMS,
    POSITIONS,
    RECORDS,
    STEPS,
    UNREAD,
    Site,
)


def refused(site: Site, **params: Any) -> str:
    with pytest.raises(Permanent) as caught:
        site.list_resources(**params)
    return str(caught.value)


def test_records_that_the_sink_has_not_written_refuse_it_with_figures_and_remedy(site: Site) -> None:
    site.kafka.topics["sandbox.pin"].ends[0] = RECORDS + 3
    text = refused(site)
    assert "topic sandbox.pin: the sink has not written 3 records" in text
    assert f"sandbox.pin[0] ends at {RECORDS + 3}, committed is {RECORDS}" in text
    assert "group connect-sandbox-connector" in text
    assert "delete_data" in text
    assert "sandbox.geo" not in text


def test_a_dry_run_shows_the_refusal_and_does_not_fail(site: Site) -> None:
    site.kafka.topics["sandbox.pin"].ends[0] = RECORDS + 3
    listed = site.list_resources(dry_run=True)
    assert len(listed["losses"]) == 1
    assert "Refused" in listed["report"]
    assert tasks.stop_dry_run.function(listed, params=PARAMS | {"dry_run": True}) is False


def test_dead_letters_are_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.kafka.topics["sandbox.pin"].ends[0] = RECORDS + 3
    dead: dict[str, set[tuple[int, int]]] = {"sandbox.pin": {(0, RECORDS + each) for each in range(3)}}
    monkeypatch.setattr(
        "cloud_operators.kafka.hooks.dead_letters.DeadLetterHook.read_origins", lambda *_, **__: dead
    )
    assert site.list_resources()["losses"] == []
    dead["sandbox.pin"].pop()
    assert "has not written 1 records" in refused(site)


def test_dead_letters_that_go_with_their_topic_are_counted(site: Site) -> None:
    assert not any("dead letters" in note for note in site.list_resources()["notes"])
    site.kafka.topics["sandbox.dead-letter"].ends[0] = 4
    (note,) = [note for note in site.list_resources()["notes"] if "dead letters" in note]
    assert note.startswith("Topic sandbox.dead-letter has 4 dead letters")


def test_objects_above_the_marks_refuse_it(site: Site) -> None:
    site.s3.put_object(Bucket=BUCKET, Key=object_key("sandbox.geo", 0, RECORDS), Body=b"{}\n")
    text = refused(site)
    assert "topic sandbox.geo: 1 landed objects with 3 bytes were read by no daily run" in text
    assert object_key("sandbox.geo", 0, RECORDS) in text
    assert "Run pinterest_daily_batch first" in text


def test_lines_that_the_marked_object_has_got_since_refuse_it(site: Site) -> None:
    site.s3.put_object(Bucket=BUCKET, Key=object_key("sandbox.geo", 0, 0), Body=b"{}\n" * (RECORDS + 1))
    assert object_key("sandbox.geo", 0, 0) in refused(site)


def test_a_partition_without_a_mark_was_never_read(site: Site) -> None:
    site.s3.put_object(Bucket=BUCKET, Key=object_key("sandbox.geo", 7, 0), Body=b"{}\n")
    assert object_key("sandbox.geo", 7, 0) in refused(site)
    site.statements[POSITIONS] = []
    assert "topic sandbox.user: 1 landed objects" in refused(site)


def test_unread_objects_may_be_left_and_are_kept(site: Site) -> None:
    site.statements[POSITIONS] = []
    site.teardown(leave_unread=True)
    assert len(site.keys("retired/")) == 3


def test_stream_records_that_no_run_has_read_refuse_it(site: Site) -> None:
    site.statements[UNREAD] = [{"entity": "geo", "unread": 7}]
    text = refused(site)
    assert "stream streaming-sandbox-geo: 7 records that bursts have put there were read by no run" in text
    assert "leave_unread" in text
    site.teardown(leave_unread=True)
    assert site.present() == {("bucket", BUCKET): BUCKET}


def test_unread_records_of_a_stream_that_stays_refuse_nothing(site: Site) -> None:
    site.statements[UNREAD] = [{"entity": "geo", "unread": 7}]
    site.write([entry for entry in site.entries() if entry["name"] != "streaming-sandbox-geo"])
    assert site.list_resources()["losses"] == []


def test_runs_that_need_what_is_deleted_refuse_it(site: Site) -> None:
    listed = site.list_resources()
    site.running |= {"pinterest_daily_batch", "pinterest_stream_ingest"}
    text = refused(site)
    assert "pinterest_daily_batch, pinterest_stream_ingest have runs that are queued or running" in text
    site.list_resources(dry_run=True)
    before = site.present()
    with pytest.raises(Permanent, match="have runs that are queued or running"):
        site.check_again(listed)
    assert site.present() == before


def test_with_delete_data_nothing_is_refused(site: Site) -> None:
    site.statements[POSITIONS] = []
    site.kafka.topics["sandbox.pin"].ends[0] = RECORDS + 3
    site.teardown(delete_data=True)
    assert site.present() == {}


def test_leaving_unread_objects_does_not_allow_to_lose_records(site: Site) -> None:
    site.kafka.topics["sandbox.pin"].ends[0] = RECORDS + 3
    assert "has not written 3 records" in refused(site, leave_unread=True)


def test_without_a_warehouse_it_is_said_that_positions_stay(site: Site, use_settings: Any) -> None:
    use_settings(DATABRICKS_WAREHOUSE_ID="")
    # Landed objects may stand in tables, whose positions would hide what comes later.
    assert "topic sandbox.pin: it has landed objects" in refused(site)
    listed = site.list_resources(leave_unread=True)
    assert "PINTEREST_DATABRICKS_WAREHOUSE_ID is not set" in listed["report"]
    site.teardown(leave_unread=True)
    assert site.statements["ran"] == []


def test_records_that_come_while_a_person_thinks_refuse_it_before_anything_is_deleted(site: Site) -> None:
    listed = site.list_resources()
    before = site.present()
    site.kafka.topics["sandbox.pin"].ends[0] = RECORDS + 1
    with pytest.raises(Permanent, match="has not written 1 records"):
        site.check_again(listed)
    assert site.present() == before


def test_records_that_come_while_it_deletes_keep_the_topics(site: Site) -> None:
    checked = site.teardown(stop_before="retire_objects")
    site.kafka.topics["sandbox.pin"].ends[0] = RECORDS + 1
    with pytest.raises(Permanent, match=r"No topic is deleted.*\n.*has not written 1 records"):
        tasks.retire_objects.function(checked["topics"], params=PARAMS)
    assert len(site.kafka.topics) == 4
    assert site.keys("retired/") == []
    assert STEPS.index("retire_objects") < STEPS.index("delete_topics")


def test_what_is_made_after_the_approval_is_not_deleted(site: Site) -> None:
    checked = site.teardown(stop_before="delete_custom_plugins")
    site.msk.plugins.clear()
    listed = site.list_resources()
    assert ("custom_plugin", "gone already") in {(item["kind"], item["fate"]) for item in listed["items"]}
    site.msk.workers.clear()
    site.make_connect()
    entries = [
        entry | {"identifier": site.present()[entry["kind"], entry["name"]]}  # type: ignore[operator]
        for entry in site.entries()
        if (entry["kind"], entry["name"]) in site.present()
    ]
    site.write(entries)
    with pytest.raises(Permanent, match="made after the approval") as caught:
        site.check_again(listed)
    assert "connector sandbox-connector" in str(caught.value)
    assert checked["losses"] == []
