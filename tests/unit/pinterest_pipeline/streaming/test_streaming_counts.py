"""Whether the counts of the stream path agree, and how a comparison is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pinterest_pipeline.streaming.counts import describe, find_miscount, find_unread, read_comparison, unread

GOOD = {
    "entity": "pin",
    "table_rows": 13,
    "lines_read": 20,
    "kept": 10,
    "merged": 7,
    "quarantined": 3,
    "replayed": 1,
    "uncounted": 2,
    "acknowledged": 18,
    "written_off": 0,
}


@pytest.mark.parametrize("row", [GOOD, {**dict.fromkeys(GOOD, 0), "entity": "geo"}])
def test_counts_that_agree(row: dict[str, Any]) -> None:
    assert (find_miscount(row), find_unread(row), unread(row)) == ("", "", 0)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (
            {"table_rows": 12},
            "has 12 rows, but 10 were kept by all runs, 1 by replays and 2 wait for the next",
        ),
        ({"replayed": 0}, "has 13 rows, but 10 were kept by all runs and 2 wait for the next"),
        ({"uncounted": 0}, "has 13 rows, but 10 were kept by all runs, 1 by replays and 0 wait for the next"),
        (
            {"table_rows": 10},
            "has 10 rows, but 10 were kept by all runs, 1 by replays and 2 wait for the next; if the table "
            "was dropped, follow 'A stream table that was dropped' in docs/data.md",
        ),
    ],
)
def test_rows_that_were_not_counted(changed: dict[str, Any], problem: str) -> None:
    assert find_miscount(GOOD | changed) == f"pin: the stream table {problem}"


def test_a_dropped_table_leads_to_a_remedy_that_is_there() -> None:
    remedy = find_miscount(GOOD | {"table_rows": 0}).split("'")[1]
    checkout = Path(__file__).resolve().parents[4]
    assert f"\n### {remedy}\n" in (checkout / "docs" / "data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"acknowledged": 25}, 5),
        ({"acknowledged": 25, "written_off": 4}, 1),
        ({"acknowledged": 25, "written_off": 5}, 0),
        # Others have put records into the stream too.
        ({"lines_read": 1000}, 0),
    ],
)
def test_records_that_were_acknowledged_and_never_read(changed: dict[str, Any], number: int) -> None:
    row = GOOD | changed
    assert unread(row) == number
    expected = (
        f"pin: {number} records were never read: bursts put {row['acknowledged']} into the stream before "
        f"this run began, {row['lines_read']} were read and {row['written_off']} written off"
    )
    assert find_unread(row) == (expected if number else "")


def test_a_comparison_is_one_line() -> None:
    row = {
        "in_both": 5,
        "in_batch_alone": 1,
        "in_stream_alone": 2,
        "differences": 1,
        "examples": '[{"ind": 7, "differing": "title, tag_list"}]',
    }
    assert describe("pin", read_comparison(row)) == (
        "pin: 5 keys in both tables, 1 of them differ; 1 in the batch's alone, 2 in the stream's alone "
        "(ind 7: title, tag_list)"
    )
    equal = read_comparison(row | {"differences": 0, "examples": "[]"})
    assert describe("pin", equal).endswith("2 in the stream's alone")
