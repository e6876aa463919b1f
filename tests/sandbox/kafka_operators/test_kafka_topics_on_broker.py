"""KafkaEnsureTopicsOperator against a real broker."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from cloud_operators.exceptions import Difference, ResourceDiffers, ServiceFailed, ServiceUnreachable
from cloud_operators.kafka.client import ConfigResource, ResourceType
from cloud_operators.kafka.hooks.admin import KafkaAdminHook
from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator
from cloud_operators.kafka.topics import Topic
from tests.sandbox.kafka_operators.helpers import make_topic, set_connection


def ensure(*topics: dict[str, Any], update: bool = False) -> list[dict[str, Any]]:
    operator = KafkaEnsureTopicsOperator(task_id="ensure", topics=topics, update=update)
    actions: list[dict[str, Any]] = operator.execute({})
    return actions


def partition_counts(bootstrap: str, names: Sequence[str]) -> dict[str, int]:
    topics = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).topics
    return {name: len(topics[name].partitions) for name in names if name in topics}


def test_missing_topics_are_created_as_wanted(bootstrap: str, prefix: str) -> None:
    kept = {"retention.ms": "-1", "cleanup.policy": "compact,delete"}
    wanted = [
        {"name": f"{prefix}.pin", "partitions": 3, "replication_factor": 1, "config": kept},
        {"name": f"{prefix}.geo", "partitions": 1, "replication_factor": 1},
    ]
    assert ensure(*wanted) == [
        {"name": f"{prefix}.pin", "action": "created", "partitions": 3},
        {"name": f"{prefix}.geo", "action": "created", "partitions": 1},
    ]
    assert partition_counts(bootstrap, [f"{prefix}.pin", f"{prefix}.geo"]) == {
        f"{prefix}.pin": 3,
        f"{prefix}.geo": 1,
    }
    resource = ConfigResource(ResourceType.TOPIC, f"{prefix}.pin")
    client = AdminClient({"bootstrap.servers": bootstrap})
    config = client.describe_configs([resource])[resource].result(10)
    assert config["retention.ms"].value == "-1"
    assert set(config["cleanup.policy"].value.split(",")) == {"compact", "delete"}


def test_topics_as_wanted_are_adopted(bootstrap: str, prefix: str) -> None:
    policy = {"cleanup.policy": "delete,compact"}
    topic = {"name": prefix, "partitions": 2, "replication_factor": 1, "config": policy}
    assert ensure(topic) == [{"name": prefix, "action": "created", "partitions": 2}]
    # The order of the policies does not matter; numbers may come as text from a template.
    again = {"name": prefix, "partitions": "2", "replication_factor": "1"}
    assert ensure({**again, "config": {"cleanup.policy": "compact,delete"}}) == [
        {"name": prefix, "action": "adopted", "partitions": 2}
    ]


def test_a_topic_that_differs_fails_before_anything_is_created(bootstrap: str, prefix: str) -> None:
    make_topic(f"{prefix}.pin")
    with pytest.raises(ResourceDiffers) as raised:
        ensure(
            {"name": f"{prefix}.new", "partitions": 1, "replication_factor": 1},
            {
                "name": f"{prefix}.pin",
                "partitions": 3,
                "replication_factor": 2,
                "config": {"max.message.bytes": "2000000"},
            },
        )
    # 1048588 is Kafka's documented default of max.message.bytes.
    assert raised.value.differences == {
        "partitions": Difference(3, 1),
        "replication_factor": Difference(2, 1),
        "config max.message.bytes": Difference("2000000", "1048588"),
    }
    assert partition_counts(bootstrap, [f"{prefix}.new", f"{prefix}.pin"]) == {f"{prefix}.pin": 1}


def test_a_topic_is_brought_in_line(bootstrap: str, prefix: str) -> None:
    topic = {
        "name": prefix,
        "partitions": 1,
        "replication_factor": 1,
        "config": {"max.message.bytes": "2000000"},
    }
    ensure(topic)
    wanted = {**topic, "partitions": 3, "config": {"retention.ms": "86400000"}}
    assert ensure(wanted, update=True) == [{"name": prefix, "action": "updated", "partitions": 3}]
    assert partition_counts(bootstrap, [prefix]) == {prefix: 3}
    resource = ConfigResource(ResourceType.TOPIC, prefix)
    client = AdminClient({"bootstrap.servers": bootstrap})
    config = client.describe_configs([resource])[resource].result(10)
    assert config["retention.ms"].value == "86400000"
    # What was not asked for this time stays.
    assert config["max.message.bytes"].value == "2000000"
    assert ensure(wanted, update=True) == [{"name": prefix, "action": "adopted", "partitions": 3}]


def test_a_setting_that_the_broker_refuses_leaves_the_topic_as_it_was(bootstrap: str, prefix: str) -> None:
    make_topic(prefix)
    with pytest.raises(ServiceFailed, match="INVALID_CONFIG"):
        ensure(
            {"name": prefix, "partitions": 3, "replication_factor": 1, "config": {"retention.ms": "soon"}},
            update=True,
        )
    assert partition_counts(bootstrap, [prefix]) == {prefix: 1}


def test_the_broker_says_what_it_would_refuse_without_doing_anything(bootstrap: str, prefix: str) -> None:
    hook = KafkaAdminHook()
    hook.create_topics([Topic(f"{prefix}.new", 1, 1)], validate_only=True)
    with pytest.raises(ServiceFailed, match="INVALID_REPLICATION_FACTOR"):
        hook.create_topics([Topic(f"{prefix}.wide", 1, 2)], validate_only=True)
    make_topic(prefix)
    hook.create_partitions(prefix, 2, validate_only=True)
    hook.set_config(prefix, {"retention.ms": "1000"}, validate_only=True)
    with pytest.raises(ServiceFailed, match="INVALID_CONFIG"):
        hook.set_config(prefix, {"retention.ms": "soon"}, validate_only=True)
    assert partition_counts(bootstrap, [prefix, f"{prefix}.new"]) == {prefix: 1}
    assert hook.find_topics([prefix])[prefix].config["retention.ms"] != "1000"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(
            {"replication_factor": 2}, "INVALID_REPLICATION_FACTOR", id="more-replicas-than-brokers"
        ),
        pytest.param({"config": {"no.such.setting": "1"}}, "INVALID_CONFIG", id="unknown-setting"),
        pytest.param({"config": {"retention.ms": "soon"}}, "INVALID_CONFIG", id="not-a-number"),
    ],
)
def test_what_the_broker_refuses_is_told(
    bootstrap: str, prefix: str, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(ServiceFailed, match=code) as raised:
        ensure({"name": prefix, "partitions": 1, "replication_factor": 1, **change})
    assert raised.value.code == code
    assert bootstrap in str(raised.value)


@pytest.fixture
def rival(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else creates each topic, with two partitions, just before the operator does."""
    create = KafkaAdminHook.create_topics

    def create_second(hook: KafkaAdminHook, topics: list[Topic]) -> set[str]:
        create(hook, [Topic(topic.name, 2, 1) for topic in topics])
        return create(hook, topics)

    monkeypatch.setattr(KafkaAdminHook, "create_topics", create_second)


