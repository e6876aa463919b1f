"""What a topic may be called and be like, and how a present one differs."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.exceptions import Difference
from cloud_operators.kafka.topics import Topic, check_name, topics_of


# The valid and invalid names of Kafka's own TopicTest.
@pytest.mark.parametrize(
    "name", ["valid", "TOPIC", "nAmEs", "ar6", "VaL1d", "_0-9_.", "...", "sandbox.pin", "a" * 249]
)
def test_valid_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "foo bar", "..", "foo:bar", "foo=bar", ".", "a" * 250, "grün", "a/b", "a\n", "a,b", None, 7],
    ids=repr,
)
def test_invalid_names(name: object) -> None:
    with pytest.raises(ValueError, match="topic name"):
        check_name(name)


def specification(**change: Any) -> dict[str, Any]:
    return {"name": "sandbox.pin", "partitions": 1, "replication_factor": 1, **change}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param({"partitions": 0}, "partitions=0", id="no-partition"),
        pytest.param({"partitions": True}, "partitions=True", id="truth"),
        pytest.param({"partitions": 1.5}, "partitions=1.5", id="half"),
        pytest.param({"partitions": "-1"}, "partitions='-1'", id="negative-text"),
        pytest.param({"replication_factor": None}, "replication_factor=None", id="no-replicas"),
        pytest.param({"replicas": 3}, "unknown fields replicas", id="unknown-field"),
        pytest.param({"config": {"retention.ms": 5}}, "values of config are text", id="number-in-config"),
    ],
)
def test_wrong_specifications(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"topic 'sandbox.pin'.*{text}"):
        topics_of([specification(**change)])


@pytest.mark.parametrize("other", ["sandbox.pin", "sandbox_pin"])
def test_names_that_collide(other: str) -> None:
    with pytest.raises(ValueError, match=f"'sandbox.pin' and '{other}' collide"):
        topics_of([specification(), specification(name=other)])


def test_numbers_may_be_text() -> None:
    assert topics_of([specification(partitions="12", replication_factor="3")]) == [
        Topic("sandbox.pin", 12, 3, {})
    ]


def test_differences_name_each_field() -> None:
    wanted = Topic("t", 3, 2, {"retention.ms": "-1", "cleanup.policy": "compact", "no.such": "1"})
    found = Topic("t", 1, 2, {"retention.ms": "604800000", "cleanup.policy": "delete,compact", "other": "x"})
    assert wanted.differences(found) == {
        "partitions": Difference(3, 1),
        "config retention.ms": Difference("-1", "604800000"),
        "config cleanup.policy": Difference("compact", "delete,compact"),
        "config no.such": Difference("1", None),
    }


def test_only_settings_asked_for_are_compared() -> None:
    wanted = Topic("t", 1, 1, {"cleanup.policy": "compact, delete"})
    assert (
        wanted.differences(Topic("t", 1, 1, {"cleanup.policy": "delete,compact", "retention.ms": "1"})) == {}
    )
