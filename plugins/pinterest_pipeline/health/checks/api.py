"""Whether the API answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status

CONNECTION = "pinterest_api"
PROVISION = "run pinterest_provision_batch"
#: Seconds above which it is slow.
SLOW_S = 3.0
#: With which API Gateway refuses a path that the deployed API has not.
_NO_SUCH_METHOD = "MissingAuthenticationTokenException"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the API answers to ``GET /topics``.

    :param no_connection: whether there is no address of it: no connection, or one without a host.
    :param trouble: why there was no answer; empty when there was one.
    :param status: of the answer.
    :param error_type: API Gateway's name of its own refusal; empty when it has passed the request on.
    :param latency_s: seconds that the answer took.
    """

    no_connection: bool = False
    trouble: str = ""
    status: int = 0
    error_type: str = ""
    latency_s: float = 0.0


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """What is to be said of the API.

    :param reading: its answer.
    :param memory: nothing is kept.
    """
    if reading.no_connection:
        return Finding(
            status=Status.DOWN,
            sentence=f"the connection {CONNECTION} does not exist or has no host: {PROVISION}",
        )
    if reading.trouble:
        return Finding(status=Status.DOWN, sentence=f"the API does not answer: {reading.trouble}")
    status, sentence = _judge_answer(reading)
    figures = {
        "latency": Figure(value=round(reading.latency_s, 3), unit="s"),
        "http_status": Figure(value=reading.status),
    }
    return Finding(status=status, sentence=sentence, figures=figures)


def _judge_answer(reading: Reading) -> tuple[Status, str]:
    status = reading.status
    if 200 <= status < 300:
        if reading.latency_s > SLOW_S:
            return Status.DEGRADED, f"it answers slowly: {reading.latency_s:.1f} s"
        return Status.HEALTHY, f"it answers in {reading.latency_s:.2f} s"
    if status == 429:
        return Status.DEGRADED, "it throttles (429): its rate, its burst or its daily quota is used up"
    if status == 403 and reading.error_type == _NO_SUCH_METHOD:
        return Status.DOWN, f"it has no GET /topics, or is not deployed (403): {PROVISION}"
    if status == 403:
        return Status.DOWN, "it refuses the key, or is not deployed (403)"
    if status >= 500:
        return Status.DOWN, f"it answers {status}: the REST proxy can't be reached from it, or is not well"
    return Status.DOWN, f"it answers {status} to GET /topics, which does not reach the REST proxy"
