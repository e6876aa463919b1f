"""Whether the counts of the stream path agree, and how a comparison is told."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.streaming.counts import describe, find_problems, read_comparison

GOOD = {
    "entity": "pin",
    "table_rows": 12,
    "lines_read": 20,
    "kept": 10,
    "merged": 7,
    "quarantined": 3,
    "uncounted": 2,
}


def test_counts_that_agree() -> None:
    assert find_problems([GOOD, {**dict.fromkeys(GOOD, 0), "entity": "geo"}]) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"lines_read": 21}, "pin: read 21, but kept 10 + merged 7 + quarantined 3"),
        ({"table_rows": 11}, "pin: the stream table has 11 rows, but 10 were kept by all runs and 2 wait"),
        ({"uncounted": 0}, "pin: the stream table has 12 rows, but 10 were kept by all runs and 0 wait"),
    ],
)
def test_counts_that_do_not_agree(changed: dict[str, Any], problem: str) -> None:
    (found,) = find_problems([GOOD | changed])
    assert found.startswith(problem)


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
