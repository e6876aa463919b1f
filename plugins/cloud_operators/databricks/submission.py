"""A notebook as runs/submit takes it. No service is called here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TASK_KEY = "notebook"
_COMPUTE_KEYS = {"existing_cluster_id", "new_cluster", "libraries"}


def check_notebook(notebook_path: str, parameters: Mapping[str, Any] | None, compute: Any) -> None:
    """Check what a caller asks for.

    :param notebook_path: workspace path of the notebook
    :param parameters: the notebook's widgets
    :param compute: what it is to run on
    :raises ValueError: naming what is wrong
    """
    if not notebook_path.startswith("/"):
        raise ValueError(f"notebook_path={notebook_path!r}: an absolute workspace path is needed")
    wrong = [name for name, value in (parameters or {}).items() if not isinstance(value, str)]
    if wrong:
        raise ValueError(f"parameters {', '.join(wrong)}: a notebook's parameters are text")
    if not isinstance(compute, Mapping) or set(compute) - _COMPUTE_KEYS:
        raise ValueError(f"compute: an object with keys of {sorted(_COMPUTE_KEYS)} is needed")
    if {"existing_cluster_id", "new_cluster"} <= set(compute):
        raise ValueError("compute: existing_cluster_id and new_cluster exclude each other")


def check_names(argument: str, names: Any) -> None:
    """Check a list of names.

    :param argument: what the caller calls it
    :param names: what the caller gave
    :raises ValueError: naming the argument
    """
    listed = isinstance(names, Sequence) and not isinstance(names, str)
    if not listed or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{argument}={names!r}: a list of names is needed")


def submission(
    *,
    notebook_path: str,
    parameters: Mapping[str, str] | None,
    compute: Mapping[str, Any],
    run_name: str,
    timeout_seconds: int,
    token: str,
) -> dict[str, Any]:
    """Make the request for a run of one notebook.

    :param notebook_path: workspace path of the notebook
    :param parameters: the notebook's widgets
    :param compute: what it is to run on
    :param run_name: name of the run in the workspace
    :param timeout_seconds: limit that Databricks puts on the run, 0 is none
    :param token: makes it one run however often the request is sent
    """
    task = {
        "task_key": _TASK_KEY,
        "notebook_task": {
            "notebook_path": notebook_path,
            "base_parameters": dict(parameters or {}),
            "source": "WORKSPACE",
        },
        **compute,
    }
    return {
        "run_name": run_name,
        "tasks": [task],
        "timeout_seconds": timeout_seconds,
        "idempotency_token": token,
    }
