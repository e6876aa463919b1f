"""Notebook runs, seen and ended through the workspace's Jobs API as any client would.

It follows https://docs.databricks.com/api/workspace/jobs/.
"""

from __future__ import annotations

import os
import signal
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
    wait_for_result(config, run_id)


def wait_for_result(config: Config, run_id: int) -> str:
    """Wait until a notebook run has ended.

    :returns: its result, e.g. ``FAILED``.
    """
    found: list[str] = []

    def ended() -> None:
        state = call(config, "GET", "get", params={"run_id": str(run_id)})["state"]
        if "result_state" not in state:
            raise NotReady(f"it is {state['life_cycle_state']}")
        found.append(state["result_state"])

    wait_until(ended, what=f"the end of notebook run {run_id}", timeout=60, interval=0.2)
    return found[0]


def kill_worker(config: Config, run_name: str) -> int:
    """Kill the process in which a notebook run is at work, with SIGKILL.

    :param run_name: the run's name without the pipeline's id, e.g. ``daily batch``.
    :returns: the run's id.
    :raises TimeoutError: when no run of this name is at work within ten seconds.
    """
    killed: list[int] = []

    def at_work() -> None:
        answer = requests.get(config.url("databricks", "/health"), timeout=10)
        answer.raise_for_status()
        pids = {each["run_id"]: each["pid"] for each in answer.json()["runs"]}
        names = {run["run_id"]: run["run_name"] for run in list_runs(config)}
        for run_id, pid in pids.items():
            if names.get(run_id) == f"{config.user_id}: {run_name}":
                os.kill(pid, signal.SIGKILL)
                killed.append(run_id)
                return
        raise NotReady(f"those at work are {sorted(map(str, map(names.get, pids)))}")

    wait_until(at_work, what=f"notebook run {run_name!r}", timeout=10, interval=0.1)
    return killed[0]


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
