"""Reading how far the sink has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud_operators.kafka.hooks import dead_letters as hooks
from pinterest_pipeline.health.checks.sink_lag import judge
from pinterest_pipeline.health.readings import sink_lag
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk, Resource
from tests.unit.pinterest_pipeline.health.readings.brokers import Brokers

DEAD = "sandbox.dead-letter"

pytestmark = pytest.mark.usefixtures("use_settings", "msk")


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[tuple[str, int, int]]]:
    """Offset in the dead-letter topic to the origin of the letter: its topic, partition and offset."""
    letters: dict[int, tuple[str, int, int]] = {}

    def read(hook: Any, topic: str, *, start: dict[int, int], time_limit: float) -> hooks.DeadLetters:
        assert (topic, time_limit) == (DEAD, 3)
        origins: dict[str, set[tuple[int, int]]] = {}
        for offset, (name, partition, of_record) in letters.items():
            if offset >= start[0]:
                origins.setdefault(name, set()).add((partition, of_record))
        return hooks.DeadLetters(origins=origins, next_offsets={}, complete=True, trimmed=False)

    monkeypatch.setattr(hooks.DeadLetterHook, "read_dead_letters", read)
    return letters  # type: ignore[return-value]


@pytest.fixture
def made(brokers: Brokers) -> Brokers:
    """The topics, with ten records in each that are all written."""
    for name in ("sandbox.pin", "sandbox.geo", "sandbox.user"):
        brokers.make(name, 10)
        brokers.commits[name, 0] = 10
    brokers.make(DEAD, 0)
    return brokers


def unwritten(found: Any) -> dict[tuple[str, int], int]:
    return {(each.topic, each.number): each.unwritten for each in found.partitions}


def test_all_is_written(made: Brokers) -> None:
    found = sink_lag.read({})
    assert unwritten(found) == {("sandbox.pin", 0): 0, ("sandbox.geo", 0): 0, ("sandbox.user", 0): 0}
    assert abs(datetime.now(UTC) - found.at) < timedelta(seconds=30)
    assert judge(found, {}).status == "healthy"


@pytest.mark.usefixtures("dead")
def test_a_lag_is_from_the_commit_to_the_end(made: Brokers) -> None:
    made.make("sandbox.pin", 25, 4)
    made.commits["sandbox.pin", 1] = 1
    found = sink_lag.read({})
    assert unwritten(found)["sandbox.pin", 0] == 15
    assert unwritten(found)["sandbox.pin", 1] == 3
    assert [each.committed for each in found.partitions] == [10, 1, 10, 10]


@pytest.mark.usefixtures("dead")
def test_without_a_commit_all_that_is_still_there_is_a_lag(made: Brokers) -> None:
    del made.commits["sandbox.geo", 0]
    made.oldest["sandbox.geo", 0] = 4
    found = sink_lag.read({})
    assert unwritten(found)["sandbox.geo", 0] == 6
    assert found.partitions[1].committed is None


def test_dead_letters_at_the_end_are_no_lag(made: Brokers, dead: dict[int, Any]) -> None:
    made.make("sandbox.pin", 14)
    made.topics[DEAD].ends[0] = 3
    # Two of the four that are not committed, and one that was dead before.
    dead |= {0: ("sandbox.pin", 0, 5), 1: ("sandbox.pin", 0, 11), 2: ("sandbox.pin", 0, 13)}
    assert unwritten(sink_lag.read({}))["sandbox.pin", 0] == 2
    dead |= {3: ("sandbox.pin", 0, 10), 4: ("sandbox.pin", 0, 12)}
    assert judge(sink_lag.read({}), {}).sentence == "all records are written"


def test_only_young_dead_letters_are_read(made: Brokers, dead: dict[int, Any]) -> None:
    made.make("sandbox.pin", 12)
    made.topics[DEAD].ends[0] = sink_lag.TAIL + 1
    dead |= {0: ("sandbox.pin", 0, 10), 1: ("sandbox.pin", 0, 11)}
    assert unwritten(sink_lag.read({}))["sandbox.pin", 0] == 1


def test_without_a_lag_no_dead_letter_is_read(made: Brokers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(hooks.DeadLetterHook, "read_dead_letters")
    assert judge(sink_lag.read({}), {}).status == "healthy"


def test_without_a_dead_letter_topic_a_lag_is_read_all_the_same(made: Brokers) -> None:
    del made.topics[DEAD]
    made.make("sandbox.pin", 12)
    assert unwritten(sink_lag.read({}))["sandbox.pin", 0] == 2


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize(
    ("configuration", "seconds"),
    [
        ({"rotate.schedule.interval.ms": "3600000"}, 3600),
        ({"rotate.schedule.interval.ms": "1000"}, 1),
        ({"rotate.schedule.interval.ms": "soon"}, 0),
        ({}, 0),
    ],
)
def test_the_interval_of_the_sink_is_read_where_it_lags(
    made: Brokers, msk: FakeMsk, configuration: dict[str, str], seconds: float
) -> None:
    body = {"connectorArn": "arn:c", "connectorName": "sandbox-connector", "connectorState": "RUNNING"}
    body |= {"connectorConfiguration": configuration}  # type: ignore[dict-item]
    msk.connectors["arn:c"] = Resource(body, "connectorState")
    assert sink_lag.read({}).interval_s == 0
    assert msk.requests == []
    made.make("sandbox.pin", 12)
    assert sink_lag.read({}).interval_s == seconds


@pytest.mark.usefixtures("dead")
def test_a_lag_is_known_though_msk_connect_does_not_answer(
    made: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KAFKACONNECT", "http://127.0.0.1:9")
    made.make("sandbox.pin", 12)
    found = sink_lag.read({})
    assert (unwritten(found)["sandbox.pin", 0], found.interval_s) == (2, 0)


def test_topics_that_are_not_there(brokers: Brokers) -> None:
    brokers.make("sandbox.geo", 3)
    found = sink_lag.read({})
    assert found.missing == ["sandbox.pin", "sandbox.user"]
    assert judge(found, {}).status == "down"


def test_brokers_that_are_gone(made: Brokers) -> None:
    made.gone = True
    found = judge(sink_lag.read({}), {"partitions": {}})
    assert found.status == "down"
    assert found.sentence == "Kafka at 127.0.0.1:9092 does not answer: Connection refused"