@pytest.mark.usefixtures("rival", "bootstrap")
def test_a_topic_that_appears_in_between_is_adopted_when_as_wanted(prefix: str) -> None:
    topic = {"name": prefix, "partitions": 2, "replication_factor": 1}
    assert ensure(topic) == [{"name": prefix, "action": "adopted", "partitions": 2}]


@pytest.mark.usefixtures("rival", "bootstrap")
def test_a_topic_that_appears_in_between_is_refused_when_it_differs(prefix: str) -> None:
    with pytest.raises(ResourceDiffers, match="partitions: wanted 4, found 2"):
        ensure({"name": prefix, "partitions": 4, "replication_factor": 1})


def test_many_at_once_create_a_topic_once(bootstrap: str, prefix: str) -> None:
    topic = {"name": prefix, "partitions": 2, "replication_factor": 1}
    with ThreadPoolExecutor(4) as pool:
        actions = [each[0]["action"] for each in pool.map(lambda _: ensure(topic), range(8))]
    assert sorted(set(actions)) in (["adopted", "created"], ["created"])
    assert actions.count("created") == 1


def test_a_broker_that_is_down_is_named_within_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:  # bound, not listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        servers = f"127.0.0.1:{closed.getsockname()[1]}"
        set_connection(monkeypatch, servers)
        started = time.monotonic()
        with pytest.raises(ServiceUnreachable, match=f"Kafka at {servers} does not answer.*refused"):
            ensure({"name": "any", "partitions": 1, "replication_factor": 1})
        assert time.monotonic() - started < 10


def test_a_listener_that_says_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        servers = f"127.0.0.1:{silent.getsockname()[1]}"
        set_connection(monkeypatch, servers)
        topic = {"name": "any", "partitions": 1, "replication_factor": 1}
        operator = KafkaEnsureTopicsOperator(task_id="ensure", topics=[topic], request_timeout=2)
        with pytest.raises(ServiceUnreachable, match=f"Kafka at {servers} does not answer"):
            operator.execute({})
