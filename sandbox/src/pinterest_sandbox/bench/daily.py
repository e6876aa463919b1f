"""The daily run: cold, warm, and with ten and a hundred times the history behind it."""

from __future__ import annotations

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import DAILY, EMULATE
from pinterest_sandbox.bench.burst import ENTITIES
from pinterest_sandbox.bench.driving import DagRun, run_dag
from pinterest_sandbox.bench.figures import Figure
from pinterest_sandbox.bench.history import add_history
from pinterest_sandbox.config import Config

#: Posts of one day: 33,000 records.
POSTS = 11_000
COLD_BUDGET_S, WARM_BUDGET_S = 30.0, 15.0
GROWTH_BUDGET = 1.3


def measure(
    config: Config, airflow: AirflowClient, *, multiples: tuple[int, ...] = (10, 100)
) -> list[Figure]:
    """Days of 33,000 new records each; the history is the rows that the tables have by then.

    :param multiples: how many days' rows are behind the further runs.
    """
    on = f"{POSTS * ENTITIES:,} new records"
    cold = _day(airflow, 0)
    warm = _day(airflow, 1)
    figures = [
        *_figures("daily notebook, cold", cold, COLD_BUDGET_S, on),
        *_figures("daily notebook, warm", warm, WARM_BUDGET_S, on),
    ]
    before = 2
    for number, multiple in enumerate(multiples):
        add_history(config, days=multiple - before, rows=POSTS)
        before = multiple
        run = _day(airflow, 2 + number)
        seconds = run.tasks["run_notebook"]
        figures += [
            *_figures(f"daily notebook, {multiple} times the history", run, None, on),
            Figure(
                name=f"{multiple} times the history, beside the warm run",
                value=seconds / warm.tasks["run_notebook"],
                unit="times",
                budget=GROWTH_BUDGET,
                note="the notebook's task",
            ),
        ]
    return figures


def _day(airflow: AirflowClient, number: int) -> DagRun:
    run_dag(airflow, EMULATE, {"posts": POSTS, "start": number * POSTS})
    return run_dag(airflow, DAILY, {})


def _figures(name: str, run: DagRun, budget: float | None, note: str) -> list[Figure]:
    return [
        Figure(name=name, value=run.tasks["run_notebook"], unit="s", budget=budget, note=note),
        Figure(name=f"{name}: the whole DAG", value=run.seconds, unit="s", note=note),
    ]
