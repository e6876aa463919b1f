"""DAG runs through the real scheduler, and what their tasks took."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pinterest_sandbox.airflow.client import AirflowClient, TaskState

RUN_TIMEOUT = 3600.0


@dataclass(frozen=True)
class DagRun:
    """A run that has succeeded.

    :param seconds: from the trigger to the end.
    :param tasks: task id to seconds; of mapped tasks, the longest.
    :param last_lines: task id to the last lines of its log.
    """

    seconds: float
    tasks: dict[str, float]
    last_lines: dict[str, str]


def run_dag(
    airflow: AirflowClient, dag_id: str, conf: dict[str, object], *, logs_of: tuple[str, ...] = ()
) -> DagRun:
    """Run a DAG to its end.

    :param logs_of: ids of the tasks whose last lines are wanted.
    :raises RunFailed: when it does not succeed.
    """
    began = time.monotonic()
    run_id = airflow.trigger(dag_id, conf)
    tasks: list[TaskState] = []

    def seen(states: list[TaskState]) -> None:
        tasks[:] = states

    airflow.wait_for_run(dag_id, run_id, timeout=RUN_TIMEOUT, report=seen)
    seconds = time.monotonic() - began
    longest: dict[str, float] = {}
    for task in tasks:
        longest[task.task_id] = max(task.seconds, longest.get(task.task_id, 0.0))
    lines = {
        task.task_id: airflow.log_tail(dag_id, run_id, task) for task in tasks if task.task_id in logs_of
    }
    return DagRun(seconds, longest, lines)
