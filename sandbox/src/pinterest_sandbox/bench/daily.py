"""The daily run: cold, warm, and with ten and a hundred times the history behind it."""

from __future__ import annotations

from dataclasses import dataclass

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import DAILY, EMULATE
from pinterest_sandbox.bench import notebook_runs
from pinterest_sandbox.bench.burst import ENTITIES
from pinterest_sandbox.bench.driving import run_dag
from pinterest_sandbox.bench.figures import Figure
from pinterest_sandbox.bench.history import add_history
from pinterest_sandbox.config import Config

#: Posts of one day: 33,000 records.
POSTS = 11_000
ON = f"{POSTS * ENTITIES:,} new records"
COLD_BUDGET_S, WARM_BUDGET_S = 30.0, 15.0
GROWTH_BUDGET = 1.3


@dataclass(frozen=True)
class Day:
    """Seconds of one daily run."""

    notebook: float
    whole: float


def measure(config: Config, airflow: AirflowClient) -> tuple[Day, list[Figure]]:
    """Two days of 33,000 new records each.

    The notebook's time is the workspace's own: the task looks at the run every few seconds only.

    :returns: the second day, and the figures.
    """
    cold = _day(config, airflow, 0)
    warm = _day(config, airflow, 1)
    return warm, [
        *_figures("daily notebook, cold", cold, COLD_BUDGET_S, f"{ON}; the first run since the start"),
        *_figures("daily notebook, warm", warm, WARM_BUDGET_S, ON),
    ]


def measure_growth(
    config: Config, airflow: AirflowClient, warm: Day, *, multiples: tuple[int, ...] = (10, 100)
) -> list[Figure]:
    """Further days behind a history that grows; all of it is the rows that the tables have by then.

    :param warm: the second day.
    :param multiples: how many days' rows are behind the further runs.
    """
    figures = []
    before = 2
    for number, multiple in enumerate(multiples):
        add_history(config, days=multiple - before, rows=POSTS)
        before = multiple
        day = _day(config, airflow, 2 + number)
        figures += [
            *_figures(f"daily notebook, {multiple} times the history", day, None, ON),
            *(
                Figure(
                    name=f"{multiple} times the history, beside the warm run: {what}",
                    value=now / then,
                    unit="times",
                    budget=GROWTH_BUDGET,
                )
                for what, now, then in (
                    ("the notebook", day.notebook, warm.notebook),
                    ("the whole DAG", day.whole, warm.whole),
                )
            ),
        ]
    return figures


def _day(config: Config, airflow: AirflowClient, number: int) -> Day:
    run_dag(airflow, EMULATE, {"posts": POSTS, "start": number * POSTS})
    whole = run_dag(airflow, DAILY, {}).seconds
    return Day(notebook=notebook_runs.last_seconds(config), whole=whole)


def _figures(name: str, day: Day, budget: float | None, note: str) -> list[Figure]:
    return [
        Figure(name=name, value=day.notebook, unit="s", budget=budget, note=note),
        Figure(name=f"{name}: the whole DAG", value=day.whole, unit="s", note=note),
    ]
