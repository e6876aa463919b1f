from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from pinterest_pipeline.emulation.order import keys_of_burst, seeded_keys

# The beginning of every captured run of the original emulation.
CAPTURED = [
    7528, 2863, 5730, 8304, 8731, 1313, 4315, 10794, 5494, 5069,
    2923, 3089, 6063, 3454, 7554, 6145, 10625, 2959, 9875, 2418,
]  # fmt: skip


def keys(order: str, posts: int, *, start: int = 0, greatest_key: int = 11_153, seed: int = 1) -> list[int]:
    return keys_of_burst(order, start=start, posts=posts, greatest_key=greatest_key, seed=seed)  # type: ignore[arg-type]


def mersenne_twister(seed: int) -> Iterator[int]:
    """The 32-bit numbers of MT19937, as Matsumoto and Nishimura published it (mt19937ar, init_by_array)."""
    state = [19650218]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + i) & 0xFFFFFFFF)
    i = 1
    for _ in range(624):
        state[i] = ((state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1664525)) + seed) & 0xFFFFFFFF
        i += 1
        if i == 624:
            state[0], i = state[623], 1
    for _ in range(623):
        state[i] = ((state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1566083941)) - i) & 0xFFFFFFFF
        i += 1
        if i == 624:
            state[0], i = state[623], 1
    state[0] = 0x80000000
    while True:
        for i in range(624):
            y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7FFFFFFF)
            state[i] = state[(i + 397) % 624] ^ (y >> 1) ^ (0x9908B0DF if y & 1 else 0)
        for number in state.copy():
            number ^= number >> 11
            number ^= (number << 7) & 0x9D2C5680
            number ^= (number << 15) & 0xEFC60000
            yield number ^ (number >> 18)


def drawn(seed: int, greatest_key: int) -> Iterator[int]:
    """Numbers up to ``greatest_key``: as many leading bits as it takes, those that are too great left out."""
    bits = (greatest_key + 1).bit_length()
    for number in mersenne_twister(seed):
        if (key := number >> (32 - bits)) <= greatest_key:
            yield key


def test_begins_as_every_captured_run_does() -> None:
    assert list(itertools.islice(seeded_keys(), 20)) == CAPTURED
    assert keys("seeded", 20) == CAPTURED


def test_the_fixed_sequence_depends_on_nothing_else() -> None:
    assert keys("seeded", 20, greatest_key=5, seed=7) == CAPTURED


def test_the_first_2239_posts_hold_2019_rows() -> None:
    assert len(set(itertools.islice(seeded_keys(), 2239))) == 2019


def test_start_leaves_out_posts() -> None:
    assert list(itertools.islice(seeded_keys(start=15), 5)) == CAPTURED[15:]
    assert keys("seeded", 5, start=15) == CAPTURED[15:]


def test_another_user_of_random_does_not_disturb_it() -> None:
    sequence = seeded_keys()
    random.seed(1)
    first = next(sequence)
    random.random()
    assert [first, next(sequence)] == CAPTURED[:2]


def test_rows_above_11000_are_never_posted() -> None:
    found = list(itertools.islice(seeded_keys(), 200_000))
    assert (min(found), max(found)) == (0, 11_000)


@pytest.mark.parametrize(
    ("start", "posts", "expected"),
    [
        pytest.param(0, 3, [0, 1, 2], id="from-the-beginning"),
        pytest.param(7, 3, [7, 8, 9], id="start"),
        pytest.param(8, 5, [8, 9, 0, 1, 2], id="wraps"),
        pytest.param(10, 2, [0, 1], id="start-at-the-end"),
        pytest.param(25, 11, [5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5], id="start-beyond-it"),
    ],
)
def test_sequential(start: int, posts: int, expected: list[int]) -> None:
    assert keys("sequential", posts, start=start, greatest_key=9) == expected


@pytest.mark.parametrize("seed", [0, 1, 100, 2**31 - 1])
@pytest.mark.parametrize("greatest_key", [11_153, 6, 7, 8])
def test_random_is_the_mersenne_twister(seed: int, greatest_key: int) -> None:
    assert keys("random", 3000, seed=seed, greatest_key=greatest_key) == list(
        itertools.islice(drawn(seed, greatest_key), 3000)
    )


def test_random_with_a_start_is_the_rest_of_the_same_sequence() -> None:
    assert keys("random", 50, start=30) == keys("random", 80)[30:]


def test_random_depends_on_its_seed_only() -> None:
    random.seed(5)
    first = keys("random", 100, seed=3)
    state = random.getstate()
    random.seed(6)
    assert keys("random", 100, seed=3) == first
    assert keys("random", 100, seed=4) != first
    random.setstate(state)
    keys("random", 100, seed=3)
    assert random.getstate() == state


def test_random_draws_every_key_of_the_source() -> None:
    assert set(keys("random", 2000, greatest_key=99)) == set(range(100))


@pytest.mark.parametrize("order", ["seeded", "sequential", "random"])
def test_a_source_with_one_row_is_enough(order: str) -> None:
    assert len(keys(order, 4, greatest_key=0)) == 4


def test_an_unknown_order_is_an_error() -> None:
    with pytest.raises(ValueError, match="'backwards' is none of seeded, sequential, random"):
        keys("backwards", 1)
