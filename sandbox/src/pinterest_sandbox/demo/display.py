"""The live display of the DAG runs: a table on a terminal, a line a task elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pinterest_sandbox.airflow.client import TaskState

_MARKS = {
    "success": ("✓", "green"),
    "failed": ("✗", "red"),
    "running": ("…", "yellow"),
    "deferred": ("…", "yellow"),
    "up_for_retry": ("↻", "yellow"),
    "up_for_reschedule": ("…", "yellow"),
    "skipped": ("-", "dim"),
}


class RunDisplay:
    """Shows the tasks of one DAG run while it goes on."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._began = time.monotonic()
        self._tasks: list[TaskState] = []
        self._said: set[tuple[str, str | None]] = set()
        self._lock = threading.Lock()

    def update(self, tasks: list[TaskState]) -> None:
        """Show the new states."""
        with self._lock:
            self._tasks = tasks
        if self._console.is_terminal:
            return
        for task in tasks:
            if (
                task.state in ("success", "failed", "up_for_retry")
                and (task.label, task.state) not in self._said
            ):
                self._said.add((task.label, task.state))
                self._console.print(f"  {task.state:8} {task.label} ({task.seconds:.1f} s)", markup=False)

    def __rich__(self) -> RenderableType:
        """The table of the live display."""
        with self._lock:
            table = Table.grid(padding=(0, 2))
            for task in self._tasks:
                mark, colour = _MARKS.get(task.state or "", ("·", "dim"))
                seconds = f"{task.seconds:6.1f} s" if task.seconds else ""
                table.add_row("  ", Text(mark, colour), Text(task.label), seconds)
        heading = Text(f"{self._title}  {time.monotonic() - self._began:.0f} s", "bold")
        return Group(heading, table)


@contextmanager
def shown(console: Console, title: str) -> Iterator[RunDisplay]:
    """A display that is live on a terminal."""
    display = RunDisplay(console, title)
    if console.is_terminal:
        with Live(display, console=console, refresh_per_second=4):
            yield display
    else:
        console.print(title, markup=False)
        yield display
