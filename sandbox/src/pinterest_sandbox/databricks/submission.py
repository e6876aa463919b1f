"""The body of ``runs/submit`` read into tasks.

https://docs.databricks.com/api/workspace/jobs/submit
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, model_validator

from pinterest_sandbox.databricks.compute import Compute
from pinterest_sandbox.databricks.errors import InvalidParameter
from pinterest_sandbox.databricks.fields import Fields, FilledText, ScalarText, Seconds, read_fields


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One task as it was asked for."""

    task_key: str
    notebook_path: str
    parameters: dict[str, str]
    depends_on: list[str]
    timeout_seconds: int
    compute: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One run as it was asked for; its tasks come in an order in which they can be run."""

    run_name: str
    single: bool
    tasks: list[TaskSpec]
    idempotency_token: str | None


class _Dependency(Fields):
    task_key: FilledText


class _NotebookTask(Fields):
    notebook_path: FilledText
    base_parameters: dict[str, ScalarText] = Field(default_factory=dict)


class _Task(Compute):
    task_key: FilledText
    notebook_task: _NotebookTask
    depends_on: list[_Dependency] = Field(default_factory=list)
    timeout_seconds: Seconds = 0

    @model_validator(mode="before")
    @classmethod
    def _only_a_notebook(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        key = values.get("task_key")
        kinds = [name for name in values if name.endswith("_task")]
        if kinds != ["notebook_task"]:
            raise InvalidParameter(
                f"Task {key}: exactly a notebook_task is supported here, not {kinds or 'none'}"
            )
        if "job_cluster_key" in values:
            raise InvalidParameter(f"Task {key}: a one-time run has no job clusters")
        return values

    def spec(self) -> TaskSpec:
        """The task, checked.

        :raises InvalidParameter: when it could not be run.
        """
        path = self.notebook_task.notebook_path
        if not path.startswith("/"):
            raise InvalidParameter(
                f"Task {self.task_key}: notebook_path must be an absolute path in the workspace, not {path!r}"
            )
        self.check()
        return TaskSpec(
            task_key=self.task_key,
            notebook_path=re.sub(r"^/Workspace(?=/)", "", path),
            parameters=self.notebook_task.base_parameters,
            depends_on=[other.task_key for other in self.depends_on],
            timeout_seconds=self.timeout_seconds,
            compute=self.model_dump(include=set(Compute.model_fields), exclude_unset=True),
        )


class _Run(Fields):
    run_name: str = ""
    idempotency_token: Annotated[str, Field(max_length=64)] = ""


class _Tasks(Fields):
    tasks: list[_Task]


def read_submission(body: Mapping[str, Any]) -> Submission:
    """Check the body of ``runs/submit``.

    :raises ApiError: when something is missing, of the wrong kind, not a notebook, or not here to run on.
    """
    run = read_fields(_Run, body)
    run_name = run.run_name or "Untitled"
    single = not body.get("tasks")
    if single:
        # A task at the top level, as in version 2.0: it takes the name of the run.
        tasks = [read_fields(_Task, {**body, "task_key": run_name, "depends_on": []})]
    else:
        tasks = read_fields(_Tasks, body).tasks
    return Submission(
        run_name=run_name,
        single=single,
        tasks=_ordered([task.spec() for task in tasks]),
        idempotency_token=run.idempotency_token or None,
    )


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
