"""Runs of notebooks: what is kept of them, and their form in the Jobs API.

https://docs.databricks.com/api/workspace/jobs/getrun
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from pinterest_sandbox.databricks.errors import InvalidParameter

#: A notebook's exit value is cut after so many characters.
RESULT_LIMIT = 5 * 1024 * 1024
_FINISHED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")


@dataclass(kw_only=True)
class State:
    """Where a run stands.

    :param life_cycle: QUEUED, PENDING, RUNNING, TERMINATED, SKIPPED or INTERNAL_ERROR.
    :param result: SUCCESS, FAILED, TIMEDOUT, CANCELED or UPSTREAM_FAILED once it has ended.
    :param message: for people.
    """

    life_cycle: str = "PENDING"
    result: str | None = None
    message: str = ""

    @property
    def finished(self) -> bool:
        """Whether it will not change any more."""
        return self.life_cycle in _FINISHED

    def to_api(self) -> dict[str, Any]:
        """The ``state`` object of the API."""
        answer = {"life_cycle_state": self.life_cycle, "state_message": self.message}
        if self.result:
            answer["result_state"] = self.result
        if self.life_cycle == "QUEUED":
            answer["queue_reason"] = self.message
        return answer


@dataclass(kw_only=True)
class TaskRun:
    """One notebook of a run; times are milliseconds since 1970, 0 while they have not come."""

    run_id: int
    task_key: str
    notebook_path: str
    parameters: dict[str, str]
    depends_on: list[str] = field(default_factory=list)
    timeout_seconds: int = 0
    compute: dict[str, Any] = field(default_factory=dict)
    state: State = field(default_factory=State)
    start_time: int = 0
    end_time: int = 0
    exit_value: str | None = None
    error: str | None = None
    error_trace: str | None = None
    cells: list[dict[str, Any]] = field(default_factory=list)

    def finish(self, life_cycle: str, result: str, message: str = "") -> None:
        """It has ended."""
        self.state = State(life_cycle=life_cycle, result=result, message=message)
        self.end_time = now()
        self.start_time = self.start_time or self.end_time

    def break_off(self, reason: str) -> None:
        """It has ended by no fault of the notebook."""
        self.error = f"Run failed with error message: {reason}"
        self.finish("INTERNAL_ERROR", "FAILED", self.error)

    def to_api(self, base_url: str, job_id: int) -> dict[str, Any]:
        """The element of ``tasks`` in the API."""
        return {
            "run_id": self.run_id,
            "task_key": self.task_key,
            "depends_on": [{"task_key": key} for key in self.depends_on],
            "notebook_task": {
                "notebook_path": self.notebook_path,
                "base_parameters": self.parameters,
                "source": "WORKSPACE",
            },
            **self.compute,
            "state": self.state.to_api(),
            **_times(self.start_time, self.end_time),
            "attempt_number": 0,
            "run_page_url": f"{base_url}/jobs/{job_id}/runs/{self.run_id}",
        }


@dataclass(kw_only=True)
class Run:
    """One submitted run.

    :param single: whether it was submitted with a task at the top level instead of ``tasks``.
    :param cancelled: whether its cancellation was asked for.
    """

    run_id: int
    job_id: int
    run_name: str
    single: bool
    tasks: list[TaskRun]
    idempotency_token: str | None = None
    state: State = field(default_factory=State)
    start_time: int = 0
    end_time: int = 0
    cancelled: bool = False

    def finish(self) -> None:
        """All its tasks have ended: take the state over from them."""
        failed = [task for task in self.tasks if task.state.result != "SUCCESS"]
        self.end_time = now()
        if not failed:
            self.state = State(life_cycle="TERMINATED", result="SUCCESS")
        elif self.cancelled:
            self.state = State(life_cycle="TERMINATED", result="CANCELED", message="Run cancelled.")
        elif self.single:
            self.state = failed[0].state
        else:
            first = failed[0]
            self.state = State(
                life_cycle="INTERNAL_ERROR",
                result="TIMEDOUT" if first.state.result == "TIMEDOUT" else "FAILED",
                message=f"Task {first.task_key} failed with message: {first.state.message}.",
            )

    def to_api(self, base_url: str, *, tasks: bool = True) -> dict[str, Any]:
        """The answer of ``runs/get``; in ``runs/list`` it may come without its tasks."""
        described = {"tasks": [task.to_api(base_url, self.job_id) for task in self.tasks]} if tasks else {}
        return {
            "job_id": self.job_id,
            "run_id": self.run_id,
            "number_in_job": self.run_id,
            "original_attempt_run_id": self.run_id,
            "run_name": self.run_name,
            "run_type": "SUBMIT_RUN",
            "trigger": "ONE_TIME",
            "format": "SINGLE_TASK" if self.single else "MULTI_TASK",
            "creator_user_name": "sandbox",
            "state": self.state.to_api(),
            **_times(self.start_time, self.end_time),
            "run_page_url": f"{base_url}/jobs/{self.job_id}/runs/{self.run_id}",
            **described,
        }

    def output(self, task: TaskRun, base_url: str) -> dict[str, Any]:
        """The answer of ``runs/get-output`` for one task."""
        answer: dict[str, Any] = {
            "metadata": {
                **task.to_api(base_url, self.job_id),
                "job_id": self.job_id,
                "run_name": self.run_name,
                "run_type": "SUBMIT_RUN",
            },
            "notebook_output": {},
        }
        if task.exit_value is not None:
            answer["notebook_output"] = {
                "result": task.exit_value[:RESULT_LIMIT],
                "truncated": len(task.exit_value) > RESULT_LIMIT,
            }
        if task.error is not None:
            answer |= {"error": task.error, "error_trace": task.error_trace or task.error}
        return answer

    @classmethod
    def load(cls, values: dict[str, Any]) -> Self:
        """The run that was saved as ``values``."""
        tasks = [TaskRun(**{**task, "state": State(**task["state"])}) for task in values["tasks"]]
        return cls(**{**values, "tasks": tasks, "state": State(**values["state"])})


class RunStore:
    """All runs, each kept in a file of its own so that they outlive the server.

    :param folder: of the files.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()
        self._runs: dict[int, Run] = {}
        for file in folder.glob("*.json"):
            run = Run.load(json.loads(file.read_text(encoding="utf-8")))
            self._runs[run.run_id] = run
            self._end_interrupted(run)
        self._last = max((task.run_id for run in self._runs.values() for task in run.tasks), default=1000)

    def new_ids(self, count: int) -> list[int]:
        """``count`` numbers that no run or job has."""
        with self._lock:
            first, self._last = self._last + 1, self._last + count
            return list(range(first, self._last + 1))

    def save(self, run: Run) -> None:
        """Keep the present state of ``run``."""
        file = self._folder / f"{run.run_id}.json"
        partial = file.with_suffix(".partial")
        with self._lock:
            partial.write_text(json.dumps(asdict(run)), encoding="utf-8")
            partial.replace(file)
        # Last: a run that can't be kept was not submitted.
        self._runs[run.run_id] = run

    def find(self, run_id: int) -> tuple[Run, TaskRun | None]:
        """The run with this id, or the run and the task with this id.

        :raises InvalidParameter: when there is none.
        """
        if run_id in self._runs:
            return self._runs[run_id], None
        for run in list(self._runs.values()):
            for task in run.tasks:
                if task.run_id == run_id:
                    return run, task
        raise InvalidParameter(f"Run {run_id} does not exist.")

    def by_token(self, token: str) -> Run | None:
        """The run that was submitted with this idempotency token."""
        return next((run for run in list(self._runs.values()) if run.idempotency_token == token), None)

    def all(self) -> list[Run]:
        """All runs, the newest first."""
        return sorted(self._runs.values(), key=lambda run: -run.run_id)

    def _end_interrupted(self, run: Run) -> None:
        for task in run.tasks:
            if not task.state.finished:
                message = "The workspace was restarted while this run was active"
                task.finish("INTERNAL_ERROR", "FAILED", message)
                task.error = message
        if not run.state.finished:
            run.finish()
            self.save_loaded(run)

    def save_loaded(self, run: Run) -> None:
        """Write a run that was changed while loading."""
        (self._folder / f"{run.run_id}.json").write_text(json.dumps(asdict(run)), encoding="utf-8")


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


def _times(start: int, end: int) -> dict[str, int]:
    duration = max(end - start, 0) if end else 0
    return {
        "start_time": start,
        "end_time": end,
        "setup_duration": 0,
        "execution_duration": duration,
        "cleanup_duration": 0,
        "run_duration": duration,
    }
