"""Pages for people: the list of runs, and one run with its cells. They only show; no token is asked for."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from pinterest_sandbox.databricks.errors import InvalidParameter
from pinterest_sandbox.databricks.runs import Run, RunStore, State, TaskRun
from pinterest_sandbox.databricks.server.cells import STYLE, cell_html

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
body { color: #1b2733; }
a { color: #0b63b5; } h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .35rem .7rem; }
tr + tr { border-top: 1px solid #dfe5ea; } th { color: #5a6b7b; font-weight: 500; }
.state { padding: .1rem .5rem; border-radius: 9px; background: #e8edf1; } .SUCCESS { background: #d9f2e0; }
.FAILED, .TIMEDOUT, .UPSTREAM_FAILED { background: #f8d9d6; }
"""


class Page(HTMLResponse):
    """A page of any text; what has no bytes in UTF-8 is shown as it is written in Python."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return str(content).encode(errors="backslashreplace")


def routes(store: RunStore) -> APIRouter:
    """``/`` and ``/jobs/{job}/runs/{run}``, where ``run_page_url`` leads."""
    router = APIRouter(default_response_class=Page)

    @router.get("/")
    def index() -> str:
        return _page("Runs", _runs_table(store.all()), refresh=any(not r.state.finished for r in store.all()))

    @router.get("/jobs/{job_id}/runs/{run_id}")
    def run_page(job_id: int, run_id: int) -> Page:
        try:
            run, task = store.find(run_id)
        except InvalidParameter as error:
            return Page(_page("Run", f"<p>{escape(error.message)}</p>"), status_code=404)
        body = "".join(_task(one) for one in ([task] if task else run.tasks))
        title = f"{run.run_name} ({run.run_id})"
        content = f'<p><a href="/">All runs</a></p><p>{_state(run.state)}</p>{body}'
        return Page(_page(title, content, refresh=not run.state.finished))

    return router


def task_page(run: Run, task: TaskRun) -> str:
    """A page of one notebook alone, as it can be kept."""
    return _page(f"{run.run_name} ({task.run_id})", _task(task))


def _page(title: str, body: str, *, refresh: bool = False) -> str:
    again = '<meta http-equiv="refresh" content="3">' if refresh else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}<title>{escape(title)}</title>'
        f"<style>{_STYLE}{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def _runs_table(runs: list[Run]) -> str:
    if not runs:
        return "<p>No notebook has been run yet.</p>"
    rows = "".join(
        f'<tr><td><a href="/jobs/{run.job_id}/runs/{run.run_id}">{run.run_id}</a></td>'
        f"<td>{escape(run.run_name)}</td><td>{_state(run.state)}</td><td>{_time(run.start_time)}</td><td>{_seconds(run)}</td></tr>"
        for run in runs
    )
    return (
        f"<table><tr><th>Run</th><th>Name</th><th>State</th><th>Started</th><th>Took</th></tr>{rows}</table>"
    )


def _task(task: TaskRun) -> str:
    parts = [f"<h2>{escape(task.notebook_path)}</h2><p>{_state(task.state)} {_seconds(task)}</p>"]
    rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in task.parameters.items())
    if rows:
        parts.append(f"<table>{rows}</table>")
    if task.exit_value is not None:
        parts.append(f"<h2>Exit value</h2><pre>{escape(task.exit_value)}</pre>")
    if task.error is not None:
        parts.append(f'<h2>Error</h2><pre class="error">{escape(task.error_trace or task.error)}</pre>')
    return "".join(parts + [cell_html(cell) for cell in task.cells])


def _state(state: State) -> str:
    word = state.result or state.life_cycle
    return f'<span class="state {escape(word)}">{escape(word)}</span> {escape(state.message)}'


def _time(milliseconds: int) -> str:
    return (
        f"{dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
        if milliseconds
        else ""
    )


def _seconds(run: Run | TaskRun) -> str:
    return f"{(run.end_time - run.start_time) / 1000:.1f} s" if run.end_time else ""
