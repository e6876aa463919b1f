"""The body of ``runs/submit`` read into tasks.

https://docs.databricks.com/api/workspace/jobs/submit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter

_COMPUTE = ("existing_cluster_id", "new_cluster", "job_cluster_key", "environment_key")


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One task as it was asked for."""

    task_key: str
    notebook_path: str
    parameters: dict[str, str]
    depends_on: list[str]
    timeout_seconds: float
    compute: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One run as it was asked for; its tasks come in an order in which they can be run."""

    run_name: str
    single: bool
    tasks: list[TaskSpec]
    idempotency_token: str | None


def read_submission(body: Mapping[str, Any]) -> Submission:
    """Check the body of ``runs/submit``.

    :raises InvalidParameter: when something is missing, of the wrong kind, or not a notebook.
    """
    token = body.get("idempotency_token") or None
    if token and len(token) > 64:
        raise InvalidParameter("idempotency_token must have at most 64 characters")
    run_name = str(body.get("run_name") or "Untitled")
    single = not body.get("tasks")
    tasks = [{**body, "task_key": run_name, "depends_on": []}] if single else body["tasks"]
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise _malformed("tasks must be a list of objects")
    return Submission(
        run_name=run_name,
        single=single,
        tasks=_ordered([_task(task) for task in tasks]),
        idempotency_token=token,
    )


def _task(task: Mapping[str, Any]) -> TaskSpec:
    key = task.get("task_key")
    if not key or not isinstance(key, str):
        raise InvalidParameter("every task needs a task_key")
    kinds = [name for name in task if name.endswith("_task")]
    if kinds != ["notebook_task"]:
        raise InvalidParameter(
            f"Task {key}: exactly a notebook_task is supported here, not {kinds or 'none'}"
        )
    notebook = task["notebook_task"]
    path = notebook.get("notebook_path") if isinstance(notebook, dict) else None
    if not isinstance(path, str) or not path.startswith("/"):
        raise InvalidParameter(
            f"Task {key}: notebook_path must be an absolute path in the workspace, not {path!r}"
        )
    return TaskSpec(
        task_key=key,
        notebook_path=path.removeprefix("/Workspace"),
        parameters=_parameters(notebook.get("base_parameters") or {}),
        depends_on=[str(other.get("task_key")) for other in task.get("depends_on") or []],
        timeout_seconds=float(task.get("timeout_seconds") or 0),
        compute={name: task[name] for name in _COMPUTE if name in task},
    )


def _parameters(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        raise _malformed("base_parameters must be an object")
    for name, value in values.items():
        if not isinstance(value, str | int | float):
            raise _malformed(f"base_parameters.{name} must be text")
    return {name: str(value) for name, value in values.items()}


def _ordered(tasks: Sequence[TaskSpec]) -> list[TaskSpec]:
    """Each task after those that it depends on."""
    by_key = {task.task_key: task for task in tasks}
    if len(by_key) != len(tasks):
        raise InvalidParameter("task_key must be unique in a run")
    ordered: list[TaskSpec] = []
    waiting = list(tasks)
    while waiting:
        done = {task.task_key for task in ordered}
        ready = [task for task in waiting if done.issuperset(task.depends_on)]
        if not ready:
            raise InvalidParameter("depends_on names an unknown task or goes in a circle")
        ordered += ready
        waiting = [task for task in waiting if task not in ready]
    return ordered


def _malformed(message: str) -> ApiError:
    return ApiError("MALFORMED_REQUEST", message)
