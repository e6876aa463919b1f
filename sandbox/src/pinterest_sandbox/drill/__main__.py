"""``python -m pinterest_sandbox.drill``: what ``make drill`` runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from pinterest_sandbox import lifecycle
from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import (
    DAILY,
    EMULATE,
    HEAL,
    HEALTH,
    PROVISION,
    PROVISION_STREAM,
    RESULTS,
    STREAM_INGEST,
)
from pinterest_sandbox.drill.breakages import BREAKAGES
from pinterest_sandbox.drill.looks import Looks
from pinterest_sandbox.drill.mailbox import Mailbox
from pinterest_sandbox.drill.performing import Outcome, perform
from pinterest_sandbox.drill.report import print_outcomes, show_count, to_markdown, write_outcomes
from pinterest_sandbox.drill.stage import SETTINGS, Stage
from pinterest_sandbox.foreseen import FORESEEN

DAGS = (PROVISION, PROVISION_STREAM, EMULATE, DAILY, STREAM_INGEST, HEALTH, HEAL, RESULTS)
#: Kept from what would start them by itself: the looks are made when they are wanted, results take time.
PAUSED = (HEALTH, RESULTS)
#: A burst lasts for so many posts a rate: longer than it takes to break something.
POSTS, RATE = 400, 10
#: Of the connector: one of them may fail while the others go on.
TASKS = 3
#: Sent before anything is broken, so that there are tables to look at.
FIRST_POSTS = 100


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(list(BREAKAGES)),
    help="Break this alone; repeatable.",
)
@click.option(
    "--posts",
    default=POSTS,
    show_default=True,
    type=click.IntRange(100, 600),
    help="Posts of the burst under each breakage; twice as many under that of the source.",
)
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Write table and messages here too."
)
@click.option("--keep-up", is_flag=True, help="Leave the sandbox up at the end.")
def main(only: tuple[str, ...], posts: int, markdown: Path | None, keep_up: bool) -> None:
    """Break one part after the other while posts are sent; a sandbox that is up is thrown away."""
    console = Console()
    try:
        outcomes = run(console, only=only or tuple(BREAKAGES), posts=posts)
    except FORESEEN as error:
        console.print(f"\n{error}", style="red", markup=False, highlight=False)
        sys.exit(1)
    print_outcomes(console, outcomes)
    if markdown is not None:
        markdown.write_text(to_markdown(outcomes), encoding="utf-8")
    if not keep_up:
        lifecycle.down()
    if any(outcome.problems for outcome in outcomes):
        sys.exit(1)


def run(console: Console, *, only: tuple[str, ...], posts: int) -> list[Outcome]:
    """Bring a new sandbox up, let the pipeline run once, then break one thing after the other.

    :param only: names of breakages.
    :param posts: of each burst.
    :returns: the outcomes; each is written as soon as it is there.
    """
    lifecycle.down()
    config = lifecycle.up(settings=SETTINGS, console=console)
    airflow = AirflowClient(config.url("airflow"))
    airflow.wait_for_dags(DAGS, timeout=120)
    stage = Stage(config, airflow)
    prepare(console, stage)
    looks, mailbox = Looks(config, airflow), Mailbox(config)
    outcomes: list[Outcome] = []
    first = FIRST_POSTS
    for number, name in enumerate(only, 1):
        breakage = BREAKAGES[name]
        console.print(f"{number} of {len(only)}: {breakage.title} ({name})", style="bold", highlight=False)
        outcome = perform(
            stage,
            looks,
            mailbox,
            breakage,
            keys=range(first, first + posts * breakage.burst),
            rate=RATE * breakage.burst,
            tell=lambda text: console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True),
        )
        first += posts * breakage.burst
        outcomes.append(outcome)
        _tell(console, outcome)
        write_outcomes(config.home / "drill.json", outcomes)
    return outcomes


def prepare(console: Console, stage: Stage) -> None:
    """Provision both paths and let some posts go all their way."""
    for dag_id in DAGS:
        if dag_id in PAUSED:
            stage.airflow.pause(dag_id)
        else:
            stage.airflow.unpause(dag_id)
    first: dict[str, object] = {"posts": FIRST_POSTS, "order": "sequential", "target": "both"}
    runs: tuple[tuple[str, dict[str, object]], ...] = (
        (PROVISION, {"dry_run": False, "tasks": TASKS}),
        (PROVISION_STREAM, {"dry_run": False}),
        (EMULATE, first),
        (DAILY, {}),
        (STREAM_INGEST, {}),
    )
    for dag_id, conf in runs:
        console.print(f"  {dag_id}", highlight=False)
        stage.finish(dag_id, stage.airflow.trigger(dag_id, conf))


def _tell(console: Console, outcome: Outcome) -> None:
    seen = "" if outcome.detected_s is None else f"seen after {outcome.detected_s:.0f} s, "
    healed = "" if outcome.healed_s is None else f"healthy after {outcome.healed_s:.0f} s, "
    console.print(
        f"  {seen}{healed}lost {show_count(outcome.lost)}, doubled {show_count(outcome.doubled)}, "
        f"{len(outcome.letters)} messages, {outcome.seconds:.0f} s in all",
        style="red" if outcome.problems else "green",
        highlight=False,
    )
    for problem in outcome.problems:
        console.print(f"  {problem}", style="red", markup=False, highlight=False)


if __name__ == "__main__":
    main()
