from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_pipeline.emulation.order import keys_of_burst
from pinterest_pipeline.emulation.packing import Batch, pack

KEYS = st.lists(st.integers(0, 12), max_size=150)


@given(KEYS, st.integers(1, 5), st.integers(1, 7), st.data())
def test_every_post_is_packed_once_and_keys_keep_their_order(
    keys: list[int], lanes: int, batch_size: int, data: st.DataObject
) -> None:
    positions = sorted(data.draw(st.sets(st.sampled_from(range(len(keys)))))) if keys else []
    batches = list(pack(keys, positions, lanes=lanes, batch_size=batch_size))
    assert sorted(position for batch in batches for position in batch.positions) == positions
    sent: dict[int, list[int]] = defaultdict(list)
    lane_of: dict[int, int] = {}
    for batch in batches:
        assert 0 < len(batch.positions) <= batch_size
        of_batch = [keys[position] for position in batch.positions]
        assert len(set(of_batch)) == len(of_batch), "a key twice in one request"
        assert list(batch.positions) == sorted(batch.positions)
        for position in batch.positions:
            sent[keys[position]].append(position)
            assert lane_of.setdefault(keys[position], batch.lane) == batch.lane
    assert all(found == sorted(found) for found in sent.values())
    assert all(0 <= lane < lanes for lane in lane_of.values())


def test_a_repeated_key_waits_for_the_next_batch() -> None:
    assert list(pack([5, 6, 5, 7, 8, 5], range(6), lanes=1, batch_size=3)) == [
        Batch(0, (0, 1, 3)),
        Batch(0, (2, 4)),
        Batch(0, (5,)),
    ]


@pytest.mark.parametrize("lanes", [1, 4])
def test_batches_of_the_emulation_are_full(lanes: int) -> None:
    keys = keys_of_burst("seeded", start=0, posts=20_000, greatest_key=0, seed=0)
    sizes = [len(batch.positions) for batch in pack(keys, range(20_000), lanes=lanes, batch_size=500)]
    assert len(sizes) <= 20_000 / 500 + 3 * lanes


def test_one_key_only_is_sent_one_by_one() -> None:
    assert [batch.positions for batch in pack([4] * 5, range(5), lanes=3, batch_size=10)] == [
        (0,), (1,), (2,), (3,), (4,),
    ]  # fmt: skip


def test_no_post_lags_far_behind() -> None:
    # Lane 1 has one post in a hundred: its batches of ten would take a thousand posts to fill.
    keys = [2 * position + (position % 100 == 0) for position in range(5000)]
    newest = 0
    for batch in pack(keys, range(5000), lanes=2, batch_size=10):
        newest = max(newest, *batch.positions)
        assert newest - batch.positions[0] <= 5 * 2 * 10
