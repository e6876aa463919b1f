"""The cluster: what is said of its state and of its brokers."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.health.checks.cluster import Reading, judge

ARN = "arn:aws:kafka:us-east-1:123456789012:cluster/demo/8b1c8a6e-0000-4444-8888-000000000001-1"


def reading(**changed: Any) -> Reading:
    values = {"arn": ARN, "state": "ACTIVE", "nodes": 3, "alive": 3} | changed
    return Reading(**values)


def test_an_active_cluster_with_all_brokers_is_healthy() -> None:
    found = judge(reading(), {})
    assert (found.status, found.sentence) == ("healthy", "cluster demo is ACTIVE, 3 of 3 brokers are alive")
    assert {name: figure.value for name, figure in found.figures.items()} == {"brokers": 3, "broker nodes": 3}


def test_a_missing_setting_is_unknown_and_named() -> None:
    found = judge(Reading(arn=""), {"kept": 1})
    assert (found.status, found.sentence) == ("unknown", "PINTEREST_MSK_CLUSTER_ARN is not set")
    assert found.memory == {"kept": 1}


def test_a_cluster_that_is_not_there_is_down() -> None:
    found = judge(Reading(arn=ARN), {})
    assert found.status == "down"
    assert found.sentence.startswith("cluster demo does not exist: correct PINTEREST_MSK_CLUSTER_ARN")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("HEALING", "degraded"),
        ("MAINTENANCE", "degraded"),
        ("UPDATING", "degraded"),
        ("REBOOTING_BROKER", "degraded"),
        ("SOMETHING_NEW", "degraded"),
        ("CREATING", "down"),
        ("DELETING", "down"),
        ("FAILED", "down"),
    ],
)
def test_other_states(state: str, status: str) -> None:
    found = judge(reading(state=state), {})
    assert found.status == status
    assert f"cluster demo is {state}" in found.sentence


def test_the_reason_of_a_state_is_told() -> None:
    found = judge(reading(state="FAILED", reason="LowDisk: no room"), {})
    assert found.sentence == "cluster demo is FAILED (LowDisk: no room)"


@pytest.mark.parametrize(("alive", "status"), [(3, "healthy"), (2, "degraded"), (1, "degraded"), (0, "down")])
def test_brokers_that_are_not_alive(alive: int, status: str) -> None:
    assert judge(reading(alive=alive), {}).status == status


def test_how_many_brokers_are_alive_is_told() -> None:
    assert judge(reading(alive=2), {}).sentence == "2 of 3 brokers of cluster demo are alive"


def test_brokers_that_do_not_answer_are_down_though_aws_says_active() -> None:
    found = judge(reading(alive=None, trouble="Kafka at b-1:9098 does not answer: no route"), {})
    assert (found.status, found.sentence) == ("down", "Kafka at b-1:9098 does not answer: no route")
    assert found.figures["brokers"].value is None


def test_the_worse_of_state_and_brokers_counts_and_comes_first() -> None:
    found = judge(reading(state="MAINTENANCE", alive=0), {})
    assert found.status == "down"
    assert found.sentence == "no broker of cluster demo is alive; cluster demo is MAINTENANCE"


def test_without_a_number_of_nodes_brokers_need_only_be_there() -> None:
    assert judge(reading(nodes=None, alive=1), {}).status == "healthy"


def test_a_broker_more_than_aws_says_is_no_harm() -> None:
    # While brokers are added.
    assert judge(reading(alive=4), {}).status == "healthy"
