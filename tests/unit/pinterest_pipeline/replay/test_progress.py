"""How far the dead letters were replayed: kept by topic id, never moved back."""

from __future__ import annotations

import json

from pinterest_pipeline.replay.progress import advance, read_progress
from tests.unit.pinterest_pipeline.fakes import FakeS3

URI = "s3://bucket/_state/replay/dead_letters.json"


def test_nothing_is_noted_before_the_first_replay(s3: FakeS3) -> None:
    assert read_progress(s3, URI, topic_id="one") == {}


def test_it_goes_on_by_entity_and_partition_and_never_back(s3: FakeS3) -> None:
    advance(s3, URI, {"pin": {0: 5, 1: 2}}, topic_id="one")
    noted = advance(s3, URI, {"pin": {0: 3, 1: 4, 2: 1}, "geo": {0: 7}}, topic_id="one")
    assert noted == read_progress(s3, URI, topic_id="one") == {"pin": {0: 5, 1: 4, 2: 1}, "geo": {0: 7}}


def test_a_topic_made_anew_begins_anew(s3: FakeS3) -> None:
    advance(s3, URI, {"pin": {0: 500}}, topic_id="one")
    assert read_progress(s3, URI, topic_id="two") == {}
    advance(s3, URI, {"pin": {0: 3}}, topic_id="two")
    document = json.loads(s3.objects["bucket", "_state/replay/dead_letters.json"])
    assert document == {"topic_id": "two", "next_offsets": {"pin": {"0": 3}}}
