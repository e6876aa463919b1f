"""Notebook runs, seen and ended through the workspace's Jobs API as any client would.

It follows https://docs.databricks.com/api/workspace/jobs/.
"""

from __future__ import annotations

from typing import Any

import requests

from pinterest_sandbox.config import Config
from pinterest_sandbox.waiting import NotReady, wait_until


def list_runs(config: Config, *, limit: int = 25) -> list[dict[str, Any]]:
    """The latest notebook runs with their tasks, the newest first.

    :param limit: how many at most.
    """
    answer = call(config, "GET", "list", params={"limit": str(limit), "expand_tasks": "true"})
    runs: list[dict[str, Any]] = answer.get("runs", [])
    return runs


def list_states(config: Config) -> list[str]:
    """What became of each notebook run, the newest first: its result, or else where it is in its life."""
    states = [run["state"] for run in list_runs(config)]
    return [state.get("result_state") or state["life_cycle_state"] for state in states]


def cancel_run(config: Config, run_id: int) -> None:
    """Cancel a notebook run and wait until it has ended."""
    call(config, "POST", "cancel", json={"run_id": run_id})

    def ended() -> None:
        state = call(config, "GET", "get", params={"run_id": str(run_id)})["state"]
        if "result_state" not in state:
            raise NotReady(f"it is {state['life_cycle_state']}")

    wait_until(ended, what=f"the end of notebook run {run_id}", timeout=60, interval=0.2)


def worker_pid(config: Config) -> int:
    """The process that runs the notebooks."""
    answer = requests.get(config.url("databricks", "/health"), timeout=10)
    answer.raise_for_status()
    return int(answer.json()["notebook"]["pid"])


def call(config: Config, method: str, what: str, **arguments: Any) -> dict[str, Any]:
    """Call one of the Jobs API's paths under ``jobs/runs``.

    :param what: the last part of the path, e.g. ``list``.
    :param arguments: of :func:`requests.request`.
    :raises requests.HTTPError: when it is refused.
    """
    answer = requests.request(
        method,
        config.url("databricks", f"/api/2.2/jobs/runs/{what}"),
        headers={"Authorization": f"Bearer {config.databricks_token}"},
        timeout=30,
        **arguments,
    )
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()
    return content
