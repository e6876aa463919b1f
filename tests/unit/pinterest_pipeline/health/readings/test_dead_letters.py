"""Reading where the dead-letter topic begins and ends."""

from __future__ import annotations

import pytest

from pinterest_pipeline.health.checks.dead_letters import judge
from pinterest_pipeline.health.readings import dead_letters
from tests.unit.pinterest_pipeline.health.readings.brokers import Brokers

TOPIC = "sandbox.dead-letter"

pytestmark = pytest.mark.usefixtures("use_settings")


def test_beginnings_and_ends(brokers: Brokers) -> None:
    made = brokers.make(TOPIC, 7, 2)
    brokers.oldest[TOPIC, 0] = 3
    found = dead_letters.read({})
    assert (found.topic, found.topic_id) == (TOPIC, made.topic_id)
    assert (found.beginnings, found.ends) == ({0: 3, 1: 0}, {0: 7, 1: 2})


def test_from_check_to_check(brokers: Brokers) -> None:
    brokers.make(TOPIC, 2)
    first = judge(dead_letters.read({}), {})
    brokers.topics[TOPIC].ends[0] = 5
    second = judge(dead_letters.read(first.memory), first.memory)
    third = judge(dead_letters.read(second.memory), second.memory)
    assert [each.status for each in (first, second, third)] == ["healthy", "degraded", "healthy"]
    brokers.make(TOPIC, 6)
    anew = judge(dead_letters.read(third.memory), third.memory)
    assert anew.figures["new dead letters"].value == 6


def test_a_topic_that_is_not_there(brokers: Brokers) -> None:
    found = dead_letters.read({})
    assert found.topic_id is None
    assert judge(found, {}).status == "down"


def test_brokers_that_are_gone(brokers: Brokers) -> None:
    brokers.gone = True
    assert dead_letters.read({}).trouble == "Kafka at 127.0.0.1:9092 does not answer: Connection refused"
