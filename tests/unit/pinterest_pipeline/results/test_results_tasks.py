"""The tasks about quality and results, called as functions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline.assets import RESULTS
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.errors import Permanent, PipelineError, QualityFailed
from pinterest_pipeline.results import tasks as results
from pinterest_pipeline.results.queries import QUERIES
from tests.unit.pinterest_pipeline.fakes import FakeS3

MANIFEST = {
    "entities": {
        entity: {
            "partitions": [
                {"partition": 0, "mark": None, "objects": [{"first_offset": 0}, {"first_offset": 90}]}
            ]
        }
        for entity in ENTITIES
    }
}
BUCKET = names().bucket
URI = f"s3://{BUCKET}/_state/manifests/run.json"
PASSED = (BUCKET, "_state/checked.json")


@pytest.fixture
def written(s3: FakeS3, aws: None) -> FakeS3:
    """S3 with the run's manifest."""
    s3.put_object(Bucket=BUCKET, Key="_state/manifests/run.json", Body=json.dumps(MANIFEST).encode())
    return s3


def test_quality_that_holds(statements: dict[str, Any], written: FakeS3) -> None:
    checks = results.check_quality.function(URI)
    ran = [relative for relative, _ in statements["ran"]]
    assert sorted(set(ran)) == [f"quality/{check}.sql" for check in checks]
    assert ran.count("quality/duplicate_quarantine.sql") == len(ENTITIES)
    assert json.loads(written.objects[PASSED]) == dict.fromkeys(ENTITIES, 90)


def test_quality_is_checked_behind_what_has_passed(statements: dict[str, Any], written: FakeS3) -> None:
    written.put_object(Bucket=BUCKET, Key=PASSED[1], Body=b'{"pin": 90, "geo": 0, "user": 90}')
    for part in (document := json.loads(json.dumps(MANIFEST)))["entities"].values():
        part["partitions"][0]["objects"] = [{"first_offset": 90}, {"first_offset": 120}]
    written.put_object(Bucket=BUCKET, Key="_state/manifests/run.json", Body=json.dumps(document).encode())

    results.check_quality.function(URI)

    given = dict(statements["ran"])["quality/duplicate_keys.sql"]
    assert given == {"pin_unchecked": 90, "geo_unchecked": 0, "user_unchecked": 90}
    assert json.loads(written.objects[PASSED]) == dict.fromkeys(ENTITIES, 120)


def test_quality_that_fails_shows_the_rows(statements: dict[str, Any], written: FakeS3) -> None:
    statements["quality/duplicate_keys.sql"] = [{"entity": "pin", "subject": "key 7528", "actual": "2 rows"}]
    with pytest.raises(QualityFailed) as caught:
        results.check_quality.function(URI)
    assert str(caught.value) == (
        "duplicate_keys found:\nentity | subject  | actual\npin    | key 7528 | 2 rows"
    )
    assert PASSED not in written.objects


def test_quality_that_fails_while_a_replay_writes_is_looked_at_again(
    statements: dict[str, Any], written: FakeS3
) -> None:
    class TaskInstance:
        def __init__(self, replays: int) -> None:
            self.replays = replays

        def get_dr_count(self, *, dag_id: str, states: list[str]) -> int:
            return self.replays if (dag_id, states) == ("pinterest_replay", ["running"]) else 0

    statements["quality/rows_not_kept.sql"] = [{"entity": "pin", "subject": "rows", "actual": "2 rows"}]
    with pytest.raises(PipelineError, match="2 rows\npinterest_replay may be writing") as caught:
        results.check_quality.function(URI, ti=TaskInstance(1))
    assert not isinstance(caught.value, Permanent)
    with pytest.raises(QualityFailed):
        results.check_quality.function(URI, ti=TaskInstance(0))
    assert PASSED not in written.objects


def test_quality_without_its_manifest_is_not_checked(aws: None) -> None:
    with pytest.raises(Permanent, match="is gone"):
        results.check_quality.function(URI)


def test_results_tell_their_rows(events: Any) -> None:
    done = [
        {"rows": number, "columns": ["country"], "table": "t", "files": ["s3://b/f"]}
        for number, _ in enumerate(QUERIES)
    ]
    rows = results.publish_results.function(done, run_id="r", outlet_events=events)
    assert rows["category_by_year"] == 1
    assert events[RESULTS["category_by_year"]].extra == {
        "run_id": "r",
        "rows": 1,
        "columns": ["country"],
        "files": ["s3://b/f"],
    }
    assert set(events) == set(RESULTS.values())
