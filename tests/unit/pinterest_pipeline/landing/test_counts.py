from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.landing.counts import expected_reread, find_problems, object_keys

# 500 lines were read before, 120 came since; 3 keys of the new ones are repeated, 2 lines are no posts.
GOOD = {"lines_read": 620, "reread": 500, "landed": 120, "kept": 115, "merged": 503, "quarantined": 2}


def entity(mark: dict[str, int] | None, *first_offsets: int) -> dict[str, Any]:
    objects = [{"key": f"k{offset}", "first_offset": offset} for offset in first_offsets]
    return {
        "topic": "t",
        "partitions": [{"partition": 0, "pinned_offset": 620, "mark": mark, "objects": objects}],
    }


MANIFEST = {"entities": {"pin": entity({"first_offset": 0, "lines": 500}, 0, 500)}}
LEDGER = [{"entity": "pin", **GOOD}]


def test_counts_that_agree() -> None:
    assert (
        find_problems(manifest=MANIFEST, counts={"pin": GOOD}, lines_in_s3={"pin": 620}, ledger=LEDGER) == []
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"lines_read": 619}, "pin: 619 lines read, 620 lines in S3", id="line-not-read"),
        pytest.param({"reread": 0}, "pin: reread 0, the marks say 500", id="reread"),
        pytest.param({"landed": 119}, "pin: 620 lines read, landed 119 + reread 500", id="landed"),
        pytest.param(
            {"kept": 114}, "pin: 620 lines read, kept 114 + merged 503 + quarantined 2", id="line-not-handled"
        ),
        pytest.param({"kept": 114}, "pin: kept is 114, in the ledger 115", id="ledger-differs"),
    ],
)
def test_each_disagreement_is_told(change: dict[str, int], problem: str) -> None:
    problems = find_problems(
        manifest=MANIFEST, counts={"pin": {**GOOD, **change}}, lines_in_s3={"pin": 620}, ledger=LEDGER
    )
    assert problem in problems


def test_a_missing_row_and_missing_counts_are_told() -> None:
    manifest = {"entities": {**MANIFEST["entities"], "geo": entity(None)}}
    problems = find_problems(
        manifest=manifest, counts={"pin": GOOD}, lines_in_s3={"pin": 620, "geo": 0}, ledger=[]
    )
    assert problems == ["pin: no row in the ledger", "geo: the notebook returned no counts"]


def test_reread_counts_only_a_mark_whose_object_is_read_again() -> None:
    assert expected_reread(entity({"first_offset": 500, "lines": 7}, 500, 507)) == 7
    assert expected_reread(entity({"first_offset": 500, "lines": 7})) == 0
    assert expected_reread(entity(None, 0)) == 0


def test_object_keys_of_all_partitions() -> None:
    assert object_keys(entity(None, 0, 5)) == ["k0", "k5"]
