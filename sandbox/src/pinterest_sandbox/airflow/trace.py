"""``sandbox trace``: runs the DAG that traces a post, and prints what it found."""

from __future__ import annotations

import json

import click
import requests
from rich.console import Console

from pinterest_sandbox import lifecycle
from pinterest_sandbox.airflow.client import AirflowClient, RunFailed
from pinterest_sandbox.airflow.dags import TRACE
from pinterest_sandbox.config import NotUp
from pinterest_sandbox.demo.display import shown

LIMIT = 600.0


@click.command("trace")
@click.argument("ind", type=click.IntRange(min=0))
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON, and nothing else.")
def trace(ind: int, as_json: bool) -> None:
    """Follow the post with key IND on both paths: records, landed lines, rows, and where its ways end."""
    config = lifecycle.running_config()
    if config is None:
        raise NotUp(
            "the sandbox is not up, so there is no post to trace: start it with `make demo` or `make up`"
        )
    console = Console(stderr=True)
    try:
        airflow = AirflowClient(config.url("airflow"))
        airflow.wait_for_dags((TRACE,), timeout=120)
        airflow.unpause(TRACE)
        run_id = airflow.trigger(TRACE, {"ind": ind})
        with shown(console, f"Tracing post {ind} ({TRACE})") as display:
            airflow.wait_for_run(TRACE, run_id, timeout=LIMIT, report=display.update)
        result = airflow.result(TRACE, run_id, "assemble")
    except requests.ConnectionError as error:
        message = "the sandbox's Airflow does not answer: `make up` starts it, `make status` shows what runs"
        raise click.ClickException(message) from error
    except RunFailed as error:
        raise click.ClickException(str(error)) from error
    # Not by rich, which would break the lines at the width of the terminal.
    click.echo(json.dumps(result, indent=2) if as_json else "\n".join(result["lines"]))
