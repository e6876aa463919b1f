"""The demo's results for a person: tables on the terminal, and demo.json."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from pinterest_sandbox.config import Config
from pinterest_sandbox.demo.figures import ENTITIES, Result

TITLES = {
    "category_by_country": "Most posted category in each country",
    "category_by_year": "Most posted category in each year",
    "top_user_by_country": "Most followed poster in each country",
    "top_country": "The country of the most followed poster",
    "category_by_age_group": "Most posted category in each age group",
    "median_followers_by_age_group": "Median followers by age group",
    "users_joined_by_year": "Users joined in each year",
    "median_followers_by_joining_year": "Median followers by joining year",
    "median_followers_by_joining_year_and_age_group": "Median followers by joining year and age group",
}
SHOWN_ROWS = 10
#: What a comparison tells, and how it is shown.
COMPARED = {
    "in_both": "keys in both",
    "in_batch_alone": "in the batch table alone",
    "in_stream_alone": "in the stream table alone",
    "differences": "keys in both that differ",
}


def print_results(console: Console, results: dict[str, Result]) -> None:
    """Print every result as a table, the long ones cut with the number of rows said."""
    for name, result in results.items():
        # A table's own title is broken at the table's width.
        console.print(f"\n{TITLES[name]} ({name})", style="bold", highlight=False)
        table = Table()
        for index, column in enumerate(result.columns):
            numeric = bool(result.rows) and all(row[index].lstrip("-").isdigit() for row in result.rows)
            table.add_column(column, justify="right" if numeric else "left")
        for row in result.rows[:SHOWN_ROWS]:
            table.add_row(*row)
        hidden = len(result.rows) - SHOWN_ROWS
        if hidden > 0:
            table.add_row(f"… {hidden} more rows", *[""] * (len(result.columns) - 1), style="dim")
        console.print(table)


def print_counts(console: Console, paths: dict[str, dict[str, dict[str, int]]]) -> None:
    """Print what was sent, landed, kept, merged and quarantined of each entity.

    :param paths: ``batch`` and ``stream`` to count name to entity to number.
    """
    console.print("\nRecords since the burst began", style="bold")
    table = Table("")
    for path in paths:
        for entity in ENTITIES:
            table.add_column(f"{path}\n{entity}", justify="right")
    for name in next(iter(paths.values())):
        values = (f"{counts[name][entity]:,}" for counts in paths.values() for entity in ENTITIES)
        table.add_row(name, *values)
    console.print(table)


def print_comparison(console: Console, compared: dict[str, dict[str, Any]]) -> None:
    """Print how the tables of the two paths compare.

    :param compared: entity to what ``pinterest_stream_ingest`` found; a dash stands for one that it left out.
    """
    console.print("\nThe tables of both paths", style="bold")
    table = Table("", *(Column(entity, justify="right") for entity in ENTITIES))
    for name, title in COMPARED.items():
        table.add_row(title, *(_number(compared, entity, name) for entity in ENTITIES))
    console.print(table)


def _number(compared: dict[str, dict[str, Any]], entity: str, name: str) -> str:
    return f"{compared[entity][name]:,}" if entity in compared else "-"


def print_addresses(console: Console, config: Config) -> None:
    """Print where to click, and how to stop."""
    grid = Table.grid(padding=(0, 2))
    grid.add_row("Airflow", config.url("airflow"))
    grid.add_row("Databricks runs", config.url("databricks"))
    grid.add_row("Health", "unpause pinterest_health in Airflow; make ui then has the address of its page")
    grid.add_row(
        "Results", f"s3://{config.bucket}/results/  (make shell, then: aws or boto3 with the environment)"
    )
    grid.add_row("All figures", str(config.home / "demo.json"))
    grid.add_row("Stop", "make down")
    console.print(grid)


def write_summary(config: Config, summary: dict[str, Any]) -> None:
    """Write ``summary`` to ``demo.json`` in the sandbox's folder."""
    text = json.dumps(summary, indent=2, ensure_ascii=False)
    (config.home / "demo.json").write_text(text + "\n", encoding="utf-8")
