"""Looks at the health of the pipeline: runs of ``pinterest_health`` beside those of its schedule."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pinterest_sandbox.airflow.client import AirflowClient, RunFailed
from pinterest_sandbox.airflow.dags import HEALTH
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import Config
from pinterest_sandbox.waiting import NotReady, wait_until

RUN_LIMIT = 300.0
HEALTHY = "healthy"
#: What people were told; without it all is news again.
TOLD = "health/told.json"
#: What was tried about components; without it each may be tried as often as at first.
TRIED = "health/healing/"

#: Component to its state, as the record of a run has it.
States = dict[str, dict[str, Any]]


class NotSeen(RuntimeError):
    """What was looked for did not come in time."""


@dataclass(frozen=True)
class Seen:
    """What a look has found.

    :param at: the clock's seconds when the record was there.
    :param states: component to its state.
    """

    at: float
    states: States

    def ill(self) -> dict[str, str]:
        """What is not healthy: component to state and sentence."""
        return {
            name: f"{state['status']}: {state['sentence']}"
            for name, state in self.states.items()
            if state["status"] != HEALTHY
        }


class Looks:
    """Looks when it is asked to, and not otherwise: the schedule is paused in between.

    :param config: the sandbox.
    :param airflow: its Airflow.
    """

    def __init__(self, config: Config, airflow: AirflowClient) -> None:
        self._airflow = airflow
        self._bucket = config.bucket
        self._s3: Any = aws_client("s3", config.url("moto"))

    def look(self) -> Seen:
        """Run the DAG once.

        :raises RunFailed: when it does not succeed.
        """
        return self._look()[-1]

    def _look(self) -> list[Seen]:
        """What a run has found, and before it one of the schedule that has slipped in, if there is one.

        That one is waited for, too: left half done it would tell its part in the next breakage.
        """
        own = self._airflow.trigger(HEALTH, {})
        going: set[str] = {own}
        found: dict[str, Seen] = {}

        def follow() -> None:
            active = set(self._airflow.active_runs(HEALTH))
            for ended in going - active - found.keys():
                if self._airflow.run_state(HEALTH, ended) == "success":
                    found[ended] = Seen(time.monotonic(), self._states(ended))
            going.update(active)
            if active:
                raise NotReady(f"{sorted(active)} go on")

        self._airflow.unpause(HEALTH)
        try:
            wait_until(follow, what=f"the end of {HEALTH}", timeout=RUN_LIMIT, interval=0.5)
            # For its error.
            self._airflow.wait_for_run(HEALTH, own, timeout=RUN_LIMIT)
        finally:
            self._airflow.pause(HEALTH)
        return [*(seen for run_id, seen in found.items() if run_id != own), found[own]]

    def _states(self, run_id: str) -> States:
        states: States = self._airflow.result(HEALTH, run_id, "keep_record")["components"]
        return states

    def until(self, wanted: Callable[[Seen], bool], *, what: str, limit: float) -> Seen:
        """Look again and again until it is as wanted.

        :param what: named in the error.
        :param limit: seconds after which no further look is begun.
        :raises NotSeen: with what was seen last.
        """
        deadline = time.monotonic() + limit
        last = "no look has come to its end"
        while time.monotonic() < deadline:
            try:
                found = self._look()
            except RunFailed as failure:
                # What is broken may be what the look needs; the next one tells.
                last = str(failure)
                continue
            for seen in found:
                if wanted(seen):
                    return seen
            last = ", ".join(f"{name} {state}" for name, state in seen.ill().items()) or "all healthy"
        raise NotSeen(f"{what}: not seen within {limit:g} s; last: {last}")

    def until_healthy(self, limit: float) -> Seen:
        """Look until every component is healthy.

        :raises NotSeen: when one is not in time.
        """
        return self.until(lambda seen: not seen.ill(), what="all components healthy", limit=limit)

    def forget(self) -> None:
        """Have nothing told and nothing tried: as if hours lay between this breakage and the one before."""
        kept = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=TRIED).get("Contents", [])
        for key in (TOLD, *(each["Key"] for each in kept)):
            self._s3.delete_object(Bucket=self._bucket, Key=key)
