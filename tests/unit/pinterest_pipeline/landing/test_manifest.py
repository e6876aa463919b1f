from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pinterest_pipeline.errors import Permanent, PositionLost
from pinterest_pipeline.landing.manifest import (
    Mark,
    build_manifest,
    manifest_name,
    read_manifest,
    read_marks,
    write_once,
)
from pinterest_pipeline.landing.objects import list_objects, object_key
from tests.unit.pinterest_pipeline.fakes import FakeS3

BUCKET = "user-sandbox-bucket"
TOPIC = "sandbox.pin"
URI = f"s3://{BUCKET}/_state/manifests/run.json"


def manifest(
    s3: FakeS3,
    pins: dict[str, int | None],
    marks: dict[tuple[str, int], Mark] | None = None,
    *,
    full_refresh: bool = False,
) -> dict[str, Any]:
    def listed(topic: str, partition: int, from_offset: int) -> Any:
        return list_objects(s3, BUCKET, topic, partition, from_offset=from_offset)

    return build_manifest(
        run_id="run",
        created_at="2026-01-01T00:00:00+00:00",
        bucket=BUCKET,
        full_refresh=full_refresh,
        topics={"pin": TOPIC},
        pins={TOPIC: pins},
        marks=marks or {},
        list_objects=listed,
    )


def partitions(document: dict[str, Any]) -> list[tuple[int, int, Any, list[int]]]:
    return [
        (
            part["partition"],
            part["pinned_offset"],
            part["mark"],
            [item["first_offset"] for item in part["objects"]],
        )
        for part in document["entities"]["pin"]["partitions"]
    ]


@pytest.fixture
def landing(s3: FakeS3) -> FakeS3:
    for partition, offset in [(0, 0), (0, 500), (0, 1000), (0, 1500), (1, 0), (10, 0)]:
        s3.objects[BUCKET, object_key(TOPIC, partition, offset)] = b"{}\n" * 500
    return s3


def test_the_first_run_reads_everything_below_the_pin(landing: FakeS3) -> None:
    document = manifest(landing, {"0": 1500, "1": 500})
    assert partitions(document) == [(0, 1500, None, [0, 500, 1000]), (1, 500, None, [0])]
    assert document["entities"]["pin"]["partitions"][0]["objects"][1] == {
        "key": "topics/sandbox.pin/partition=0/sandbox.pin+0+0000000500.json",
        "etag": "e",
        "size": 1500,
        "first_offset": 500,
    }
    assert {name: document[name] for name in ("version", "run_id", "bucket", "full_refresh")} == {
        "version": 1,
        "run_id": "run",
        "bucket": BUCKET,
        "full_refresh": False,
    }


def test_a_later_run_reads_the_last_object_again_and_what_follows(landing: FakeS3) -> None:
    mark: Mark = {"first_offset": 1000, "lines": 500}
    document = manifest(landing, {"0": 2000}, {(TOPIC, 0): mark})
    assert partitions(document) == [(0, 2000, mark, [1000, 1500])]
    assert [key.rpartition("+")[2] for key in landing.listed] == ["0000001000.json", "0000001500.json"]


def test_nothing_new_still_reads_the_last_object_again(landing: FakeS3) -> None:
    mark: Mark = {"first_offset": 1500, "lines": 500}
    assert partitions(manifest(landing, {"0": 2000}, {(TOPIC, 0): mark})) == [(0, 2000, mark, [1500])]


def test_dead_letters_at_the_end_hold_nothing_back(landing: FakeS3) -> None:
    """Offsets 2000 and 2001 are dead letters: the commit stays at 2000, the next object begins at 2002."""
    assert partitions(manifest(landing, {"0": 2000})) == [(0, 2000, None, [0, 500, 1000, 1500])]
    landing.objects[BUCKET, object_key(TOPIC, 0, 2002)] = b"{}\n" * 5
    mark: Mark = {"first_offset": 1500, "lines": 500}
    assert partitions(manifest(landing, {"0": 2007}, {(TOPIC, 0): mark})) == [(0, 2007, mark, [1500, 2002])]
    # The object is there, its offsets are not committed yet.
    assert partitions(manifest(landing, {"0": 2000}, {(TOPIC, 0): mark})) == [(0, 2000, mark, [1500])]


def test_a_full_refresh_looks_at_no_mark(landing: FakeS3) -> None:
    document = manifest(
        landing, {"0": 2000}, {(TOPIC, 0): {"first_offset": 1500, "lines": 1}}, full_refresh=True
    )
    assert partitions(document) == [(0, 2000, None, [0, 500, 1000, 1500])]


def test_a_partition_without_commits_has_no_objects_yet(landing: FakeS3) -> None:
    assert partitions(manifest(landing, {"0": None})) == [(0, 0, None, [])]


