"""Run named steps in parallel as soon as what they need is done, and show a person how far they are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Step:
    """One thing to do.

    :param name: what other steps call it in ``after``.
    :param title: what a person reads.
    :param run: does it; raises when it fails.
    :param after: names of the steps that must have ended before.
    """

    name: str
    title: str
    run: Callable[[], object]
    after: tuple[str, ...] = ()


class StepFailed(Exception):
    """A step raised; the message names it.

    :param step: the step's name.
    """

    def __init__(self, message: str, step: str = "") -> None:
        super().__init__(message)
        self.step = step


@dataclass
class Progress:
    """The state of all steps, as a live table on a terminal and as one line a step elsewhere."""

    steps: Sequence[Step]
    console: Console = field(default_factory=lambda: Console(stderr=True))
    _state: dict[str, str] = field(default_factory=dict)
    _times: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, step: Step) -> None:
        """Note that ``step`` runs."""
        with self._lock:
            self._state[step.name] = "runs"
            self._times[step.name] = (time.monotonic(), None)

    def end(self, step: Step, error: BaseException | None) -> None:
        """Note that ``step`` has ended."""
        with self._lock:
            began = self._times[step.name][0]
            self._times[step.name] = (began, time.monotonic())
            self._state[step.name] = "failed" if error else "done"
        if not self.console.is_terminal:
            mark = "FAILED" if error else "ready"
            self.console.print(f"  {mark:6} {step.title} ({time.monotonic() - began:.1f} s)", markup=False)

    def __rich__(self) -> Table:
        """The table of the live display."""
        table = Table.grid(padding=(0, 2))
        marks = {"done": ("✓", "green"), "failed": ("✗", "red"), "runs": ("…", "yellow")}
        with self._lock:
            for step in self.steps:
                state = self._state.get(step.name, "")
                mark, colour = marks.get(state, ("·", "dim"))
                began, ended = self._times.get(step.name, (0.0, 0.0))
                seconds = f"{(ended or time.monotonic()) - began:5.1f} s" if state else ""
                table.add_row(Text(mark, colour), Text(step.title, "" if state else "dim"), seconds)
        return table


def run_steps(steps: Sequence[Step], *, console: Console | None = None) -> dict[str, float]:
    """Run ``steps``, each as soon as the ones it comes after have ended.

    :param steps: names must be unique, ``after`` must name steps of the list.
    :returns: seconds of each step by name.
    :raises StepFailed: of the first step that fails; no further step is started.
    """
    progress = Progress(steps, console or Console(stderr=True))
    if progress.console.is_terminal:
        with Live(progress, console=progress.console, refresh_per_second=8):
            return _run(steps, progress)
    return _run(steps, progress)


def _run(steps: Sequence[Step], progress: Progress) -> dict[str, float]:
    waiting = {step.name: step for step in steps}
    done: dict[str, float] = {}
    running: dict[Future[float], Step] = {}

    def timed(step: Step) -> float:
        progress.begin(step)
        began = time.monotonic()
        try:
            step.run()
        except BaseException as error:
            progress.end(step, error)
            raise
        progress.end(step, None)
        return time.monotonic() - began

    with ThreadPoolExecutor(max_workers=max(1, len(steps))) as pool:
        while waiting or running:
            for step in [s for s in waiting.values() if all(name in done for name in s.after)]:
                running[pool.submit(timed, waiting.pop(step.name))] = step
            if not running:
                raise StepFailed(f"steps wait for each other or for unknown ones: {', '.join(waiting)}")
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                step = running.pop(future)
                error = future.exception()
                if error is not None:
                    waiting.clear()
                    raise StepFailed(f"{step.title}: {error}", step.name) from error
                done[step.name] = future.result()
    return done
