"""A burst against topics in memory: order, failures, resuming, rate, progress."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pinterest_pipeline.emulation import burst as module
from pinterest_pipeline.emulation.burst import LEGS_IN_FLIGHT
from pinterest_pipeline.emulation.offsets import OffsetRange
from pinterest_pipeline.emulation.progress import Progress
from pinterest_pipeline.emulation.sender import Record
from tests.unit.pinterest_pipeline.emulation.bursts import (
    BATCH_SIZE,
    ENTITIES,
    KEYS,
    LEG,
    Topic,
    assert_whole,
    fetch,
    run,
)


@pytest.fixture(autouse=True)
def short_legs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_LEG", LEG)


@pytest.mark.parametrize("lanes", [1, 3, 16])
def test_every_post_is_sent_once_to_each_topic(lanes: int) -> None:
    topics = {entity: Topic() for entity in ENTITIES}
    progress, saved = Progress.at_start(ENTITIES), []
    run(topics, progress, saved, lanes=lanes)
    assert_whole(progress, {entity: topic.keys for entity, topic in topics.items()})
    for entity, topic in topics.items():
        assert topic.values == [{"entity": entity, "ind": key} for key in topic.keys]
        assert progress.channels[entity].ranges == [OffsetRange(0, 0, len(KEYS) - 1)]
    assert saved[-1] == progress.to_json()
    # A save for each leg and one at the end, and no more however many batches there are.
    assert len(saved) <= -(-len(KEYS) // LEG) + 2


def test_requests_run_at_the_same_time_but_never_with_the_same_key() -> None:
    # The first request of each lane of both topics waits for those of the others.
    together = threading.Barrier(6, timeout=20)
    met = threading.Event()

    def meet(_: Sequence[Record]) -> None:
        if not met.is_set():
            together.wait()
            met.set()

    keys = [0, 1, 2] * 5
    topics = {entity: Topic(meet) for entity in ("pin", "geo")}
    run(topics, Progress.at_start(topics), keys=keys, lanes=3, batch_size=1)
    assert [topic.most_requests for topic in topics.values()] == [3, 3]
    assert [Counter(topic.keys) for topic in topics.values()] == [Counter(keys)] * 2


def test_at_every_moment_a_key_is_acknowledged_in_order() -> None:
    topics = {entity: Topic() for entity in ENTITIES}
    progress = Progress.at_start(ENTITIES)
    places: dict[int, list[int]] = defaultdict(list)
    for position, key in enumerate(KEYS):
        places[key].append(position)
    looked = 0

    def look(_: Sequence[Record]) -> None:
        nonlocal looked
        for saved in Progress.from_json(progress.to_json()).channels.values():
            for positions in places.values():
                done = [position in saved for position in positions]
                assert done == sorted(done, reverse=True)
        looked += 1

    for topic in topics.values():
        topic.answer = look
    run(topics, progress, lanes=4)
    assert looked >= 3 * len(KEYS) / BATCH_SIZE


@pytest.mark.parametrize("fail_at", [1, 2, 3, 7, 20, 30])
@pytest.mark.parametrize("lanes", [1, 3])
def test_a_failed_burst_sends_nothing_twice(fail_at: int, lanes: int) -> None:
    topics = {entity: Topic() for entity in ENTITIES}
    calls = iter(range(1, 1000))

    def fail(_: Sequence[Record]) -> None:
        if next(calls) == fail_at:
            raise ConnectionError("down")

    topics["geo"].answer = fail
    progress, saved = Progress.at_start(ENTITIES), []
    with pytest.raises(ConnectionError, match="down"):
        run(topics, progress, saved, lanes=lanes)
    # The next try knows only what was saved.
    resumed = Progress.from_json(saved[-1])
    run(topics, resumed, saved, lanes=lanes)
    assert_whole(resumed, {entity: topic.keys for entity, topic in topics.items()})
    assert {entity: len(topic.keys) for entity, topic in topics.items()} == dict.fromkeys(ENTITIES, len(KEYS))


@pytest.mark.parametrize("fail_at", [1, 2, 3, 5, 14])
def test_a_burst_whose_rows_could_not_be_read_goes_on(fail_at: int) -> None:
    topics = {entity: Topic() for entity in ENTITIES}
    calls = iter(range(1, 1000))

    def broken(entity: str, keys: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        if next(calls) == fail_at:
            raise LookupError("no such table")
        return fetch(entity, keys)

    progress, saved = Progress.at_start(ENTITIES), []
    with pytest.raises(LookupError, match="no such table"):
        run(topics, progress, saved, fetch=broken)
    resumed = Progress.from_json(saved[-1])
    run(topics, resumed, saved)
    assert {len(topic.keys) for topic in topics.values()} == {len(KEYS)}


@pytest.mark.parametrize("fail_at", [1, 2, 4])
def test_a_save_that_fails_ends_the_burst_and_loses_nothing(fail_at: int) -> None:
    topics = {entity: Topic() for entity in ENTITIES}
    progress, saved = Progress.at_start(ENTITIES), [Progress.at_start(ENTITIES).to_json()]
    calls = iter(range(1, 1000))

    def save() -> None:
        # The store is gone for good: the last attempt fails too.
        if next(calls) >= fail_at:
            raise OSError("the state store is gone")
        saved.append(json.loads(json.dumps(progress.to_json())))

    with pytest.raises(OSError, match="the state store is gone"):
        run(topics, progress, save=save)
    resumed = Progress.from_json(saved[-1])
    run(topics, resumed)
    assert_whole(resumed, {entity: topic.keys for entity, topic in topics.items()})
    assert max(len(topic.keys) for topic in topics.values()) <= len(KEYS) + LEGS_IN_FLIGHT * (
        LEG + BATCH_SIZE
    )


def test_a_save_that_fails_does_not_hide_the_error(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Sequence[Record]) -> None:
        raise ConnectionError("down")

    def save() -> None:
        raise OSError("the state store is gone")

    with pytest.raises(ConnectionError, match="down"):
        run({"pin": Topic(fail)}, Progress.at_start(["pin"]), save=save)
    assert "the progress could not be saved" in caplog.text


def test_a_burst_that_is_done_sends_nothing() -> None:
    progress, saved = Progress.at_start(ENTITIES), []
    run({entity: Topic() for entity in ENTITIES}, progress, saved)
    again = {entity: Topic() for entity in ENTITIES}
    run(again, Progress.from_json(saved[-1]), saved)
    assert [topic.keys for topic in again.values()] == [[], [], []]


def test_another_batch_size_and_concurrency_can_go_on() -> None:
    topics = {entity: Topic() for entity in ENTITIES}
    calls = iter(range(1, 1000))

    def fail(_: Sequence[Record]) -> None:
        if next(calls) == 9:
            raise ConnectionError("down")

    topics["user"].answer = fail
    progress, saved = Progress.at_start(ENTITIES), []
    with pytest.raises(ConnectionError):
        run(topics, progress, saved, lanes=5)
    resumed = Progress.from_json(saved[-1])
    run(topics, resumed, lanes=2, batch_size=7)
    assert_whole(resumed, {entity: topic.keys for entity, topic in topics.items()})
    assert {len(topic.keys) for topic in topics.values()} == {len(KEYS)}


class Clock:
    """Time that passes only when somebody pauses."""

    def __init__(self) -> None:
        self.now = 100.0
        self.lock = threading.Lock()

    def __call__(self) -> float:
        return self.now


class PassingEvent(threading.Event):
    """An event whose wait passes at once on the clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.now += timeout or 0.0
        return self.is_set()


def test_a_burst_keeps_its_rate() -> None:
    clock = Clock()
    topic = Topic()
    run(
        {"pin": topic},
        Progress.at_start(["pin"]),
        rate=4,
        batch_size=500,
        clock=clock,
        stop=PassingEvent(clock),
    )
    # 66 posts at 4 a second; the last batch, of at most a second's posts, goes when those before it have had
    # their time.
    assert 65 / 4 - 1 <= clock.now - 100 <= 66 / 4


def test_lines_are_few(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.INFO):
        run(
            {"pin": Topic()},
            Progress.at_start(["pin"]),
            rate=2,
            clock=clock,
            stop=PassingEvent(clock),
        )
    lines = [record.message for record in caplog.records if "posts acknowledged" in record.message]
    # 33 seconds.
    assert 2 <= len(lines) <= 33 / 5 + 1
    assert lines[-1].startswith("66 of 66 posts acknowledged, 2 records/s, ")
    assert lines[-1].endswith(" s in all")
