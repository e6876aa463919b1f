"""Looking for a post in landed objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pinterest_pipeline.entities import contracts
from pinterest_pipeline.landing.manifest import Mark
from pinterest_pipeline.landing.objects import object_key
from pinterest_pipeline.tracing.batch import Place, Record
from pinterest_pipeline.tracing.contents import describe
from pinterest_pipeline.tracing.readings import landing
from pinterest_pipeline.tracing.readings.kafka import KafkaSide
from pinterest_pipeline.tracing.readings.landing import Landing
from tests.unit.pinterest_pipeline.fakes import BUCKET, FakeS3

pytestmark = pytest.mark.usefixtures("aws")

IND, TOPIC = 7, "sandbox.geo"
SEVEN, EIGHT = {"ind": 7, "country": "Aruba"}, {"ind": 8, "country": "7"}


def put(s3: FakeS3, first_offset: int, *records: Any, partition: int = 0) -> None:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    body = "".join(f"{line}\n" for line in lines)
    s3.objects[BUCKET, object_key(TOPIC, partition, first_offset)] = body.encode()


def sent(offset: int, value: Any = SEVEN, partition: int = 0) -> Record:
    data = value if isinstance(value, str) else json.dumps(value)
    return Record(partition=partition, offset=offset, at="", content=describe(data.encode(), "ind"))


def look(**known: Any) -> Landing:
    given: dict[str, Any] = {"row": None, "marks": {}, "runs": [], "kafka": KafkaSide(committed={0: 99})}
    return landing.read(contracts()["geo"], IND, **{**given, **known})


def places(found: Landing) -> list[tuple[int, int, int]]:
    return [tuple(line.place) for line in found.lines]


def mark(first_offset: int, lines: int = 1) -> dict[int, Mark]:
    return {0: Mark(first_offset=first_offset, lines=lines)}


def test_objects_behind_the_mark_are_searched(s3: FakeS3) -> None:
    put(s3, 0, SEVEN)
    put(s3, 1, EIGHT, SEVEN, {"ind": 17}, [SEVEN])
    put(s3, 5, SEVEN)
    put(s3, 0, SEVEN, partition=1)
    found = look(marks=mark(1), kafka=KafkaSide(committed={0: 99, 1: None}))
    assert places(found) == [(0, 1, 1), (0, 1, 3), (0, 5, 0), (1, 0, 0)]
    # What the daily runs have done with is not even listed.
    assert found.objects == {0: [1, 5], 1: [0]}
    assert object_key(TOPIC, 0, 0) not in s3.listed
    assert found.read == {(0, 1), (0, 5), (1, 0)}
    assert found.not_searched == []
    assert found.lines[0].content == describe(json.dumps(SEVEN).encode(), "ind")


def test_the_object_of_the_row_is_read_by_its_name(s3: FakeS3) -> None:
    put(s3, 0, SEVEN, EIGHT, SEVEN)
    put(s3, 9, EIGHT)
    found = look(row=Place(0, 0, 2), marks=mark(9))
    assert places(found) == [(0, 0, 0), (0, 0, 2)]
    assert object_key(TOPIC, 0, 0) not in s3.listed


def test_objects_of_known_records_are_found_by_the_ranges_of_runs(s3: FakeS3) -> None:
    for first in range(0, 40, 4):
        put(s3, first, EIGHT, EIGHT, SEVEN, EIGHT)
    runs = [
        {"run_id": "a", "partition_number": 0, "first_offset": 0, "last_offset": 19},
        {"run_id": "b", "partition_number": 0, "first_offset": 16, "last_offset": 35},
    ]
    found = look(marks=mark(36), runs=runs, kafka=KafkaSide(committed={0: 40}, records=[sent(22)]))
    assert places(found) == [(0, 20, 2), (0, 36, 2)]
    assert found.objects[0][0] == 16


def test_without_a_range_in_front_of_a_record_its_object_is_not_looked_for(s3: FakeS3) -> None:
    put(s3, 0, SEVEN)
    put(s3, 9, EIGHT)
    found = look(marks=mark(9), kafka=KafkaSide(committed={0: 10}, records=[sent(0)]))
    assert places(found) == []
    assert found.read == {(0, 9)}


def test_a_record_that_lacks_its_key_is_known_by_its_place(s3: FakeS3) -> None:
    odd = '{"country":  "nowhere"}'
    put(s3, 10, EIGHT, '{"country":"nowhere"}', '{"country":"nowhere"}')
    # Between them the offsets 10 and 12 are dead letters.
    kafka = KafkaSide(committed={0: 20}, records=[sent(13, odd)], dead={0: {10, 12}})
    assert places(look(kafka=kafka)) == [(0, 10, 1)]
    # Another line in its place is not taken for it.
    assert places(look(kafka=KafkaSide(committed={0: 20}, records=[sent(10, odd)]))) == []


def test_too_many_objects_are_left_and_told(s3: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    for first in range(5):
        put(s3, first, SEVEN)
    monkeypatch.setattr(landing, "MOST_OBJECTS", 3)
    found = look()
    assert places(found) == [(0, first, 0) for first in range(3)]
    assert found.not_searched == [
        "sandbox.geo[0]: 2 landed objects from offset 3 on, which no daily run has read"
    ]
    monkeypatch.setattr(landing, "MOST_BYTES", 2 * len(json.dumps(SEVEN)) + 2)
    assert places(look()) == [(0, 0, 0), (0, 1, 0)]


def test_a_known_record_is_looked_for_beyond_the_limits(s3: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    for first in range(5):
        put(s3, first, SEVEN)
    monkeypatch.setattr(landing, "MOST_OBJECTS", 1)
    found = look(kafka=KafkaSide(committed={0: 5}, records=[sent(4)]))
    assert places(found) == [(0, 0, 0), (0, 4, 0)]


def test_an_object_that_is_gone_is_told(s3: FakeS3) -> None:
    found = look(row=Place(0, 5, 0), marks=mark(9))
    assert found.not_searched == [f"s3://{BUCKET}/{object_key(TOPIC, 0, 5)}: it is gone"]
    assert found.read == set()


def test_the_object_of_a_deleted_topic_is_not_looked_for(s3: FakeS3) -> None:
    put(s3, 4, SEVEN)
    found = look(row=Place(0, -5, 0), marks=mark(9))
    assert places(found) == []
    assert found.not_searched == [
        "sandbox.geo: the object of the row in the table, which is of a topic that was deleted"
    ]


def test_without_kafka_only_known_partitions_are_searched(s3: FakeS3) -> None:
    put(s3, 0, SEVEN)
    put(s3, 0, SEVEN, partition=3)
    found = look(kafka=KafkaSide(), marks={3: Mark(first_offset=0, lines=0)})
    assert places(found) == [(3, 0, 0)]
    assert found.not_searched == ["sandbox.geo: landed objects of partitions that no daily run has read"]
    assert places(look(kafka=KafkaSide())) == [(0, 0, 0)]


@pytest.mark.parametrize(("code", "told"), [("NoSuchBucket", True), ("AccessDenied", False)])
def test_a_bucket_that_is_not_there_is_told(
    s3: FakeS3, monkeypatch: pytest.MonkeyPatch, code: str, told: bool
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "m"}}, "ListObjectsV2")

    monkeypatch.setattr(s3, "paginate", refuse)
    if told:
        assert look().not_searched == [f"s3://{BUCKET}: it does not exist"]
    else:
        with pytest.raises(ClientError, match=code):
            look()
