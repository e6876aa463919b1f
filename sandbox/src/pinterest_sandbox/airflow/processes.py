"""The operating system's processes behind Airflow's tasks."""

from __future__ import annotations

import psutil

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.config import Config
from pinterest_sandbox.waiting import NotReady, wait_until


def task_process(
    config: Config, airflow: AirflowClient, dag_id: str, run_id: str, task_id: str
) -> psutil.Process:
    """The process in which a task's code runs; the executor's worker that supervises it is its parent.

    :param task_id: of a task that is not mapped.
    :raises TimeoutError: when there is none within half a minute.
    """
    found: list[psutil.Process] = []

    def named() -> None:
        (instance,) = (task for task in airflow.tasks(dag_id, run_id) if task.task_id == task_id)
        supervisor = psutil.Process(int((config.home / "run" / "supervisor.pid").read_text()))
        for process in supervisor.children(recursive=True):
            if _title(process) == f"airflow worker -- {instance.instance_id}":
                found.append(process)
                return
        raise NotReady("no process has its title")

    wait_until(named, what=f"the process of {task_id}", timeout=30, interval=0.1)
    return found[0]


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.NoSuchProcess:
        return ""
