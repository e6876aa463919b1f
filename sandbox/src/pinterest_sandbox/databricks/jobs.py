"""Runs notebooks beside each other, each run on a worker of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
import traceback
from concurrent.futures import Future
from typing import Any

from pinterest_sandbox.databricks.channel import Message
from pinterest_sandbox.databricks.errors import describe
from pinterest_sandbox.databricks.pool import NotebookWorkers
from pinterest_sandbox.databricks.process import Lane, WorkerDied, WorkerProcess
from pinterest_sandbox.databricks.runs import Run, RunStore, State, TaskRun, now
from pinterest_sandbox.databricks.submission import Submission

#: Runs at a time; each has a worker of about 1 GB.
RUNS_AT_ONCE = 3
_FAILED = "Workload failed, see run output for details"
# In the words of the API's own example.
_QUEUED = f"Queued due to reaching maximum concurrent runs of {RUNS_AT_ONCE}."


class Jobs:
    """The queue of runs.

    A run that is cancelled or takes too long is stopped by killing its worker, the one way that stops any
    Python code, all of Spark's work and every stream.

    :param store: keeps the runs.
    :param workers: what they run on.
    """

    def __init__(self, store: RunStore, workers: NotebookWorkers) -> None:
        self.store = store
        self._workers = workers
        self._lock = threading.Lock()
        self._queue: queue.Queue[Run | None] = queue.Queue()
        #: Runs that were submitted and that no thread has done with.
        self._open = 0
        #: Run id to the worker that has one of its tasks. Under the lock: a run is cancelled while it may
        #: just end.
        self._active: dict[int, WorkerProcess] = {}
        self._threads = [
            threading.Thread(target=self._serve, name=f"jobs-{number}", daemon=True)
            for number in range(RUNS_AT_ONCE)
        ]
        for thread in self._threads:
            thread.start()

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
                state=State(life_cycle="QUEUED", message=_QUEUED) if self._open >= RUNS_AT_ONCE else State(),
                tasks=[
                    TaskRun(run_id=task_id, **vars(spec))
                    for task_id, spec in zip(task_ids, submission.tasks, strict=True)
                ],
            )
            self.store.save(run)
            self._open += 1
        self._queue.put(run)
        return run

    def cancel(self, run: Run) -> None:
        """Stop a run; nothing happens when it has ended."""
        with self._lock:
            if run.state.finished:
                return
            run.cancelled = True
            if worker := self._active.get(run.run_id):
                worker.kill()
            else:
                # It waits for its turn or for its worker to start, or is between two tasks.
                self._end(run)

    def state(self) -> dict[str, str]:
        """For people and health checks: whether runs are still taken from the queue."""
        return {"state": "running" if all(thread.is_alive() for thread in self._threads) else "dead"}

    def working(self) -> list[dict[str, int]]:
        """For people and tests: the runs that have a worker at work, and its process id."""
        with self._lock:
            return [{"run_id": run_id, "pid": worker.pid} for run_id, worker in self._active.items()]

    def close(self) -> None:
        """Take no further run."""
        for _ in self._threads:
            self._queue.put(None)

    def _serve(self) -> None:
        while (run := self._queue.get()) is not None:
            try:
                self._run(run)
            except Exception as error:
                # Of this run alone: the next one may fare better.
                traceback.print_exc()
                self._break_off(run, describe(error))
            finally:
                with self._lock:
                    self._open -= 1

    def _run(self, run: Run) -> None:
        with self._lock:
            if run.state.finished:
                return
            run.state = State(message="Waiting for its worker")
        # The worker is back before the run's end is told: whoever waits for that finds it at rest.
        with self._workers.lend() as lane:
            for task in run.tasks:
                self._run_task(run, task, lane)
                self.store.save(run)
        with self._lock:
            if not run.state.finished:
                self._end(run)

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

    def _run_task(self, run: Run, task: TaskRun, lane: Lane) -> None:
        if run.cancelled:
            return
        results = {other.task_key: other.state.result for other in run.tasks}
        if any(results[key] != "SUCCESS" for key in task.depends_on):
            task.finish("TERMINATED", "UPSTREAM_FAILED", "An upstream task failed.")
            return
        try:
            answer = self._start(run, task, lane)
            if answer is None:
                return
            result = answer.result(task.timeout_seconds or None)["result"]
        except TimeoutError:
            self._kill_worker(run)
            task.finish("TERMINATED", "TIMEDOUT", f"Run took longer than {task.timeout_seconds} seconds")
        except WorkerDied as error:
            self._died(run, task, str(error))
        except Exception:
            # What the worker has begun must not go on beside the next run.
            self._kill_worker(run)
            raise
        else:
            _take_result(task, result)
        finally:
            with self._lock:
                self._active.pop(run.run_id, None)

    def _start(self, run: Run, task: TaskRun, lane: Lane) -> Future[Message] | None:
        """Hand the task to the worker; nothing when the run was cancelled meanwhile."""
        worker = lane.ready_worker()
        with self._lock:
            if run.cancelled:
                return None
            run.state = task.state = State(life_cycle="RUNNING", message="In run")
            task.start_time = now()
            self._active[run.run_id] = worker
        self.store.save(run)
        request = {"op": "notebook", "path": task.notebook_path, "parameters": task.parameters}
        return worker.call(request, lambda message: task.cells.append(message["cell"]))[1]

    def _kill_worker(self, run: Run) -> None:
        """Of the thread that runs the tasks of ``run``, which alone says what it works on."""
        if worker := self._active.get(run.run_id):
            worker.kill()
            worker.wait()

    def _died(self, run: Run, task: TaskRun, reason: str) -> None:
        if task.state.finished:
            # Cancelled while its worker started.
            return
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
