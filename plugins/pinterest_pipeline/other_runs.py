"""Whether other DAGs have runs, and waiting until they have none."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import tenacity

logger = logging.getLogger(__name__)

#: A run that is queued begins at any moment; one of a paused DAG stays queued.
UNENDED = ("queued", "running")


def with_runs(ti: Any, dags: Iterable[str], states: Sequence[str] = UNENDED) -> list[str]:
    """Those of some DAGs that have runs.

    :param ti: the task instance that asks.
    :param dags: ids of DAGs.
    :param states: of the runs that count.
    """
    return [dag for dag in dags if ti.get_dr_count(dag_id=dag, states=list(states))]


def wait_for_end(
    ti: Any, dags: Iterable[str], states: Sequence[str] = UNENDED, *, limit_s: float, pause_s: float
) -> list[str]:
    """Wait until some DAGs have no runs.

    :param ti: the task instance that asks.
    :param dags: ids of DAGs.
    :param states: of the runs that count.
    :param limit_s: seconds after which it is waited no longer.
    :param pause_s: seconds between two looks.
    :returns: DAGs that still have runs when the time is over.
    """
    asked = tuple(dags)
    found: list[str] = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        stop=tenacity.stop_after_delay(limit_s),
        wait=tenacity.wait_fixed(pause_s),
        before_sleep=lambda state: logger.info("waiting for %s", state.outcome and state.outcome.result()),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )(lambda: with_runs(ti, asked, states))
    return found


def that_have_runs(dags: Sequence[str]) -> str:
    """The beginning of a sentence: which DAGs have unended runs.

    :param dags: at least one.
    """
    return f"{', '.join(dags)} {'has' if len(dags) == 1 else 'have'} runs that are queued or running"
