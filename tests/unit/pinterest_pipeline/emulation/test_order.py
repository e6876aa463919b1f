from __future__ import annotations

import itertools
import random

from pinterest_pipeline.emulation.order import seeded_keys

# The beginning of every captured run of the original emulation.
CAPTURED = [
    7528, 2863, 5730, 8304, 8731, 1313, 4315, 10794, 5494, 5069,
    2923, 3089, 6063, 3454, 7554, 6145, 10625, 2959, 9875, 2418,
]  # fmt: skip


def test_begins_as_every_captured_run_does() -> None:
    assert list(itertools.islice(seeded_keys(), 20)) == CAPTURED


def test_the_first_2239_posts_hold_2019_rows() -> None:
    assert len(set(itertools.islice(seeded_keys(), 2239))) == 2019


def test_start_leaves_out_posts() -> None:
    assert list(itertools.islice(seeded_keys(start=15), 5)) == CAPTURED[15:]


def test_another_user_of_random_does_not_disturb_it() -> None:
    keys = seeded_keys()
    random.seed(1)
    first = next(keys)
    random.random()
    assert [first, next(keys)] == CAPTURED[:2]


def test_rows_above_11000_are_never_posted() -> None:
    keys = list(itertools.islice(seeded_keys(), 200_000))
    assert (min(keys), max(keys)) == (0, 11_000)
