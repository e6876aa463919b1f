from __future__ import annotations

import itertools
import json
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from pinterest_pipeline.emulation import burst as module
from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.burst import LEGS_IN_FLIGHT, send_burst
from pinterest_pipeline.emulation.offsets import OffsetRange
from pinterest_pipeline.emulation.progress import Progress
from pinterest_pipeline.emulation.sender import Acknowledged, BatchSender, Record, Told
from pinterest_pipeline.errors import Refused
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy

ENTITIES = ("pin", "geo", "user")
#: 66 posts of 13 keys.
KEYS = [7, 3, 3, 9, 1, 7, 5, 2, 8, 4, 6] + [(position * position) % 13 for position in range(55)]
BATCH_SIZE = 2
LEG = 8
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def short_legs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_LEG", LEG)


def fetch(entity: str, keys: Sequence[int]) -> Mapping[int, dict[str, Any]]:
    return {key: {"entity": entity, "ind": key} for key in keys}


class Topic:
    """A topic with a sender for each lane; ``answer`` is asked before each request is written."""

    def __init__(self, answer: Callable[[Sequence[Record]], None] = lambda _: None) -> None:
        self.keys: list[int] = []
        self.values: list[Any] = []
        self.flying: Counter[int] = Counter()
        self.most_requests = self.requests = 0
        self.answer = answer
        self.lock = threading.Lock()

    def send(self, records: Sequence[Record], told: Told) -> None:
        with self.lock:
            self.requests += 1
            self.flying.update(record.key for record in records)
            assert max(self.flying.values()) == 1, "a key is in flight twice"
            self.most_requests = max(self.most_requests, self.requests)
        try:
            self.answer(records)
            with self.lock:
                begin = len(self.keys)
                self.keys += [record.key for record in records]
                self.values += [record.value for record in records]
            told(range(len(records)), [Acknowledged(0, begin + place) for place in range(len(records))])
        finally:
            with self.lock:
                self.requests -= 1
                self.flying.subtract(record.key for record in records)


def run(
    topics: Mapping[str, Any], progress: Progress, saved: list[Any] | None = None, **options: Any
) -> None:
    lanes = options.pop("lanes", 1)
    if saved is not None:
        options["save"] = lambda: saved.append(json.loads(json.dumps(progress.to_json())))
    send_burst(
        **{
            "keys": KEYS,
            "fetch": fetch,
            "senders": {entity: [topic] * lanes for entity, topic in topics.items()},
            "progress": progress,
            "save": lambda: None,
            "batch_size": BATCH_SIZE,
            **options,
        }
    )


def assert_whole(progress: Progress, tables: Mapping[str, Sequence[int]]) -> None:
    """The acknowledged offsets hold the record of each post exactly once."""
    for entity, done in progress.entities.items():
        assert (done.posts, done.beyond, done.acknowledged) == (len(KEYS), set(), len(KEYS))
        held = [
            tables[entity][offset] for piece in done.ranges for offset in range(piece.first, piece.last + 1)
        ]
        assert Counter(held) == Counter(KEYS)
        assert offsets.count(done.ranges) == len(KEYS)


@pytest.mark.parametrize("lanes", [1, 3, 16])
def test_every_post_is_sent_once_to_each_topic(lanes: int) -> None:
    topics = {entity: Topic() for entity in ENTITIES}
    progress, saved = Progress.at_start(ENTITIES), []
    run(topics, progress, saved, lanes=lanes)
    assert_whole(progress, {entity: topic.keys for entity, topic in topics.items()})
    for entity, topic in topics.items():
        assert topic.values == [{"entity": entity, "ind": key} for key in topic.keys]
        assert progress.entities[entity].ranges == [OffsetRange(0, 0, len(KEYS) - 1)]
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
        for saved in Progress.from_json(progress.to_json()).entities.values():
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


