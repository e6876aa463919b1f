"""The REST proxy: what is said of its answers."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.health.checks.rest_proxy import Reading, judge

HOST = "proxy.example.com:8082"


def reading(**changed: Any) -> Reading:
    values = {"address": HOST, "status": 200, "lists_topics": True, "seconds": 0.0321} | changed
    return Reading(**values)


def test_an_answer_in_time_is_healthy() -> None:
    found = judge(reading(), {})
    assert found.status == "healthy"
    assert found.sentence == f"the REST proxy at {HOST} answers in 0.03 s"
    assert (found.figures["latency"].value, found.figures["latency"].unit) == (0.032, "s")


def test_a_missing_setting_is_unknown_and_named() -> None:
    found = judge(Reading(address=""), {"kept": 1})
    assert found.status == "unknown"
    assert found.sentence == "PINTEREST_REST_PROXY_ADDRESS is not set"
    assert found.memory == {"kept": 1}


def test_no_answer_is_down() -> None:
    found = judge(Reading(address=HOST, trouble="does not answer within 5 s"), {})
    assert found.status == "down"
    assert found.sentence == f"the REST proxy at {HOST} does not answer within 5 s"
    assert found.figures["latency"].value is None


@pytest.mark.parametrize(("seconds", "status"), [(2.0, "healthy"), (2.001, "degraded"), (4.9, "degraded")])
def test_a_slow_answer_is_degraded_beyond_two_seconds(seconds: float, status: str) -> None:
    assert judge(reading(seconds=seconds), {}).status == status


def test_a_slow_answer_is_told_with_its_seconds() -> None:
    assert judge(reading(seconds=3.27), {}).sentence == f"the REST proxy at {HOST} takes 3.3 s to answer"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, "down"),
        (503, "down"),
        (499, "degraded"),
        (404, "degraded"),
        (302, "degraded"),
        (204, "degraded"),
    ],
)
def test_other_statuses(status: int, expected: str) -> None:
    found = judge(reading(status=status, lists_topics=False), {})
    assert found.status == expected
    assert f"{HOST} answers HTTP {status}" in found.sentence


def test_the_error_code_of_the_proxy_is_told() -> None:
    found = judge(reading(status=500, error_code=50003, lists_topics=False), {})
    assert found.sentence == f"the REST proxy at {HOST} answers HTTP 500, error code 50003"


def test_a_slow_error_is_as_bad_as_the_error_and_tells_both() -> None:
    found = judge(reading(status=503, lists_topics=False, seconds=4.0), {})
    assert found.status == "down"
    assert found.sentence.endswith(
        "answers HTTP 503; the REST proxy at proxy.example.com:8082 takes 4.0 s to answer"
    )


def test_another_server_at_the_address_is_down() -> None:
    found = judge(reading(lists_topics=False), {})
    assert found.status == "down"
    assert found.sentence == f"what answers at {HOST} is no Kafka REST proxy"
