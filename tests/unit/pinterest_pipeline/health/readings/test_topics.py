"""Reading topics from the brokers."""

from __future__ import annotations

import pytest

from pinterest_pipeline.health.checks.topics import judge
from pinterest_pipeline.health.readings import topics
from tests.unit.pinterest_pipeline.health.readings.brokers import Brokers

NAMES = ["sandbox.pin", "sandbox.geo", "sandbox.user", "sandbox.dead-letter"]

pytestmark = pytest.mark.usefixtures("use_settings")


@pytest.fixture
def made(brokers: Brokers) -> Brokers:
    """The topics as provisioning makes them."""
    for name in NAMES:
        brokers.make(name, 0)
    return brokers


@pytest.mark.usefixtures("made")
def test_topics_as_provisioned_are_healthy() -> None:
    found = topics.read({})
    assert list(found.topics) == NAMES
    assert found.replication == 3
    (partition,) = found.topics["sandbox.dead-letter"].partitions or ()
    assert (partition.number, partition.has_leader, partition.replicas, partition.in_sync) == (0, True, 3, 3)
    assert judge(found, {}).status == "healthy"


def test_without_topics_nothing_more_is_asked_of_them(brokers: Brokers) -> None:
    found = topics.read({})
    assert [topic.partitions for topic in found.topics.values()] == [None] * 4
    assert judge(found, {}).status == "down"


def test_leaders_and_copies(made: Brokers) -> None:
    made.make("sandbox.geo", 0, 0, 0, replicas=2)
    made.leaderless.add(("sandbox.geo", 1))
    made.in_sync["sandbox.geo", 2] = 1
    found = topics.read({}).topics["sandbox.geo"].partitions or ()
    assert [each.has_leader for each in found] == [True, False, True]
    assert [(each.replicas, each.in_sync) for each in found] == [(2, 2), (2, 2), (2, 1)]


def test_only_the_settings_of_a_topic_itself_are_read(made: Brokers) -> None:
    made.make("sandbox.pin", 0, retention_ms="604800000")
    found = topics.read({})
    assert found.topics["sandbox.pin"].config == {"retention.ms": "604800000"}
    assert found.topics["sandbox.geo"].config == {}


def test_a_change_is_found_by_the_check_after_it(made: Brokers) -> None:
    before = judge(topics.read({}), {})
    made.make("sandbox.pin", 0, 0, retention_ms="1000")
    found = judge(topics.read(before.memory), before.memory)
    assert found.status == "healthy"
    assert found.sentence == (
        "sandbox.pin has 2 partitions now, 1 at the last check; "
        "sandbox.pin: retention.ms is 1000 now, the cluster's default at the last check"
    )


@pytest.mark.parametrize(("alive", "copies"), [(1, 1), (2, 2), (3, 3), (5, 3)])
def test_a_new_topic_gets_as_many_copies_as_there_are_brokers_up_to_three(
    made: Brokers, alive: int, copies: int
) -> None:
    made.alive = list(range(alive))
    assert topics.read({}).replication == copies


def test_brokers_that_are_gone(brokers: Brokers) -> None:
    brokers.gone = True
    found = judge(topics.read({}), {"topics": {}})
    assert found.status == "down"
    assert found.sentence == "Kafka at 127.0.0.1:9092 does not answer: Connection refused"
