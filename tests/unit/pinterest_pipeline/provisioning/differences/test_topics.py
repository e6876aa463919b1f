"""Which changes of topics are made, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.kafka.topics import Topic, topics_of
from pinterest_pipeline.entities import Names
from pinterest_pipeline.provisioning.changes import Action
from pinterest_pipeline.provisioning.differences.topics import topic_changes, wanted_topics

NAMES = Names(user_id="demo", catalog="c", schema="s", state_root="s3://b/_state")
TOPICS = ("demo.pin", "demo.geo", "demo.user", "demo.dead-letter")


def there(partitions: int = 2, copies: int = 1, **config: str) -> dict[str, Topic]:
    return {name: Topic(name, partitions, copies, config) for name in TOPICS}


def plan(found: dict[str, Topic], **asked: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    wanted = wanted_topics(NAMES, found, **{"partitions": None, "config": {}, "replication": 3, **asked})
    return wanted, topic_changes(topics_of(wanted), found)


def test_new_topics_have_one_partition_unless_more_are_asked_for() -> None:
    assert {topic["name"]: topic["partitions"] for topic in plan({})[0]} == dict.fromkeys(TOPICS, 1)
    wanted, changes = plan({}, partitions=3, config={"retention.ms": "1000"})
    # Dead letters stay in order, and for as long as the cluster keeps them.
    assert {topic["name"]: (topic["partitions"], topic["config"]) for topic in wanted} == {
        **dict.fromkeys(TOPICS[:3], (3, {"retention.ms": "1000"})),
        "demo.dead-letter": (1, {}),
    }
    assert [(change.action, change.name) for change in changes] == [(Action.CREATE, name) for name in TOPICS]
    assert changes[0].wanted == {"partitions": 3, "replication_factor": 3, "retention.ms": "1000"}


def test_without_params_nothing_of_what_is_there_changes() -> None:
    assert plan(there(partitions=5, copies=2, **{"retention.ms": "7"}))[1] == []


def test_partitions_are_added_and_settings_changed() -> None:
    _, changes = plan(there(**{"retention.ms": "7"}), partitions=4, config={"retention.ms": "9"})
    assert {(change.name, change.field, change.found, change.wanted) for change in changes} == {
        (name, *row)
        for name in TOPICS[:3]
        for row in [("partitions", 2, 4), ("config retention.ms", "7", "9")]
    }
    assert {change.action for change in changes} == {Action.UPDATE}
    assert "pinterest_daily_batch" in changes[0].note


def test_partitions_cannot_be_taken_away() -> None:
    _, changes = plan(there(partitions=3), partitions=1)
    assert [(change.action, change.field) for change in changes] == [(Action.REFUSE, "partitions")] * 3
    assert "leave the param empty" in changes[0].note


@pytest.mark.parametrize("copies", [1, 2])
def test_replicas_are_for_new_topics(copies: int) -> None:
    found = {"demo.pin": there(copies=copies)["demo.pin"]}
    wanted, changes = plan(found)
    assert {topic["name"]: topic["replication_factor"] for topic in wanted} == {
        **dict.fromkeys(TOPICS, 3),
        "demo.pin": copies,
    }
    assert {change.name for change in changes} == set(TOPICS) - {"demo.pin"}
