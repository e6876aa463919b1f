"""Whether the Kafka REST proxy answers, as itself and in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinterest_pipeline.health.findings import Figure, Finding, Status, finding

SETTING = "PINTEREST_REST_PROXY_ADDRESS"
#: Seconds beyond which an answer is late.
SLOW_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What came back for the list of topics.

    :param address: ``host:port``; empty when it is not set.
    :param trouble: why there is no answer, as the end of a sentence.
    :param status: HTTP status; ``None`` without an answer.
    :param error_code: the proxy's own number of an error, if it gave one.
    :param lists_topics: whether the answer is a list, as the proxy gives it.
    :param seconds: until the answer was there.
    """

    address: str
    trouble: str = ""
    status: int | None = None
    error_code: int | None = None
    lists_topics: bool = False
    seconds: float | None = None


def judge(reading: Reading, memory: Mapping[str, Any]) -> Finding:
    """Judge the answer.

    :param reading: what came back.
    :param memory: not needed.
    """
    if not reading.address:
        return Finding(status=Status.UNKNOWN, sentence=f"{SETTING} is not set", memory=memory)
    proxy = f"the REST proxy at {reading.address}"
    figures = {"latency": Figure(value=_rounded(reading.seconds), unit="s")}
    if reading.status is None or reading.seconds is None:
        return finding([(Status.DOWN, f"{proxy} {reading.trouble}")], "", figures)
    problems = []
    if reading.status >= 500:
        problems.append((Status.DOWN, f"{proxy} answers {_answer(reading)}"))
    elif reading.status != 200:
        problems.append((Status.DEGRADED, f"{proxy} answers {_answer(reading)} when asked for the topics"))
    elif not reading.lists_topics:
        problems.append((Status.DOWN, f"what answers at {reading.address} is no Kafka REST proxy"))
    if reading.seconds > SLOW_S:
        problems.append((Status.DEGRADED, f"{proxy} takes {reading.seconds:.1f} s to answer"))
    return finding(problems, f"{proxy} answers in {reading.seconds:.2f} s", figures)


def _answer(reading: Reading) -> str:
    code = f", error code {reading.error_code}" if reading.error_code is not None else ""
    return f"HTTP {reading.status}{code}"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
