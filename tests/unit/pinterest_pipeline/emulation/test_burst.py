from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.burst import BATCHES_PER_LEG, Progress, send_burst
from pinterest_pipeline.emulation.offsets import OffsetRange
from pinterest_pipeline.emulation.sender import Acknowledged, BatchSender, Record
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy

ENTITIES = ("pin", "geo", "user")
KEYS = [7, 3, 3, 9, 1, 7, 5, 2, 8, 4, 6]


def fetch(entity: str, keys: Sequence[int]) -> Mapping[int, dict[str, Any]]:
    return {key: {"entity": entity, "ind": key} for key in keys}


class Topic:
    """A sender that keeps its records and fails when it is told to."""

    def __init__(self, fail_at_call: int = 0) -> None:
        self.records: list[Record] = []
        self.calls = 0
        self.fail_at_call = fail_at_call

    def send(self, records: Sequence[Record]) -> list[Acknowledged]:
        self.calls += 1
        if self.calls == self.fail_at_call:
            raise ConnectionError("down")
        self.records += records
        end = len(self.records)
        return [Acknowledged(0, offset) for offset in range(end - len(records), end)]


def keys_of(topic: Topic) -> list[int]:
    return [record.key for record in topic.records]


def burst(topics: Mapping[str, Any], progress: Progress, saved: list[dict[str, Any]], **options: Any) -> None:
    send_burst(
        keys=KEYS,
        fetch=fetch,
        senders=topics,
        progress=progress,
        save=lambda now: saved.append(now.to_json()),
        **{"batch_size": 2, **options},
    )


def test_every_post_is_sent_once_to_each_topic_in_order() -> None:
    topics = {entity: Topic() for entity in ENTITIES}
    progress, saved = Progress(), []
    burst(topics, progress, saved)
    for entity, topic in topics.items():
        assert keys_of(topic) == KEYS
        assert topic.records[0].value == {"entity": entity, "ind": 7}
        assert (progress[entity].posts, progress[entity].ranges) == (11, [OffsetRange(0, 0, 10)])
    assert saved[-1] == progress.to_json()
    assert len(saved) == -(-len(KEYS) // (2 * BATCHES_PER_LEG))


@pytest.mark.parametrize("fail_at_call", range(1, 7))
def test_a_failed_burst_goes_on_where_it_stopped(fail_at_call: int) -> None:
    topics = {"pin": Topic(), "geo": Topic(fail_at_call), "user": Topic()}
    progress, saved = Progress(), []
    with pytest.raises(ConnectionError):
        burst(topics, progress, saved)
    # The next try knows only what was saved.
    resumed = Progress.from_json(saved[-1])
    assert resumed["geo"].posts == len(topics["geo"].records)
    burst(topics, resumed, saved)
    assert {entity: keys_of(topic) for entity, topic in topics.items()} == dict.fromkeys(ENTITIES, KEYS)
    assert {entity: done.posts for entity, done in resumed.items()} == dict.fromkeys(ENTITIES, 11)


def test_a_burst_that_is_done_sends_nothing() -> None:
    progress, saved = Progress(), []
    burst({entity: Topic() for entity in ENTITIES}, progress, saved)
    again = {entity: Topic() for entity in ENTITIES}
    burst(again, Progress.from_json(saved[-1]), saved)
    assert [topic.calls for topic in again.values()] == [0, 0, 0]


def test_what_fetch_raises_comes_through() -> None:
    def broken(entity: str, keys: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        raise LookupError("no such table")

    with pytest.raises(LookupError, match="no such table"):
        send_burst(
            keys=KEYS,
            fetch=broken,
            senders={"pin": Topic()},
            progress=Progress(),
            save=lambda _: None,
            batch_size=2,
        )


@pytest.fixture
def senders(rest_proxy: FakeRestProxy) -> Iterator[dict[str, BatchSender]]:
    made = {
        entity: BatchSender(base_url=rest_proxy.url, topic=f"sandbox.{entity}", first_pause=0.001)
        for entity in ENTITIES
    }
    yield made
    for sender in made.values():
        sender.close()


def test_through_a_server_with_troubles_nothing_is_lost(
    rest_proxy: FakeRestProxy, senders: dict[str, BatchSender]
) -> None:
    def refuse_first(request: Any) -> Answer:
        return rest_proxy.produce(request, refuse=lambda position: position == 0)

    rest_proxy.script = [
        None,
        Answer(503, "busy"),
        refuse_first,
        None,
        Answer(0),
        refuse_first,
        Answer(429, ""),
    ] * 2
    progress, saved = Progress(), []
    burst(senders, progress, saved)
    counted: dict[str, list[int]] = defaultdict(list)
    for topic, records in rest_proxy.topics.items():
        counted[topic] = sorted(record["key"] for record in records)
    assert counted == {f"sandbox.{entity}": sorted(KEYS) for entity in ENTITIES}
    assert all(offsets.count(done.ranges) == done.posts == 11 for done in progress.values())
