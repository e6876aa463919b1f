"""The figures for a person, and as a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pinterest_sandbox.bench.figures import Figure, text

_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("", "dim")}


def print_figures(console: Console, figures: Iterable[Figure]) -> None:
    """Print the figures as a table."""
    table = Table()
    table.add_column("")
    table.add_column("measured", justify="right")
    table.add_column("budget", justify="right")
    table.add_column("")
    table.add_column("on")
    for figure in figures:
        mark, colour = _MARKS[figure.within]
        sign = "≥" if figure.more_is_better else "≤"
        budget = "" if figure.budget is None else f"{sign} {text(figure.budget)} {figure.unit}"
        table.add_row(
            figure.name, f"{text(figure.value)} {figure.unit}", budget, f"[{colour}]{mark}[/]", figure.note
        )
    console.print(table)


def write_figures(target: Path, figures: Iterable[Figure]) -> None:
    """Write the figures with the machine's size and load.

    :param target: the JSON file.
    """
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(value, 1) for value in os.getloadavg()],
        "figures": [figure.to_json() for figure in figures],
    }
    target.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
