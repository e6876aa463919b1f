"""``python -m pinterest_sandbox.bench``: what ``make bench`` runs."""

from __future__ import annotations

import sys
from typing import Any

import click
import pymysql.cursors
from rich.console import Console

from pinterest_sandbox import lifecycle
from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import DAILY, EMULATE, PROVISION, PROVISION_STREAM, STREAM_INGEST
from pinterest_sandbox.bench import burst, daily, parsing, starting, stream
from pinterest_sandbox.bench.driving import run_dag
from pinterest_sandbox.bench.figures import Figure
from pinterest_sandbox.bench.report import print_figures, write_figures
from pinterest_sandbox.config import HOST, Config
from pinterest_sandbox.environment import SOURCE_DATABASE, SOURCE_USER, airflow_environment
from pinterest_sandbox.foreseen import FORESEEN
from pinterest_sandbox.parts import load_account

BURST_POSTS = 30_000
SAMPLE_ROWS = 2_000
#: Entity to its source table and the key's column.
TABLES = {
    "pin": ("pinterest_data", "index"),
    "geo": ("geolocation_data", "ind"),
    "user": ("user_data", "ind"),
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--posts",
    default=BURST_POSTS,
    show_default=True,
    type=click.IntRange(500, 1_000_000),
    help="Posts of the burst.",
)
@click.option("--keep-up", is_flag=True, help="Leave the sandbox up at the end.")
def main(posts: int, keep_up: bool) -> None:
    """Measure the budgets on this machine, for half an hour; a sandbox that is up is thrown away."""
    console = Console()
    try:
        figures = run(console, posts=posts)
    except FORESEEN as error:
        console.print(f"\n{error}", style="red", markup=False, highlight=False)
        sys.exit(1)
    print_figures(console, figures)
    if not keep_up:
        lifecycle.down()


def run(console: Console, *, posts: int) -> list[Figure]:
    """Measure everything, one after the other; each figure is written as soon as it is there.

    :param posts: posts of the burst.
    """
    console.print("Starting", style="bold")
    config, figures = starting.measure(console)
    target = config.home / "bench.json"

    def add(*new: Figure) -> None:
        figures.extend(new)
        print_figures(console, new)
        write_figures(target, figures)

    print_figures(console, figures)
    airflow = AirflowClient(config.url("airflow"))
    driven = (PROVISION, PROVISION_STREAM, EMULATE, DAILY)
    airflow.wait_for_dags((*driven, STREAM_INGEST), timeout=120)
    for dag_id in driven:
        airflow.unpause(dag_id)
    run_dag(airflow, PROVISION, {"dry_run": False})
    console.print("The daily run", style="bold")
    warm, figures_of_days = daily.measure(config, airflow)
    add(*figures_of_days)
    rows = _sample(config)
    # Before the history: the ingest also compares its tables with those of the daily run.
    console.print("The stream path", style="bold")
    run_dag(airflow, PROVISION_STREAM, {"dry_run": False})
    add(*stream.measure_ingest(config, airflow))
    add(stream.measure_latency(config, rows["pin"][0]))
    add(*stream.measure_rate(config, airflow, rows, posts=posts))
    console.print("The daily run behind a long history", style="bold")
    add(*daily.measure_growth(config, airflow, warm))
    console.print("The burst", style="bold")
    add(burst.measure_visible(config, rows["pin"][0]))
    add(*burst.measure_rate(config, airflow, rows, posts=posts))
    # Last: Spark warms up for a while after the start, and would be beside it.
    console.print("Parsing", style="bold")
    add(*parsing.measure(airflow_environment(config, load_account(config))))
    return figures


def _sample(config: Config) -> dict[str, list[dict[str, Any]]]:
    with (
        pymysql.connect(
            host=HOST,
            port=config.ports["source"],
            user=SOURCE_USER,
            password=config.source_password,
            database=SOURCE_DATABASE,
            charset="utf8mb4",
            cursorclass=pymysql.cursors.DictCursor,
        ) as connection,
        connection.cursor() as cursor,
    ):
        rows = {}
        for entity, (table, key) in TABLES.items():
            cursor.execute(f"SELECT * FROM `{table}` ORDER BY `{key}` LIMIT %s", (SAMPLE_ROWS,))
            rows[entity] = list(cursor.fetchall())
        return rows


if __name__ == "__main__":
    main()
