from __future__ import annotations

from pinterest_pipeline.entities import Names
from pinterest_pipeline.results.quality import MAX_ROWS, check_names, parameter_sets, render_rows

NAMES = Names(user_id="a", catalog="c", schema="s", state_root="s3://b/_state")


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


def test_a_check_of_quarantine_is_run_for_each_entity() -> None:
    unchecked = {"pin": 7, "geo": 0}
    offsets = {"pin_unchecked": 7, "geo_unchecked": 0}
    assert parameter_sets("SELECT 1 FROM IDENTIFIER(:quarantine_table)", NAMES, unchecked) == [
        {**offsets, "quarantine_table": f"`c`.`s`.`a_{entity}_quarantine`"}
        for entity in ("pin", "geo", "user")
    ]
    assert parameter_sets("SELECT :pin_unchecked FROM IDENTIFIER(:pin_batch_table)", NAMES, unchecked) == [
        offsets
    ]
