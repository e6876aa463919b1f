"""The tasks of the daily run, called as functions: manifest, counts and what is told of the tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook, DeadLetters
from pinterest_pipeline.assets import BATCH_TABLES
from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.errors import (
    CountsWrong,
    Permanent,
    PositionLost,
)
from pinterest_pipeline.landing import tasks as landing
from pinterest_pipeline.landing.objects import object_key
from tests.unit.pinterest_pipeline.fakes import BUCKET, FakeS3, land

pytestmark = pytest.mark.usefixtures("aws", "kafka")

COMMITTED = {"committed": {f"sandbox.{entity}": {"0": 20} for entity in ENTITIES}}
MANIFEST_KEY = "_state/manifests/manual__1-00-f3da7f18.json"
URI = f"s3://{BUCKET}/{MANIFEST_KEY}"


@pytest.fixture
def manifest(aws: None, s3: FakeS3, statements: dict[str, Any]) -> Any:
    for entity in ENTITIES:
        land(s3, entity, 0, 10)
        land(s3, entity, 10, 10)
    statements["tables/read_ingest_positions.sql"] = [
        {"topic": "sandbox.pin", "partition": 0, "first_offset": 10, "object_key": "k", "lines": 4}
    ]
    uri = landing.write_manifest.function(COMMITTED, params={"full_refresh": False}, run_id="manual__1+00")
    assert uri == URI
    return json.loads(s3.objects[BUCKET, MANIFEST_KEY])


def test_the_manifest_goes_from_the_marks_to_the_pins(manifest: Any) -> None:
    objects = {
        entity: [item["first_offset"] for item in part["partitions"][0]["objects"]]
        for entity, part in manifest["entities"].items()
    }
    assert objects == {"pin": [10], "geo": [0, 10], "user": [0, 10]}
    assert manifest["run_id"] == "manual__1+00"


@pytest.mark.usefixtures("manifest")
def test_a_retry_keeps_the_manifest(s3: FakeS3, statements: dict[str, Any]) -> None:
    before = dict(s3.objects)
    land(s3, "pin", 15, 5)
    # Meanwhile a later run has moved the mark beyond this run's pins.
    statements["tables/read_ingest_positions.sql"][0]["first_offset"] = 30
    landing.write_manifest.function(COMMITTED, params={"full_refresh": False}, run_id="manual__1+00")
    assert s3.objects[BUCKET, MANIFEST_KEY] == before[BUCKET, MANIFEST_KEY]
    with pytest.raises(Permanent, match="with full_refresh False, not True"):
        landing.write_manifest.function(COMMITTED, params={"full_refresh": True}, run_id="manual__1+00")


def test_a_topic_that_was_created_anew_is_no_green_run(s3: FakeS3, statements: dict[str, Any]) -> None:
    statements["tables/read_ingest_positions.sql"] = [
        {"topic": "sandbox.geo", "partition": 0, "first_offset": 500, "object_key": "k", "lines": 4}
    ]
    land(s3, "geo", 0, 20)
    with pytest.raises(PositionLost, match=r"sandbox\.geo .* offset 500, the sink has committed 20"):
        landing.write_manifest.function(COMMITTED, params={"full_refresh": False}, run_id="r")
    assert not [key for _, key in s3.objects if key.startswith("_state/")]


def counts(lines_read: int, reread: int = 0) -> dict[str, Any]:
    landed = lines_read - reread
    return {
        "lines_read": lines_read,
        "reread": reread,
        "landed": landed,
        "kept": landed,
        "merged": reread,
        "quarantined": 0,
        "unreadable": {},
    }


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The dead letters, and the offset from which they are known."""
    answers: dict[str, Any] = {"dead": {}, "known_from": 0}

    def read(_: Any, topic: str, **__: Any) -> DeadLetters:
        assert topic == "sandbox.dead-letter"
        return DeadLetters(origins=answers["dead"], next_offsets={}, complete=True, trimmed=False)

    def known_from(_: Any, topics: list[str], *__: Any) -> dict[str, dict[int, int]]:
        return {topic: {0: answers["known_from"]} for topic in topics}

    monkeypatch.setattr(DeadLetterHook, "read_dead_letters", read)
    monkeypatch.setattr(DeadLetterHook, "known_from", known_from)
    return answers


@pytest.mark.usefixtures("manifest")
def test_counts_that_agree_are_returned(statements: dict[str, Any]) -> None:
    found = {"pin": counts(10, reread=4), "geo": counts(20), "user": counts(20)}
    statements["tables/read_ledger.sql"] = [{"entity": entity, **row} for entity, row in found.items()]
    result = {"run_id": "manual__1+00", "entities": found}
    assert landing.check_counts.function(URI, result, run_id="manual__1+00") == found
    assert statements["ran"][-1] == (
        "tables/read_ledger.sql",
        {"run_id": "manual__1+00", "stage": "batch"},
    )