@pytest.fixture
def make_senders(rest_proxy: FakeRestProxy) -> Iterator[Callable[[int], dict[str, list[BatchSender]]]]:
    made: list[BatchSender] = []

    def make(lanes: int) -> dict[str, list[BatchSender]]:
        senders = {
            entity: [
                BatchSender(base_url=rest_proxy.url, topic=entity, first_pause=0.001, max_attempts=4)
                for _ in range(lanes)
            ]
            for entity in ENTITIES
        }
        made.extend(sender for lanes in senders.values() for sender in lanes)
        return senders

    yield make
    for sender in made:
        sender.close()


def table_keys(rest_proxy: FakeRestProxy) -> dict[str, list[int]]:
    return {
        path.removeprefix("/topics/"): [record["key"] for record in records]
        for path, records in rest_proxy.topics.items()
    }


@pytest.mark.parametrize("lanes", [1, 3])
def test_through_a_server_with_troubles_nothing_is_lost(
    rest_proxy: FakeRestProxy, make_senders: Any, lanes: int
) -> None:
    troubles = itertools.cycle(
        [None, Answer(503, "busy"), "refuse", None, Answer(0), "refuse", Answer(429, "")]
    )
    troubled: set[str] = set()

    def trouble(request: Any) -> Answer | None:
        # Each request meets one trouble at most, the first time it is made.
        asked = f"{request.path} {[record['key'] for record in request.body['records']]}"
        found = None if asked in troubled else next(troubles)
        troubled.add(asked)
        if found == "refuse":
            return rest_proxy.produce(request, refuse=lambda position: position == 0)
        return found

    rest_proxy.script = [trouble] * 1000
    progress = Progress.at_start(ENTITIES)
    run({}, progress, [], senders=make_senders(lanes))
    assert_whole(progress, table_keys(rest_proxy))
    assert {topic: len(keys) for topic, keys in table_keys(rest_proxy).items()} == dict.fromkeys(
        ENTITIES, len(KEYS)
    )


def test_a_record_acknowledged_beside_a_refused_one_is_not_sent_again(
    rest_proxy: FakeRestProxy, make_senders: Any
) -> None:
    refusing = True

    def refuse(request: Any) -> Answer | None:
        sent = [record["key"] for record in request.body["records"]]
        if refusing and request.path.endswith("geo") and 9 in sent:
            if len(sent) == 1:
                return Answer(403, {"message": "Forbidden"})
            return rest_proxy.produce(request, refuse=lambda position: sent[position] == 9)
        return None

    rest_proxy.script = [refuse] * 1000
    progress, saved = Progress.at_start(ENTITIES), []
    with pytest.raises(Refused, match="Forbidden"):
        run({}, progress, saved, senders=make_senders(2))
    refusing = False
    resumed = Progress.from_json(saved[-1])
    run({}, resumed, saved, senders=make_senders(2))
    assert_whole(resumed, table_keys(rest_proxy))
    assert len(table_keys(rest_proxy)["geo"]) == len(KEYS)


@pytest.mark.parametrize("lanes", [1, 3])
def test_after_a_kill_at_any_save_nothing_is_lost(
    rest_proxy: FakeRestProxy, make_senders: Any, lanes: int
) -> None:
    progress = Progress.at_start(ENTITIES)
    saved: list[Any] = [progress.to_json()]
    written: list[Tables] = []

    def save() -> None:
        # Just before this save a kill leaves the one before, and the topics as they are now.
        written.append({path: list(records) for path, records in rest_proxy.topics.items()})
        saved.append(json.loads(json.dumps(progress.to_json())))

    run({}, progress, save=save, senders=make_senders(lanes))
    written.append({path: list(records) for path, records in rest_proxy.topics.items()})
    assert len(saved) >= 5
    bound = LEGS_IN_FLIGHT * (max(LEG, 2 * lanes * BATCH_SIZE) + BATCH_SIZE)
    for document, tables in zip(saved, written, strict=True):
        rest_proxy.topics.clear()
        rest_proxy.topics.update({path: list(records) for path, records in tables.items()})
        resumed = Progress.from_json(document)
        run({}, resumed, senders=make_senders(lanes))
        keys = table_keys(rest_proxy)
        assert_whole(resumed, keys)
        for entity in ENTITIES:
            assert not Counter(KEYS) - Counter(keys[entity])
            assert len(keys[entity]) <= len(KEYS) + bound
