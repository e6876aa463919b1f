"""How many records a group has yet to read."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.exceptions import ResourceMissing
from cloud_operators.kafka.offsets import Progress, from_json, to_json


def progress(committed: int | None, beginning: int, end: int) -> Progress:
    return Progress(committed={"t": {0: committed}}, beginning={"t": {0: beginning}}, end={"t": {0: end}})


@pytest.mark.parametrize(
    ("committed", "beginning", "end", "target", "left"),
    [
        pytest.param(5, 0, 5, 5, 0, id="at-the-end"),
        pytest.param(4, 0, 5, 5, 1, id="one-behind"),
        pytest.param(7, 0, 9, 5, 0, id="past-the-target"),
        pytest.param(None, 0, 5, 5, 5, id="nothing-committed"),
        pytest.param(None, 0, 0, 0, 0, id="empty-topic"),
        pytest.param(None, 5, 5, 5, 0, id="all-deleted"),
        pytest.param(None, 3, 5, 5, 2, id="some-deleted"),
        pytest.param(1, 3, 5, 5, 2, id="commit-in-the-deleted"),
        pytest.param(0, 0, 5, 5, 5, id="committed-at-zero"),
        pytest.param(5, 0, 5, 8, 3, id="target-not-written-yet"),
    ],
)
def test_left(committed: int | None, beginning: int, end: int, target: int, left: int) -> None:
    assert progress(committed, beginning, end).left({"t": {0: target}}) == {"t": left}


def test_partitions_add_up_and_do_not_make_up_for_each_other() -> None:
    found = Progress(
        committed={"t": {0: 10, 1: None}, "u": {0: 2}},
        beginning={"t": {0: 0, 1: 0}, "u": {0: 0}},
        end={"t": {0: 10, 1: 4}, "u": {0: 3}},
    )
    assert found.left({"t": {0: 1, 1: 4}, "u": {0: 3}}) == {"t": 4, "u": 1}


def test_partition_that_does_not_exist() -> None:
    with pytest.raises(ResourceMissing, match="partition 1 of topic 't'"):
        progress(0, 0, 0).left({"t": {1: 1}})


def test_targets_past_the_end() -> None:
    assert progress(5, 0, 5).beyond_end({"t": {0: 5}}) == []
    assert progress(5, 0, 5).beyond_end({"t": {0: 6}}) == ["t[0] ends at 5, 6 is waited for"]


def test_json_form_is_read_back() -> None:
    assert from_json(to_json({"t": {0: 5, 11: 0}})) == {"t": {0: 5, 11: 0}}
    assert to_json({"t": {0: None, 1: 3}}) == {"t": {"1": 3}}


@pytest.mark.parametrize("offsets", [{"t": {"x": 1}}, {"t": {"0": -1}}, {"t": {"0": "1.5"}}], ids=repr)
def test_wrong_offsets(offsets: Any) -> None:
    with pytest.raises(ValueError, match="no whole number"):
        from_json(offsets)
