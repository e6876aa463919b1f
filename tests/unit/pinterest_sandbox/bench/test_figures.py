"""Figures beside their budgets, on the terminal and in the file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pinterest_sandbox.bench.figures import Figure, burst_figures, text
from pinterest_sandbox.bench.report import print_figures, write_figures


@pytest.mark.parametrize(
    ("value", "budget", "more_is_better", "within"),
    [
        (29.9, 30.0, False, True),
        (30.1, 30.0, False, False),
        (10_000, 10_000, True, True),
        (9_999, 10_000, True, False),
        (5.0, None, False, None),
    ],
)
def test_a_budget_is_kept_or_not(
    value: float, budget: float | None, more_is_better: bool, within: bool | None
) -> None:
    figure = Figure(name="x", value=value, unit="s", budget=budget, more_is_better=more_is_better)
    assert figure.within is within


@pytest.mark.parametrize(("value", "written"), [(0.254, "0.25"), (12.34, "12.3"), (12_345.6, "12,346")])
def test_numbers_are_short(value: float, written: str) -> None:
    assert text(value) == written


@pytest.mark.parametrize(("share_budget", "within"), [(60.0, True), (80.0, False), (None, None)])
def test_a_burst_is_shown_beside_its_ceiling(share_budget: float | None, within: bool | None) -> None:
    figures = burst_figures(
        "stream burst",
        rate=6_000.0,
        logged=9_000.0,
        ceiling=8_000.0,
        budget=6_001,
        share_budget=share_budget,
        on="600 records",
    )
    assert [(figure.name, figure.value, figure.unit, figure.within) for figure in figures] == [
        ("stream burst", 6_000.0, "records/s", False),
        ("stream burst without its task's start", 9_000.0, "records/s", None),
        ("stream burst, share of the ceiling", 75.0, "%", within),
    ]
    assert [figure.note for figure in figures] == ["600 records, through the API", "600 records", ""]


def test_table_and_file(tmp_path: Path) -> None:
    figures = [
        Figure(name="burst", value=8_000, unit="records/s", budget=10_000, more_is_better=True),
        Figure(name="ready", value=25.0, unit="s", budget=30.0, note="warm"),
    ]
    console = Console(file=io.StringIO(), width=120)
    print_figures(console, figures)
    write_figures(tmp_path / "bench.json", figures)

    printed = console.file.getvalue()  # type: ignore[attr-defined]
    burst, ready = (line for line in printed.splitlines() if "burst" in line or "ready" in line)
    assert ("≥ 10,000 records/s" in burst, "✗" in burst) == (True, True)
    assert ("≤ 30.0 s" in ready, "✓" in ready, "warm" in ready) == (True, True, True)
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert [(figure["name"], figure["within"]) for figure in written["figures"]] == [
        ("burst", False),
        ("ready", True),
    ]
    assert written["cores"] >= 1