@pytest.mark.usefixtures("manifest")
def test_a_line_that_the_notebook_missed_is_told(statements: dict[str, Any]) -> None:
    found = {"pin": counts(10, reread=4), "geo": counts(19), "user": counts(20)}
    statements["tables/read_ledger.sql"] = [{"entity": entity, **row} for entity, row in found.items()]
    with pytest.raises(CountsWrong, match="geo: 19 lines read, 20 lines in S3"):
        landing.check_counts.function(URI, {"entities": found}, run_id="manual__1+00")


@pytest.fixture
def shorter_pin(s3: FakeS3, statements: dict[str, Any], aws: None) -> dict[str, Any]:
    """The run before read 4 lines from pin's last object, which the sink has written again with 2 of them."""
    for entity in ENTITIES:
        land(s3, entity, 0, 10)
        land(s3, entity, 10, 10)
    land(s3, "pin", 10, 2)
    land(s3, "pin", 12, 2)
    statements["tables/read_ingest_positions.sql"] = [
        {"topic": "sandbox.pin", "partition": 0, "first_offset": 10, "object_key": "k", "lines": 4}
    ]
    found = {"pin": {**counts(2, reread=4), "kept": 0, "merged": 2}, "geo": counts(20), "user": counts(20)}
    statements["tables/read_ledger.sql"] = [{"entity": entity, **row} for entity, row in found.items()]
    return found


def written_below(pin: int) -> str:
    """A manifest whose pin of pin's topic is this one."""
    committed = {**COMMITTED["committed"], "sandbox.pin": {"0": pin}}
    uri: str = landing.write_manifest.function({"committed": committed}, params={}, run_id="shorter")
    return uri


def test_a_shorter_object_whose_other_lines_lie_above_the_pin_is_no_error(
    shorter_pin: dict[str, Any],
) -> None:
    assert shorter_pin["pin"]["landed"] == -2
    result = {"entities": shorter_pin}
    assert landing.check_counts.function(written_below(12), result, run_id="shorter") == shorter_pin


def test_a_shorter_object_whose_other_lines_are_nowhere_is_told(
    s3: FakeS3, shorter_pin: dict[str, Any]
) -> None:
    del s3.objects[BUCKET, object_key("sandbox.pin", 0, 12)]
    with pytest.raises(CountsWrong) as caught:
        landing.check_counts.function(written_below(14), {"entities": shorter_pin}, run_id="shorter")
    assert caught.value.problems == [
        "pin: sandbox.pin[0]: 2 records neither landed nor dead-lettered; at offsets 10 to 13 Kafka has 4 "
        "records, S3 2 lines, and 0 are dead letters"
    ]


@pytest.fixture
def short_geo(s3: FakeS3, statements: dict[str, Any], manifest: Any) -> dict[str, Any]:
    """The notebook read every line that is in S3, but the landing has 9 lines where Kafka has 10 records."""
    land(s3, "geo", 0, 9)
    found = {"pin": counts(10, reread=4), "geo": counts(19), "user": counts(20)}
    statements["tables/read_ledger.sql"] = [{"entity": entity, **row} for entity, row in found.items()]
    return found


def test_a_record_that_did_not_land_is_told(short_geo: dict[str, Any]) -> None:
    with pytest.raises(CountsWrong) as caught:
        landing.check_counts.function(URI, {"entities": short_geo}, run_id="manual__1+00")
    assert caught.value.problems == [
        "geo: sandbox.geo[0]: 1 records neither landed nor dead-lettered; at offsets 0 to 9 Kafka has 10 "
        "records, S3 9 lines, and 0 are dead letters"
    ]


def test_a_dead_letter_explains_a_missing_line(kafka: dict[str, Any], short_geo: dict[str, Any]) -> None:
    kafka["dead"] = {"sandbox.geo": {(0, 3)}}
    assert landing.check_counts.function(URI, {"entities": short_geo}, run_id="r") == short_geo


def test_what_kafka_has_removed_is_a_warning(
    kafka: dict[str, Any], short_geo: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    kafka["known_from"] = 5
    with caplog.at_level("WARNING"):
        assert landing.check_counts.function(URI, {"entities": short_geo}, run_id="r") == short_geo
    assert "geo: Kafka's side could not be checked" in caplog.text
    assert "sandbox.geo[0]: 1 records" in caplog.text


def test_tables_tell_their_counts(events: Any) -> None:
    landing.publish_tables.function(
        {entity: counts(3) for entity in ENTITIES}, run_id="r", outlet_events=events
    )
    assert events[BATCH_TABLES["geo"]].extra == {"run_id": "r", **counts(3)}
    assert set(events) == set(BATCH_TABLES.values())
