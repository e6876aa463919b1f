"""What the drill has found: a table for the terminal, ``drill.json``, and a page for the documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pinterest_sandbox.drill.performing import Outcome

#: Characters that the table needs.
LEAST_WIDTH = 92
#: Heading to what stands below it.
COLUMNS: dict[str, Callable[[Outcome], str]] = {
    "seen after": lambda outcome: _seconds(outcome.detected_s),
    "healthy after": lambda outcome: _seconds(outcome.healed_s),
    "sent": lambda outcome: show_count(outcome.sent),
    "landed": lambda outcome: show_count(outcome.landed),
    "kept": lambda outcome: show_count(outcome.kept),
    "quarantined": lambda outcome: show_count(outcome.quarantined),
    "lost": lambda outcome: show_count(outcome.lost),
    "doubled": lambda outcome: show_count(outcome.doubled),
    "messages": lambda outcome: str(len(outcome.letters)),
}


def print_outcomes(console: Console, outcomes: Iterable[Outcome]) -> None:
    """Print the outcomes as a table, with their problems below."""
    listed = list(outcomes)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("")
    table.add_column("breakage", no_wrap=True)
    for heading in COLUMNS:
        table.add_column(heading, justify="right", min_width=max(map(len, heading.split())))
    for outcome in listed:
        mark = "[red]✗[/]" if outcome.problems else "[green]✓[/]"
        table.add_row(mark, outcome.name, *(value(outcome) for value in COLUMNS.values()))
    # Where it is narrower, lines that break are better than numbers without their headings.
    console.print(table, width=max(console.width, LEAST_WIDTH), crop=False)
    for outcome in listed:
        for problem in outcome.problems:
            console.print(f"{outcome.name}: {problem}", style="red", markup=False, highlight=False)


def write_outcomes(target: Path, outcomes: Iterable[Outcome]) -> None:
    """Write the outcomes as a list, one object a breakage.

    :param target: the JSON file.
    """
    document = [outcome.to_json() for outcome in outcomes]
    target.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def to_markdown(outcomes: Iterable[Outcome]) -> str:
    """The outcomes as Markdown: the table, what was not as it should be, and every message as it was sent."""
    listed = list(outcomes)
    lines = [
        "| | breakage | component | mended by | " + " | ".join(COLUMNS) + " |",
        "|---|---|---|---|" + "---:|" * len(COLUMNS),
    ]
    lines += [
        f"| {'✗' if outcome.problems else '✓'} | {outcome.title} | {outcome.component or 'Airflow'} "
        f"| {outcome.healer} | " + " | ".join(value(outcome) for value in COLUMNS.values()) + " |"
        for outcome in listed
    ]
    problems = [f"- {outcome.title}: {problem}" for outcome in listed for problem in outcome.problems]
    if problems:
        lines += ["", "## Not as it should be", "", *problems]
    lines += ["", "## The messages"]
    for outcome in listed:
        if outcome.letters:
            lines += ["", f"### {outcome.title}"]
        for letter in outcome.letters:
            lines += ["", "```", letter.subject, "", letter.text, "```"]
    return "\n".join(lines) + "\n"


def show_count(value: int | None) -> str:
    """A count for people; one that was never made is a question mark."""
    return "?" if value is None else f"{value:,}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} s"
