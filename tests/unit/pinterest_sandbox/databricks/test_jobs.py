"""The queue of runs, with workers that fail in every way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.databricks.channel import Message
from pinterest_sandbox.databricks.jobs import Jobs
from pinterest_sandbox.databricks.pool import NotebookWorkers
from pinterest_sandbox.databricks.process import WorkerDied
from pinterest_sandbox.databricks.runs import Run, RunStore
from pinterest_sandbox.databricks.submission import read_submission
from pinterest_sandbox.waiting import NotReady, wait_until

SUCCESS = {"result": {"exit_value": "done", "error": None, "error_trace": None}}


class FakeWorker:
    """Answers each notebook by ``answer``, or not at all."""

    alive = True
    pid = 1

    def __init__(self, answer: Callable[[Message], Message | None]) -> None:
        self.ready: Future[float] = Future()
        self.ready.set_result(0.0)
        self.kills = 0
        self.calls: list[Future[Message]] = []
        self._answer = answer

    def call(self, request: Message, on_event: Any) -> tuple[int, Future[Message]]:
        future: Future[Message] = Future()
        self.calls.append(future)
        found = self._answer(request)
        if found is not None:
            future.set_result(found)
        return 1, future

    def kill(self) -> None:
        self.kills += 1

    def wait(self) -> None:
        pass


class LastWords(RunStore):
    """Can't keep a run that has this name."""

    unlucky = "unlucky"

    def save(self, run: Run) -> None:
        super().save(run)
        if run.run_name == self.unlucky and run.state.life_cycle != "PENDING":
            raise OSError(28, "No space left on device")


def submission(name: str = "r") -> Any:
    return read_submission({"run_name": name, "notebook_task": {"notebook_path": "/n"}})


def ended(run: Run) -> Run:
    def check() -> None:
        if not run.state.finished:
            raise NotReady(run.state.life_cycle)

    wait_until(check, what=f"run {run.run_id}", timeout=10, interval=0.01)
    return run


@pytest.fixture
def make_jobs(tmp_path: Path) -> Iterator[Callable[..., Jobs]]:
    made: list[Jobs] = []

    def make(worker: FakeWorker, store: RunStore | None = None) -> Jobs:
        workers = NotebookWorkers(lambda: worker)  # type: ignore[arg-type,return-value]
        made.append(Jobs(store or RunStore(tmp_path), workers))
        return made[-1]

    yield make
    for jobs in made:
        jobs.close()


def broken(request: Message) -> Message:
    raise UnicodeError("can't be sent")


def test_unexpected_error_fails_its_run_and_the_next_one_runs(make_jobs: Callable[..., Jobs]) -> None:
    answers = iter([broken, lambda request: SUCCESS])
    worker = FakeWorker(lambda request: next(answers)(request))
    jobs = make_jobs(worker)

    bad = jobs.submit(submission())

    state = ended(bad).state
    assert (state.life_cycle, state.result) == ("INTERNAL_ERROR", "FAILED")
    assert "UnicodeError: can't be sent" in state.message
    assert "UnicodeError: can't be sent" in str(bad.tasks[0].error)
    # What it may have begun must not go on beside the next run.
    assert worker.kills == 1
    assert ended(jobs.submit(submission())).state.result == "SUCCESS"
    assert jobs.state() == {"state": "running"}


def test_run_that_can_not_be_kept_ends_too(make_jobs: Callable[..., Jobs], tmp_path: Path) -> None:
    jobs = make_jobs(FakeWorker(lambda request: SUCCESS), LastWords(tmp_path))

    bad, good = jobs.submit(submission("unlucky")), jobs.submit(submission())

    assert ended(bad).state.life_cycle == "INTERNAL_ERROR"
    assert "No space left on device" in bad.state.message
    assert ended(good).state.result == "SUCCESS"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_end_of_the_thread_is_told(make_jobs: Callable[..., Jobs]) -> None:
    def end(request: Message) -> Message:
        raise SystemExit

    jobs = make_jobs(FakeWorker(end))
    jobs.submit(submission())

    def told() -> None:
        if jobs.state() != {"state": "dead"}:
            raise NotReady(str(jobs.state()))

    wait_until(told, what="the state", timeout=10, interval=0.01)


class Answering(dict[int, Any]):
    """What runs work on; their worker answers just when someone looks for it."""

    def __init__(self, active: dict[int, Any], answer: Callable[[], None]) -> None:
        super().__init__(active)
        self._answer = answer

    def get(self, key: int, default: Any = None) -> Any:
        self._answer()
        return super().get(key, default)


def test_cancelled_in_the_moment_of_the_answer(make_jobs: Callable[..., Jobs]) -> None:
    worker = FakeWorker(lambda request: None)
    jobs = make_jobs(worker)
    run = jobs.submit(submission())

    def called() -> None:
        if not worker.calls:
            raise NotReady("not called")

    wait_until(called, what="the call", timeout=10, interval=0.01)

    def forgotten() -> None:
        if jobs._active:
            raise NotReady("the task is known")

    def answer() -> None:
        worker.calls[0].set_result(SUCCESS)
        # As long as the other thread needs to forget the task, if it can.
        with contextlib.suppress(TimeoutError):
            wait_until(forgotten, what="the task's end", timeout=0.3, interval=0.001)

    jobs._active = Answering(jobs._active, answer)

    jobs.cancel(run)

    assert ended(run).state.result in ("SUCCESS", "CANCELED")


def test_cancelled_while_its_worker_starts(make_jobs: Callable[..., Jobs]) -> None:
    """It ends at once, and its worker is left to a run that needs it."""
    worker = FakeWorker(lambda request: SUCCESS)
    worker.ready = Future()
    jobs = make_jobs(worker)
    run = jobs.submit(submission())

    def taken() -> None:
        if run.state.message != "Waiting for its worker":
            raise NotReady(run.state.message)

    wait_until(taken, what="the run's turn", timeout=10, interval=0.01)
    assert run.state.life_cycle == "PENDING"

    jobs.cancel(run)

    assert (run.state.life_cycle, run.state.result, worker.kills) == ("TERMINATED", "CANCELED", 0)
    worker.ready.set_result(0.0)
    assert ended(jobs.submit(submission())).state.result == "SUCCESS"
    assert len(worker.calls) == 1
    assert (run.state.life_cycle, run.state.result) == ("TERMINATED", "CANCELED")


def test_worker_that_does_not_start_leaves_a_cancelled_run_as_it_is(make_jobs: Callable[..., Jobs]) -> None:
    worker = FakeWorker(lambda request: SUCCESS)
    worker.ready = Future()
    jobs = make_jobs(worker)
    run, other = jobs.submit(submission()), jobs.submit(submission())
    jobs.cancel(run)

    worker.ready.set_exception(WorkerDied("no memory"))

    assert "no memory" in str(ended(other).tasks[0].error)
    assert (run.state.result, run.tasks[0].state.result, run.tasks[0].error) == ("CANCELED", "CANCELED", None)
