"""A burst through a real HTTP server that has troubles, and after kills."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pinterest_pipeline.emulation import burst as module
from pinterest_pipeline.emulation.burst import LEGS_IN_FLIGHT
from pinterest_pipeline.emulation.progress import Progress
from pinterest_pipeline.emulation.topic_sender import TopicSender
from pinterest_pipeline.errors import Refused
from tests.unit.pinterest_pipeline.emulation.bursts import (
    BATCH_SIZE,
    ENTITIES,
    KEYS,
    LEG,
    Tables,
    assert_whole,
    run,
)
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy


@pytest.fixture(autouse=True)
def short_legs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_LEG", LEG)


@pytest.fixture
def make_senders(rest_proxy: FakeRestProxy) -> Iterator[Callable[[int], dict[str, list[TopicSender]]]]:
    made: list[TopicSender] = []

    def make(lanes: int) -> dict[str, list[TopicSender]]:
        senders = {
            entity: [
                TopicSender(base_url=rest_proxy.url, topic=entity, first_pause=0.001, max_attempts=4)
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
