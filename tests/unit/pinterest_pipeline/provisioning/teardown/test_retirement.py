"""Moving landed objects: nothing is lost wherever it breaks off, and nothing is written over."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.landing import retiring
from pinterest_pipeline.landing.objects import object_key
from pinterest_pipeline.provisioning.teardown import retirement, tasks
from pinterest_pipeline.provisioning.teardown.data import Place, data_places
from tests.unit.pinterest_pipeline.provisioning.teardown.site import (
    BUCKET,
    PARAMS,
    RECORDS,
    STATE_ROOT,
    TOPICS,
    Site,
)

PREFIX = "topics/sandbox.pin/"
TARGET = "retired/t1/"


class Died(Exception):
    """The worker."""


@pytest.fixture
def landed(real_s3: Any) -> dict[str, bytes]:
    """Five objects of a topic by their keys."""
    real_s3.create_bucket(Bucket=BUCKET)
    objects = {object_key("sandbox.pin", 0, first): b"%d\n" % first for first in range(5)}
    for key, body in objects.items():
        real_s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return objects


def content(s3: Any) -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {entry["Key"]: s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}


def moved(objects: dict[str, bytes], target: str = TARGET) -> dict[str, bytes]:
    return {f"{target}{key}": body for key, body in objects.items()}


def retire(s3: Any) -> int:
    return retirement.retire_objects(s3, BUCKET, PREFIX, TARGET)


def test_objects_are_moved_as_they_are_and_no_others(real_s3: Any, landed: dict[str, bytes]) -> None:
    real_s3.put_object(Bucket=BUCKET, Key="topics/sandbox.geo/x", Body=b"geo")
    assert retire(real_s3) == 5
    assert content(real_s3) == moved(landed) | {"topics/sandbox.geo/x": b"geo"}
    assert retire(real_s3) == 0


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("copies", [0, 1, 3, 5])
def test_broken_off_between_copying_and_deleting_it_is_gone_on_with(
    real_s3: Any, landed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, batch: int, copies: int
) -> None:
    monkeypatch.setattr(retirement, "BATCH", batch)
    monkeypatch.setattr(retirement, "READERS", 1)
    copy, left = real_s3.copy_object, [copies]

    def dies(**arguments: Any) -> Any:
        if not left[0]:
            raise Died
        left[0] -= 1
        return copy(**arguments)

    def dies_at_once(*_: Any) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(real_s3, "copy_object", dies)
        if copies == 5:
            # All are copied, and none is deleted.
            patch.setattr(retirement, "delete_keys", dies_at_once)
        with pytest.raises(Died):
            retire(real_s3)
    found = content(real_s3)
    assert all(landed[key] in (found.get(key), found.get(f"{TARGET}{key}")) for key in landed)
    retire(real_s3)
    assert content(real_s3) == moved(landed)


def test_an_object_that_is_younger_than_what_lies_in_its_place_is_not_written_over_it(
    real_s3: Any, landed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    retire(real_s3)
    kept = content(real_s3)
    real_s3.put_object(Bucket=BUCKET, Key=object_key("sandbox.pin", 0, 0), Body=b"other\n")
    with pytest.raises(retirement.Occupied, match=r"retired/t1/topics/sandbox.pin/.* is no copy of"):
        retire(real_s3)
    assert content(real_s3) == kept | {object_key("sandbox.pin", 0, 0): b"other\n"}


def test_a_copy_that_is_not_as_its_original_leaves_the_original(
    real_s3: Any, landed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def copies_half(**arguments: Any) -> None:
        real_s3.put_object(Bucket=BUCKET, Key=arguments["Key"], Body=b"")

    monkeypatch.setattr(real_s3, "copy_object", copies_half)
    with pytest.raises(PipelineError, match=r"5 objects were not copied.*none of them is deleted"):
        retire(real_s3)
    assert landed.items() <= content(real_s3).items()


def test_an_object_that_s3_does_not_delete_is_told(
    real_s3: Any, landed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"Errors": [{"Key": "k", "Code": "AccessDenied", "Message": "no"}]}
    monkeypatch.setattr(real_s3, "delete_objects", lambda **_: answer)
    with pytest.raises(PipelineError, match="did not delete 1 objects; k: AccessDenied: no"):
        retire(real_s3)


def test_a_teardown_that_is_gone_on_with_keeps_its_time(real_s3: Any) -> None:
    real_s3.create_bucket(Bucket=BUCKET)
    first, later = "2026-03-01T12:00:00+00:00", "2026-03-02T12:00:00+00:00"
    assert retiring.begun_at(real_s3, STATE_ROOT, first) == first
    assert retiring.begun_at(real_s3, STATE_ROOT, later) == first
    retiring.ended(real_s3, STATE_ROOT)
    assert retiring.begun_at(real_s3, STATE_ROOT, later) == later
    assert retirement.retired_prefix(later) == "retired/2026-03-02T12-00-00Z/"


def test_topics_made_again_after_a_teardown_that_broke_off_get_a_folder_of_their_own(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = itertools.count()
    monkeypatch.setattr(tasks, "now_text", lambda: f"2026-03-01T12:00:{next(times):02}+00:00")
    checked = site.teardown(stop_before="delete_topics")
    first = {key: body for key, body in content(site.s3).items() if key.startswith("retired/")}
    for topic in TOPICS:
        # As long as the old one, but for its time the same to a listing.
        site.s3.put_object(Bucket=BUCKET, Key=object_key(topic, 0, 0), Body=b"[]\n" * (RECORDS + 1))
    site.statements["tables/read_ingest_positions.sql"] = []
    params = PARAMS | {"leave_unread": True}
    folders = tasks.retire_objects.function(checked["topics"], params=params)
    found = {key: body for key, body in content(site.s3).items() if key.startswith("retired/")}
    assert first.items() <= found.items()
    assert len(found) == 2 * len(first)
    assert site.keys("topics/") == []
    assert len(folders) == 1
    assert {key.split("/")[1] for key in found} == {key.split("/")[1] for key in first} | {
        folders[0].rstrip("/").rpartition("/")[2]
    }


def test_state_without_a_folder_is_not_deleted_as_a_whole_bucket() -> None:
    assert data_places(bucket="b", bucket_is_ours=False, topics=["x.pin"], state_root="s3://shared") == [
        Place("b", "topics/x.pin/"),
        Place("b", "retired/"),
        Place("b", "results/"),
    ]
    assert data_places(bucket="b", bucket_is_ours=True, topics=[], state_root="s3://b/_state") == [
        Place("b", ""),
        Place("b", "_state/"),
    ]
    assert data_places(bucket="b", bucket_is_ours=True, topics=[], state_root="s3://c/d") == [
        Place("b", ""),
        Place("c", "d/"),
    ]
