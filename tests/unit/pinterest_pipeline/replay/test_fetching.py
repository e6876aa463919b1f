"""The letters of a run, fetched from brokers and an S3 that are stand-ins."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cloud_operators.kafka.hooks.dead_letters import DeadLetter, DeadLetterHook, Letters
from cloud_operators.kafka.offsets import Progress
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.replay import progress
from pinterest_pipeline.replay.fetching import fetch
from tests.unit.pinterest_pipeline.fakes import BUCKET, FakeS3, land

URI = f"s3://{BUCKET}/_state/{progress.FILE}"
DEAD = "sandbox.dead-letter"


def letter(entity: str, offset: int, place: int, value: bytes = b"x") -> DeadLetter:
    return DeadLetter(topic=f"sandbox.{entity}", partition=0, offset=offset, value=value, place=(0, place))


class Brokers:
    """What the hook is asked for, in the order that matters: commits before objects are listed."""

    def __init__(
        self, *letters: DeadLetter, committed: int | None = 20, topic_id: str | None = "one"
    ) -> None:
        self.letters = list(letters)
        self.committed = committed
        self.topic_id = topic_id
        self.taken = len(letters)
        self.started: dict[int, int] = {}
        self.asked: list[str] = []

    def describe_topics(self, topics: list[str]) -> dict[str, Any]:
        assert topics == [DEAD]
        return {DEAD: SimpleNamespace(topic_id=self.topic_id) if self.topic_id else None}

    def read_letters(self, topic: str, *, of_topics: list[str], start: dict[int, int], **_: Any) -> Letters:
        self.asked.append("letters")
        self.started = start
        found = [each for each in self.letters[start.get(0, 0) : self.taken] if each.topic in of_topics]
        complete = self.taken == len(self.letters)
        return Letters(letters=found, strangers=3, next_offsets={0: self.taken}, complete=complete)

    def progress(self, group: str, topics: list[str]) -> Progress:
        self.asked.append("commits")
        assert group == "connect-sandbox-connector"
        return Progress(
            committed={topic: {0: self.committed} for topic in topics},
            beginning={topic: {0: 2} for topic in topics},
            end={topic: {0: 20} for topic in topics},
        )

    def read_origins(self, topic: str, **_: Any) -> dict[str, set[tuple[int, int]]]:
        self.asked.append("origins")
        found: dict[str, set[tuple[int, int]]] = {}
        for each in self.letters:
            found.setdefault(each.topic, set()).add((each.partition, each.offset))
        return found

    def fetch(self, s3: FakeS3, entities: tuple[str, ...] = ENTITIES) -> Any:
        return fetch(cast(DeadLetterHook, self), s3, names(), entities, progress_uri=URI)


def test_the_letters_of_each_entity_with_their_places(s3: FakeS3) -> None:
    land(s3, "pin", 0, 4)
    land(s3, "geo", 5, 4)
    brokers = Brokers(letter("pin", 3, 0), letter("geo", 4, 1), letter("user", 7, 2), letter("geo", 9, 3))
    found = brokers.fetch(s3)
    assert brokers.asked == ["letters", "commits", "origins"]
    places = [
        (item["entity"], item["offset"], item["first_offset"], item["line"])
        for item in map(json.loads, found.pop("lines"))
    ]
    # No object begins in front of geo's 4 and user's 7.
    assert places == [("pin", 3, 0, 3), ("geo", 4, 4, 0), ("geo", 9, 5, 4), ("user", 7, 7, 0)]
    assert found == {
        "topic_id": "one",
        "progress": {entity: {0: 4} for entity in ENTITIES},
        "taken": {"pin": 1, "geo": 2, "user": 1},
        "waiting": dict.fromkeys(ENTITIES, 0),
        "of_older_topics": {entity: [] for entity in ENTITIES},
        "strangers": 3,
        "complete": True,
    }


def test_a_sink_that_has_committed_nothing_begins_at_the_oldest_record(s3: FakeS3) -> None:
    found = Brokers(letter("pin", 2, 0), letter("pin", 4, 1), committed=None).fetch(s3)
    assert (found["taken"]["pin"], found["waiting"]["pin"]) == (1, 1)
    assert found["progress"] == {"pin": {0: 1}, "geo": {0: 2}, "user": {0: 2}}


def test_a_run_goes_on_where_each_entity_has_come(s3: FakeS3) -> None:
    progress.advance(s3, URI, {"pin": {0: 1}, "geo": {0: 3}}, topic_id="one")
    letters = [letter("pin", 1, 0), letter("pin", 2, 1), letter("geo", 3, 2), letter("geo", 4, 3)]
    brokers = Brokers(*letters)
    found = brokers.fetch(s3, ("pin", "geo"))
    assert brokers.started == {0: 1}
    assert found["taken"] == {"pin": 1, "geo": 1}
    # An entity that was never replayed has all ahead of it.
    brokers.fetch(s3)
    assert brokers.started == {0: 0}


def test_a_topic_that_was_made_anew_is_read_from_its_beginning(s3: FakeS3) -> None:
    progress.advance(s3, URI, {entity: {0: 1} for entity in ENTITIES}, topic_id="older")
    brokers = Brokers(letter("pin", 1, 0))
    assert brokers.fetch(s3)["taken"]["pin"] == 1
    assert brokers.started == {}


def test_letters_of_an_older_topic_are_named_and_change_nothing_for_others(s3: FakeS3) -> None:
    """The topic ends in front of 20."""
    land(s3, "pin", 0, 4)
    found = Brokers(letter("pin", 30, 0), letter("pin", 4, 1), letter("pin", 19, 2), committed=15).fetch(s3)
    assert (found["taken"]["pin"], found["waiting"]["pin"]) == (1, 1)
    assert found["of_older_topics"] == {"pin": [(0, 0)], "geo": [], "user": []}
    assert json.loads(found["lines"][0])["line"] == 4


def test_more_letters_than_a_run_takes(s3: FakeS3) -> None:
    brokers = Brokers(*(letter("pin", offset, offset) for offset in range(5)))
    brokers.taken = 2
    found = brokers.fetch(s3)
    assert (found["complete"], len(found["lines"]), found["progress"]["pin"]) == (False, 2, {0: 2})


def test_without_letters_only_their_topic_is_asked(s3: FakeS3) -> None:
    brokers = Brokers()
    assert brokers.fetch(s3)["lines"] == []
    assert brokers.asked == ["letters"]
    assert Brokers(topic_id=None).fetch(s3) is None


@pytest.mark.parametrize("entity", ENTITIES)
def test_letters_of_others_are_none_of_an_entity(s3: FakeS3, entity: str) -> None:
    brokers = Brokers(*(letter(each, 2, place) for place, each in enumerate(ENTITIES)))
    assert brokers.fetch(s3, (entity,))["taken"] == {entity: 1}
