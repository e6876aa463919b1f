"""Topics: leaders, copies, and what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pinterest_pipeline.health.checks.topics import Partition, Reading, Topic, judge
from pinterest_pipeline.health.findings import Finding

NAMES = ("sandbox.pin", "sandbox.geo", "sandbox.user", "sandbox.dead-letter")
GOOD = Partition(number=0, has_leader=True, replicas=3, in_sync=3)


def partition(number: int = 0, **changed: Any) -> Partition:
    return Partition(**{"number": number, "has_leader": True, "replicas": 3, "in_sync": 3} | changed)


def look(memory: Mapping[str, Any] | None = None, replication: int = 3, **pin: Any) -> Finding:
    """Judge topics that are as they should be, but for the first."""
    topics = {name: Topic(partitions=[GOOD]) for name in NAMES}
    topics["sandbox.pin"] = Topic(**{"partitions": [GOOD]} | pin)
    return judge(Reading(topics=topics, replication=replication), memory or {})


def figures(found: Finding) -> dict[str, Any]:
    return {name: figure.value for name, figure in found.figures.items()}


def test_topics_as_they_should_be_are_healthy() -> None:
    found = look()
    assert found.status == "healthy"
    assert found.sentence == "4 topics with 4 partitions, all copies in sync"
    assert figures(found) == {"topics": 4, "partitions": 4, "without leader": 0, "under-replicated": 0}


def test_without_any_topic_it_says_what_to_run() -> None:
    found = judge(Reading(topics={name: Topic(partitions=None) for name in NAMES}), {})
    assert found.status == "down"
    assert found.sentence == f"topics {', '.join(NAMES)} do not exist: run pinterest_provision_batch"
    assert figures(found)["topics"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_one_topic_that_is_missing_is_down(name: str) -> None:
    topics = {each: Topic(partitions=None if each == name else [GOOD]) for each in NAMES}
    found = judge(Reading(topics=topics, replication=3), {})
    assert found.status == "down"
    assert found.sentence == f"topic {name} does not exist: run pinterest_provision_batch"


def test_a_topic_that_was_there_is_not_simply_to_be_made_again() -> None:
    """It would begin at offset 0, and the sink write over what has landed."""
    there = judge(Reading(topics={each: Topic(partitions=[GOOD]) for each in NAMES}, replication=3), {})
    memory = there.memory
    for _ in range(2):
        topics = {each: Topic(partitions=None if each == NAMES[0] else [GOOD]) for each in NAMES}
        found = judge(Reading(topics=topics, replication=3), memory)
        assert found.status == "down"
        assert found.sentence == (
            f"topic {NAMES[0]} is gone: unless a teardown has deleted it, keep what has landed before it is "
            "made again"
        )
        memory = found.memory
    assert judge(Reading(topics=there_again(), replication=3), memory).status == "healthy"


def there_again() -> dict[str, Topic]:
    return {each: Topic(partitions=[GOOD]) for each in NAMES}


def test_a_partition_without_a_leader_is_down() -> None:
    found = look(partitions=[partition(0), partition(1, has_leader=False, in_sync=0)])
    assert (found.status, found.sentence) == ("down", "sandbox.pin: no broker leads partition 1")
    assert figures(found)["without leader"] == 1


def test_copies_out_of_sync_are_degraded() -> None:
    found = look(partitions=[partition(0, in_sync=2), partition(1), partition(2, in_sync=1)])
    assert found.status == "degraded"
    assert found.sentence == "sandbox.pin: copies of partitions 0, 2 are not in sync, 1 of 3 at worst"
    assert figures(found)["under-replicated"] == 2


def test_the_worse_problem_comes_first() -> None:
    found = look(partitions=[partition(0, in_sync=2), partition(1, has_leader=False)])
    assert found.status == "down"
    assert found.sentence.startswith("sandbox.pin: no broker leads partition 1; sandbox.pin: copies")


def test_many_partitions_are_not_all_listed() -> None:
    found = look(partitions=[partition(number, in_sync=2) for number in range(64)])
    assert "partitions 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … are not in sync" in found.sentence
    assert figures(found)["under-replicated"] == 64


def test_fewer_copies_than_a_new_topic_gets_are_degraded() -> None:
    single = [partition(0, replicas=1, in_sync=1)]
    found = look(partitions=single)
    assert (found.status, found.sentence) == ("degraded", "sandbox.pin has 1 copy, a new topic gets 3")
    # On a single broker there can't be more.
    assert look(partitions=single, replication=1).status == "healthy"


def test_changes_are_told_and_healthy() -> None:
    before = look(partitions=[GOOD], config={"retention.ms": "1000", "segment.ms": "5"}).memory
    found = look(
        before, partitions=[GOOD, partition(1)], config={"retention.ms": "2000", "max.message.bytes": "9"}
    )
    assert found.status == "healthy"
    assert found.sentence == (
        "sandbox.pin has 2 partitions now, 1 at the last check; "
        "sandbox.pin: max.message.bytes is 9 now, the cluster's default at the last check; "
        "sandbox.pin: retention.ms is 2000 now, 1000 at the last check; "
        "sandbox.pin: segment.ms is the cluster's default now, 5 at the last check"
    )


def test_a_change_is_told_once() -> None:
    before = look(config={"retention.ms": "1000"}).memory
    after = look(before, config={}).memory
    assert look(after, config={}).sentence == "4 topics with 4 partitions, all copies in sync"


def test_the_value_of_a_sensitive_setting_is_not_told() -> None:
    before = look(config={"some.secret": "1"}).memory
    found = look(before, config={"some.secret": None})
    assert found.sentence == "sandbox.pin: some.secret is hidden now, 1 at the last check"


def test_a_topic_that_was_not_there_before_has_not_changed() -> None:
    missing = {name: Topic(partitions=None if name == "sandbox.pin" else [GOOD]) for name in NAMES}
    before = judge(Reading(topics=missing, replication=3), {}).memory
    assert look(before).sentence == "4 topics with 4 partitions, all copies in sync"


@pytest.mark.parametrize(
    "memory",
    [
        {"topics": None},
        {"topics": {"sandbox.pin": 3}},
        {"topics": {"sandbox.pin": {"partitions": "1", "config": None}}},
    ],
)
def test_a_memory_of_another_form_is_none(memory: dict[str, Any]) -> None:
    assert look(memory).sentence == "4 topics with 4 partitions, all copies in sync"


def test_brokers_that_do_not_answer_are_down_and_forget_nothing() -> None:
    trouble = "Kafka at b-1:9098 does not answer"
    found = judge(Reading(topics={}, trouble=trouble), {"topics": {}})
    assert (found.status, found.sentence, found.memory) == ("down", trouble, {"topics": {}})
