from __future__ import annotations

import pytest

from pinterest_pipeline.health.checks.api import Reading, judge
from pinterest_pipeline.health.findings import Figure, Status

KEY_REFUSED, NO_METHOD = "ForbiddenException", "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    ("status", "latency", "expected"),
    [
        (200, 0.2, Status.HEALTHY),
        (204, 0.2, Status.HEALTHY),
        (200, 3.0, Status.HEALTHY),
        (200, 3.001, Status.DEGRADED),
        (429, 0.2, Status.DEGRADED),
        (429, 4.0, Status.DEGRADED),
        (301, 0.2, Status.DOWN),
        (400, 0.2, Status.DOWN),
        (403, 0.2, Status.DOWN),
        (404, 0.2, Status.DOWN),
        (500, 0.2, Status.DOWN),
        (504, 4.9, Status.DOWN),
    ],
)
def test_states(status: int, latency: float, expected: Status) -> None:
    found = judge(Reading(status=status, latency_s=latency), {})
    assert found.status is expected
    assert found.figures["http_status"] == Figure(value=status)
    assert found.figures["latency"] == Figure(value=latency, unit="s")
    assert expected is Status.HEALTHY or status == 200 or str(status) in found.sentence


@pytest.mark.parametrize(
    ("error_type", "words"),
    [
        (KEY_REFUSED, "it refuses the key, or is not deployed (403)"),
        ("", "it refuses the key, or is not deployed (403)"),
        (NO_METHOD, "it has no GET /topics, or is not deployed (403): run pinterest_provision_batch"),
    ],
    ids=["key", "unsaid", "no method"],
)
def test_refusals_are_told_apart(error_type: str, words: str) -> None:
    assert judge(Reading(status=403, error_type=error_type), {}).sentence == words


def test_without_a_connection_it_was_not_provisioned() -> None:
    found = judge(Reading(no_connection=True), {})
    assert found.status is Status.DOWN
    assert found.sentence == (
        "the connection pinterest_api does not exist or has no host: run pinterest_provision_batch"
    )


def test_no_answer_is_down() -> None:
    found = judge(Reading(trouble="no answer in time"), {})
    assert (found.status, found.sentence) == (Status.DOWN, "the API does not answer: no answer in time")
    assert found.figures == {}
