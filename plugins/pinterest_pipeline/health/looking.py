"""Looks at one component within a time limit; whatever goes wrong is a finding of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from airflow.sdk.log import redact  # type: ignore[attr-defined]  # imported there for use by others

from pinterest_pipeline.health.components import Component
from pinterest_pipeline.health.findings import Finding, Status

logger = logging.getLogger(__name__)

#: Seconds that a look may take.
LIMIT_S = 12.0
_LONGEST_ERROR = 300


def look(component: Component, memory: Mapping[str, Any], *, limit: float = LIMIT_S) -> tuple[Finding, float]:
    """Read a component and judge it.

    :param component: the component.
    :param memory: what the look before has kept.
    :param limit: seconds that it may take.
    :returns: the finding, and how many seconds it took. What is unknown keeps the memory.
    """
    found: list[Finding] = []

    def run() -> None:
        try:
            found.append(_judged(component, memory))
        except Exception as error:
            # One that names its reason in a log is worth more than a trace in a state.
            logger.warning("%s could not be looked at", component.label, exc_info=True)
            found.append(_unknown(f"the check failed: {error_text(error)}", memory))

    began = time.monotonic()
    # As a daemon: a look that hangs does not keep the task from its end.
    thread = threading.Thread(target=run, name=f"look-{component.name}", daemon=True)
    thread.start()
    thread.join(limit)
    seconds = time.monotonic() - began
    if not found:
        logger.warning("%s did not answer within %g s", component.label, limit)
        return _unknown(f"the check did not end within {limit:g} s", memory), seconds
    return found[0], seconds


def _judged(component: Component, memory: Mapping[str, Any]) -> Finding:
    try:
        return component.judge(component.read(memory), memory)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        if not memory:
            raise
        # Perhaps it is what was kept that is wrong; it would be wrong at each look to come.
        logger.warning("%s is looked at without its memory", component.label, exc_info=True)
        return component.judge(component.read({}), {})


def error_text(error: BaseException) -> str:
    """An error in one line, short, without what Airflow knows to be a secret.

    :param error: the error.
    """
    text = " ".join(f"{type(error).__name__}: {error}".split())
    shown = str(redact(text))
    return shown if len(shown) <= _LONGEST_ERROR else f"{shown[: _LONGEST_ERROR - 1]}…"


def _unknown(sentence: str, memory: Mapping[str, Any]) -> Finding:
    return Finding(status=Status.UNKNOWN, sentence=sentence, memory=memory)
