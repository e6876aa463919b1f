"""Notebook runs, seen and started by the workspace's Jobs API.

It follows https://docs.databricks.com/api/workspace/jobs/.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from pinterest_sandbox.config import Config
from pinterest_sandbox.waiting import NotReady, wait_until


def last_seconds(config: Config) -> float:
    """What the workspace itself has measured of its newest run."""
    return float(_last(config)["execution_duration"]) / 1000


@contextmanager
def again(config: Config, run_name: str, **parameters: str) -> Iterator[None]:
    """Run the newest run's notebook once more meanwhile, and cancel it at the end.

    :param run_name: its name in the workspace.
    :param parameters: those that differ.
    """
    (task,) = _last(config)["tasks"]
    notebook = task["notebook_task"]
    changed = {
        "notebook_path": notebook["notebook_path"],
        "base_parameters": {**notebook["base_parameters"], **parameters},
    }
    run_id = _call(
        config,
        "POST",
        "submit",
        json={
            "run_name": run_name,
            "tasks": [
                {
                    "task_key": task["task_key"],
                    "existing_cluster_id": task["existing_cluster_id"],
                    "notebook_task": changed,
                }
            ],
        },
    )["run_id"]
    try:
        yield
    finally:
        _call(config, "POST", "cancel", json={"run_id": run_id})

        def ended() -> None:
            state = _call(config, "GET", "get", params={"run_id": run_id})["state"]
            if "result_state" not in state:
                raise NotReady(f"it is {state['life_cycle_state']}")

        wait_until(ended, what=f"the end of {run_name}", timeout=60, interval=0.2)


def _last(config: Config) -> dict[str, Any]:
    answer = _call(config, "GET", "list", params={"limit": "1", "expand_tasks": "true"})
    run: dict[str, Any] = answer["runs"][0]
    return run


def _call(config: Config, method: str, what: str, **arguments: Any) -> dict[str, Any]:
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
