"""``python -m pinterest_sandbox.demo``: what ``make demo`` runs."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pinterest_sandbox import lifecycle
from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import (
    DAILY,
    EMULATE,
    PROVISION,
    PROVISION_STREAM,
    RESULTS,
    STREAM_INGEST,
)
from pinterest_sandbox.config import Config
from pinterest_sandbox.demo.agreement import PathsDisagree, count_differences, find_disagreements
from pinterest_sandbox.demo.display import shown
from pinterest_sandbox.demo.figures import (
    COUNTS,
    has_posts_before,
    ledger_counts,
    part_versions,
    read_results,
)
from pinterest_sandbox.demo.report import (
    print_addresses,
    print_comparison,
    print_counts,
    print_results,
    write_summary,
)
from pinterest_sandbox.foreseen import FORESEEN
from pinterest_sandbox.source.service import load_rows

RUN_TIMEOUT = 1800.0
DAGS = (PROVISION, PROVISION_STREAM, EMULATE, DAILY, STREAM_INGEST, RESULTS)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--posts", default=500, show_default=True, type=click.IntRange(1, 1_000_000), help="Posts to send."
)
@click.option(
    "--partitions",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Partitions of the topics, when they are made.",
)
@click.option(
    "--rows",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with pin.jsonl, geo.jsonl and user.jsonl to load before.",
)
def main(posts: int, partitions: int, rows: Path | None) -> None:
    """Run the whole pipeline, both paths, on this machine and show its results."""
    console = Console()
    try:
        run(console, posts=posts, partitions=partitions, rows=rows)
    except FORESEEN as error:
        console.print(f"\n{error}", style="red", markup=False, highlight=False)
        sys.exit(1)


def run(console: Console, *, posts: int, partitions: int, rows: Path | None) -> None:
    """Bring the sandbox up, run the six DAGs, print and write what came out.

    :param posts: number of posts of the burst.
    :param partitions: partitions of each data topic, when it is made.
    :param rows: folder of rows that are loaded into the source first.
    :raises PathsDisagree: when the two paths did not come to the same end, after all is printed and written.
    """
    seconds: dict[str, float] = {}
    began = time.monotonic()
    console.print("Sandbox and Airflow", style="bold")
    config = lifecycle.up(console=console)
    seconds["up"] = time.monotonic() - began
    if rows is not None:
        loaded = load_rows(config, rows)
        console.print("Rows loaded: " + ", ".join(f"{table} {count:,}" for table, count in loaded.items()))
    airflow = AirflowClient(config.url("airflow"))
    airflow.wait_for_dags(DAGS, timeout=120)
    for dag_id in DAGS:
        airflow.unpause(dag_id)

    def run_dag(step: str, dag_id: str, title: str, conf: dict[str, object]) -> str:
        run_id = airflow.trigger(dag_id, conf)
        seconds[step] = _follow(console, airflow, dag_id, run_id, title)
        return run_id

    apply: dict[str, object] = {"dry_run": False}
    run_dag("provision", PROVISION, "Provisioning the batch path", {**apply, "partitions": partitions})
    run_dag("provision stream", PROVISION_STREAM, "Provisioning the stream path", apply)
    burst_began = datetime.now(UTC)
    run_dag("burst", EMULATE, f"A burst of {posts:,} posts to both paths", {"posts": posts, "target": "both"})
    daily_began = datetime.now(UTC)
    run_dag("daily", DAILY, "The daily run", {})
    # Beside the results, which the daily run sets off: they are made on the SQL warehouse.
    ingest = run_dag("stream", STREAM_INGEST, "The stream ingest", {})
    results = airflow.find_run(RESULTS, since=daily_began, timeout=60)
    seconds["results"] = _follow(console, airflow, RESULTS, results, "The results")
    seconds["all"] = time.monotonic() - began
    compared = airflow.result(STREAM_INGEST, ingest, "compare_tables")
    found = _report(console, config, posts=posts, since=burst_began, seconds=seconds, compared=compared)
    if found:
        raise PathsDisagree(found)


def _follow(console: Console, airflow: AirflowClient, dag_id: str, run_id: str, title: str) -> float:
    began = time.monotonic()
    with shown(console, f"{title} ({dag_id})") as display:
        airflow.wait_for_run(dag_id, run_id, timeout=RUN_TIMEOUT, report=display.update)
    return time.monotonic() - began


def _report(
    console: Console,
    config: Config,
    *,
    posts: int,
    since: datetime,
    seconds: dict[str, float],
    compared: dict[str, dict[str, Any]],
) -> list[str]:
    """Print and write everything; gives what the two paths disagree in."""
    results = read_results(config)
    counts = {path: ledger_counts(config, path, since=since.isoformat()) for path in COUNTS}
    first = not has_posts_before(config, since.isoformat())
    found = find_disagreements(counts, compared, first=first)
    print_results(console, results)
    print_counts(console, counts)
    print_comparison(console, compared)
    write_summary(
        config,
        {
            "posts": posts,
            **counts["batch"],
            "stream": {
                **counts["stream"],
                "differences": count_differences(compared, first=first),
                "compared": compared,
                "disagreements": found,
            },
            "results": {name: len(result.rows) for name, result in results.items()},
            "seconds": {name: round(value, 1) for name, value in seconds.items()},
            "versions": part_versions(),
        },
    )
    console.print("Seconds: " + ", ".join(f"{name} {value:.0f}" for name, value in seconds.items()))
    print_addresses(console, config)
    return found


if __name__ == "__main__":
    main()