def test_partitions_are_ordered_by_number(landing: FakeS3) -> None:
    document = manifest(landing, {"10": 500, "1": 500, "0": 0})
    assert [part[0] for part in partitions(document)] == [0, 1, 10]


def test_a_topic_that_the_sink_does_not_know_has_no_partitions(s3: FakeS3) -> None:
    document = build_manifest(
        run_id="r",
        created_at="",
        bucket=BUCKET,
        full_refresh=False,
        topics={"pin": TOPIC},
        pins={},
        marks={},
        list_objects=partial(list_objects, s3, BUCKET),
    )
    assert document["entities"]["pin"] == {"topic": TOPIC, "partitions": []}


def test_marks_come_from_the_table_of_positions() -> None:
    rows = [{"topic": TOPIC, "partition": 2, "first_offset": 70, "object_key": "k", "lines": 9}]
    assert read_marks(rows) == {(TOPIC, 2): {"first_offset": 70, "lines": 9}}


@pytest.mark.parametrize(
    ("mark", "pin", "told"),
    [
        pytest.param(1500, 700, "partition 0: read up to the object at offset 1500, .* 700", id="below"),
        # A topic that was created anew and happens to have as many records: all of them would be left out.
        pytest.param(1500, 1500, "offset 1500, the sink has committed 1500", id="at-the-mark"),
        pytest.param(1500, None, "offset 1500, the sink has committed nothing", id="no-commit"),
        pytest.param(0, 0, "offset 0, the sink has committed 0", id="from-the-beginning"),
    ],
)
def test_a_sink_that_is_not_beyond_the_mark_is_an_error(
    landing: FakeS3, mark: int, pin: int | None, told: str
) -> None:
    marks: dict[tuple[str, int], Mark] = {(TOPIC, 0): {"first_offset": mark, "lines": 500}}
    with pytest.raises(PositionLost, match=rf"topic sandbox\.pin .*{told}") as caught:
        manifest(landing, {"0": pin, "1": 500}, marks)
    assert isinstance(caught.value, Permanent)
    for remedy in (
        "clear its wait_for_sink",
        "start the sink",
        "full_refresh does not help",
        "new resource id",
    ):
        assert remedy in str(caught.value)
    # A full refresh looks at no mark.
    assert manifest(landing, {"0": pin, "1": 500}, marks, full_refresh=True)


def test_a_partition_that_is_gone_is_an_error_too(landing: FakeS3) -> None:
    marks: dict[tuple[str, int], Mark] = {
        (TOPIC, 0): {"first_offset": 500, "lines": 500},
        (TOPIC, 1): {"first_offset": 7, "lines": 1},
        ("sandbox.other", 0): {"first_offset": 9999, "lines": 1},
    }
    with pytest.raises(PositionLost) as caught:
        manifest(landing, {"0": 501}, marks)
    assert caught.value.places == {1: (7, None)}


def asked(pin: int = 1, run_id: str = "run", full_refresh: bool = False) -> Any:
    document = {"run_id": run_id, "full_refresh": full_refresh, "pin": pin}
    return partial(write_once, make=lambda: document, run_id=run_id, full_refresh=full_refresh)


def test_the_manifest_of_a_run_is_written_once(s3: FakeS3) -> None:
    assert read_manifest(s3, URI) is None
    first = {"run_id": "run", "full_refresh": False, "pin": 1}
    assert asked(pin=1)(s3, URI) == first
    # A retry reads what the first try read, however the landing looks now.
    assert asked(pin=2)(s3, URI) == first
    assert read_manifest(s3, URI) == first


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"run_id": "ruN"}, "with run_id 'run', not 'ruN'"),
        ({"full_refresh": True}, "with full_refresh False, not True"),
    ],
)
def test_a_manifest_of_something_else_is_an_error(s3: FakeS3, other: dict[str, Any], told: str) -> None:
    asked()(s3, URI)
    with pytest.raises(Permanent, match=told):
        asked(**other)(s3, URI)
    assert read_manifest(s3, URI) == {"run_id": "run", "full_refresh": False, "pin": 1}


def test_names_of_runs_become_safe_keys() -> None:
    # printf %s 'scheduled__2026-01-01T01:00:00+00:00' | sha256sum
    assert manifest_name("scheduled__2026-01-01T01:00:00+00:00") == (
        "scheduled__2026-01-01T01-00-00-00-00-24aa6c38.json"
    )


def test_runs_whose_ids_look_alike_have_names_of_their_own() -> None:
    moment = "manual__2026-01-01T01:00:00"
    assert manifest_name(f"{moment}+00:00") != manifest_name(f"{moment}-00:00")
