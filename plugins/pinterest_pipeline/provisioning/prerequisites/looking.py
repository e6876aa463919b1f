"""Looks at several things at once, none of which can hold up or hide another."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pinterest_pipeline.provisioning.prerequisites.findings import Finding, Outcome
from pinterest_pipeline.provisioning.prerequisites.refusals import as_outcome, as_refused_credentials

logger = logging.getLogger(__name__)

#: Seconds after which a look is given up. Clients give up sooner by themselves.
LIMIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One prerequisite.

    :param name: as the table shows it.
    :param required: whether nothing may be provisioned without it.
    :param service: prefix of the IAM actions of the service that is asked.
    :param look: reads it and judges what was read; changes nothing.
    """

    name: str
    required: bool
    service: str
    look: Callable[[], Outcome]


def look_at_all(checks: Sequence[Check], *, limit_seconds: float = LIMIT_SECONDS) -> list[Finding]:
    """Run all checks beside each other.

    :param checks: each is run, whatever becomes of the others.
    :param limit_seconds: seconds after which those that have not ended are unknown.
    :returns: a finding for each check, in their order.
    :raises CredentialsRefused: when one of them meets refused credentials, once all have ended.
    """
    answers = together([check.look for check in checks], limit_seconds=limit_seconds)
    for answer in answers:
        if isinstance(answer, Exception) and (refused := as_refused_credentials(answer)):
            raise refused from answer
    return [_finding(check, answer) for check, answer in zip(checks, answers, strict=True)]


def together[T](
    calls: Sequence[Callable[[], T]], *, limit_seconds: float = LIMIT_SECONDS
) -> list[T | Exception]:
    """Make calls beside each other, and give up those that take too long.

    :param calls: they are not stopped when they are given up, so they must change nothing.
    :param limit_seconds: seconds for all of them.
    :returns: what each returned or raised, in their order; a ``TimeoutError`` for one that was given up.
    """
    ended: queue.SimpleQueue[tuple[int, T | Exception]] = queue.SimpleQueue()

    def make(at: int, call: Callable[[], T]) -> None:
        try:
            ended.put((at, call()))
        except Exception as error:
            logger.debug("A look failed", exc_info=True)
            ended.put((at, error))

    for at, call in enumerate(calls):
        # Of a kind that does not keep the task's process alive.
        threading.Thread(target=make, args=(at, call), daemon=True, name=f"prerequisite-{at}").start()
    found: dict[int, T | Exception] = {}
    deadline = time.monotonic() + limit_seconds
    while len(found) < len(calls):
        try:
            at, answer = ended.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        found[at] = answer
    late = TimeoutError(f"given up after {limit_seconds:g} s")
    return [found.get(at, late) for at in range(len(calls))]


def _finding(check: Check, answer: Outcome | Exception) -> Finding:
    outcome = as_outcome(answer, service=check.service) if isinstance(answer, Exception) else answer
    return Finding(
        name=check.name,
        required=check.required,
        status=outcome.status,
        found=outcome.found,
        remedy=outcome.remedy,
    )
