from __future__ import annotations

from pinterest_pipeline.results.quality import MAX_ROWS, check_names, render_rows


def test_rows_are_shown_as_a_table() -> None:
    assert render_rows([{"key": 1, "problem": "no category"}, {"key": 20, "problem": None}]) == (
        "key | problem\n1   | no category\n20  | None"
    )


def test_only_the_first_rows_are_shown() -> None:
    lines = render_rows([{"key": number} for number in range(MAX_ROWS + 5)]).splitlines()
    assert len(lines) == 1 + MAX_ROWS + 1
    assert lines[-1] == "... and 5 more"


def test_there_are_checks() -> None:
    assert check_names()
