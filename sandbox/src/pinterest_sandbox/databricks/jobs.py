"""Runs notebooks one after the other on the notebook worker."""

from __future__ import annotations

import contextlib
import queue
import threading
import traceback
from concurrent.futures import Future
from typing import Any

from pinterest_sandbox.databricks.channel import Message
from pinterest_sandbox.databricks.errors import describe
from pinterest_sandbox.databricks.process import Lane, WorkerDied, WorkerProcess
from pinterest_sandbox.databricks.runs import Run, RunStore, State, TaskRun, now
from pinterest_sandbox.databricks.submission import Submission

_FAILED = "Workload failed, see run output for details"


class Jobs:
    """The queue of runs.

    One runs at a time: they share the warm worker, its working directory and its modules. A run that is
    cancelled or takes too long is stopped by killing the worker, the one way that stops any Python code and
    all of Spark's work; a new worker starts at once.

    :param store: keeps the runs.
    :param lane: the notebook worker.
    """

    def __init__(self, store: RunStore, lane: Lane) -> None:
        self.store = store
        self._lane = lane
        self._lock = threading.Lock()
        self._queue: queue.Queue[Run | None] = queue.Queue()
        #: Under the lock: a run is cancelled while it may just end.
        self._active: tuple[TaskRun, WorkerProcess] | None = None
        self._thread = threading.Thread(target=self._serve, name="jobs", daemon=True)
        self._thread.start()

    def submit(self, submission: Submission) -> Run:
        """Queue a run, or give the one that was submitted with the same token before."""
        with self._lock:
            token = submission.idempotency_token
            known = self.store.by_token(token) if token else None
            if known:
                return known
            run_id, job_id, *task_ids = self.store.new_ids(2 + len(submission.tasks))
            run = Run(
                run_id=run_id,
                job_id=job_id,
                run_name=submission.run_name,
                single=submission.single,
                idempotency_token=token,
                start_time=now(),
                tasks=[
                    TaskRun(run_id=task_id, **vars(spec))
                    for task_id, spec in zip(task_ids, submission.tasks, strict=True)
                ],
            )
            self.store.save(run)
        self._queue.put(run)
        return run

    def cancel(self, run: Run) -> None:
        """Stop a run; nothing happens when it has ended."""
        with self._lock:
            if run.state.finished:
                return
            run.cancelled = True
            if self._active and self._active[0] in run.tasks:
                self._active[1].kill()
            elif run.state.life_cycle == "PENDING":
                self._end(run)

    def state(self) -> dict[str, str]:
        """For people and health checks: whether runs are still taken from the queue."""
        return {"state": "running" if self._thread.is_alive() else "dead"}

    def close(self) -> None:
        """Take no further run."""
        self._queue.put(None)

    def _serve(self) -> None:
        while (run := self._queue.get()) is not None:
            try:
                self._run(run)
            except Exception as error:
                # Of this run alone: the next one may fare better.
                traceback.print_exc()
                self._break_off(run, describe(error))

    def _run(self, run: Run) -> None:
        with self._lock:
            if run.state.finished:
                return
            run.state = State(life_cycle="RUNNING", message="In run")
        for task in run.tasks:
            self._run_task(run, task)
            self.store.save(run)
        with self._lock:
            self._end(run)
        with contextlib.suppress(WorkerDied):
            # A new worker in place of a dead one starts now, not with the next run.
            self._lane.worker()

    def _break_off(self, run: Run, reason: str) -> None:
        with self._lock:
            if run.state.finished:
                return
            for task in run.tasks:
                if not task.state.finished:
                    task.break_off(reason)
            run.state = State(life_cycle="INTERNAL_ERROR", result="FAILED", message=reason)
            run.end_time = now()
        # Its state is told as long as the server lives, also where it can't be written.
        with contextlib.suppress(Exception):
            self.store.save(run)

    def _end(self, run: Run) -> None:
        for task in run.tasks:
            if not task.state.finished:
                task.finish("TERMINATED", "CANCELED", "Run cancelled.")
        run.finish()
        self.store.save(run)

    def _run_task(self, run: Run, task: TaskRun) -> None:
        results = {other.task_key: other.state.result for other in run.tasks}
        if any(results[key] != "SUCCESS" for key in task.depends_on):
            task.finish("TERMINATED", "UPSTREAM_FAILED", "An upstream task failed.")
            return
        try:
            answer = self._start(run, task)
            if answer is None:
                return
            result = answer.result(task.timeout_seconds or None)["result"]
        except TimeoutError:
            self._kill_active()
            task.finish("TERMINATED", "TIMEDOUT", f"Run took longer than {task.timeout_seconds} seconds")
        except WorkerDied as error:
            self._died(run, task, str(error))
        except Exception:
            # What the worker has begun must not go on beside the next run.
            self._kill_active()
            raise
        else:
            _take_result(task, result)
        finally:
            with self._lock:
                self._active = None

    def _start(self, run: Run, task: TaskRun) -> Future[Message] | None:
        """Hand the task to the worker; nothing when the run was cancelled meanwhile."""
        worker = self._lane.ready_worker()
        with self._lock:
            if run.cancelled:
                return None
            task.state = State(life_cycle="RUNNING", message="In run")
            task.start_time = now()
            self._active = (task, worker)
        self.store.save(run)
        request = {"op": "notebook", "path": task.notebook_path, "parameters": task.parameters}
        return worker.call(request, lambda message: task.cells.append(message["cell"]))[1]

    def _kill_active(self) -> None:
        """Of the thread that runs tasks, which alone sets what is active."""
        if self._active:
            self._active[1].kill()
            self._active[1].wait()

    def _died(self, run: Run, task: TaskRun, reason: str) -> None:
        if run.cancelled:
            task.finish("TERMINATED", "CANCELED", "Run cancelled.")
        else:
            task.break_off(reason)


def _take_result(task: TaskRun, result: dict[str, Any]) -> None:
    task.exit_value = result["exit_value"]
    task.error, task.error_trace = result["error"], result["error_trace"]
    if task.error is None:
        task.finish("TERMINATED", "SUCCESS")
    else:
        task.finish("TERMINATED", "FAILED", _FAILED)
