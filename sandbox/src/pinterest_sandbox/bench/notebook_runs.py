"""The newest notebook run: how long it took, and the same again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pinterest_sandbox.config import Config
from pinterest_sandbox.databricks import runs_client


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
    run_id = runs_client.call(
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
        runs_client.cancel_run(config, run_id)


def _last(config: Config) -> dict[str, Any]:
    (run,) = runs_client.list_runs(config, limit=1)
    return run
