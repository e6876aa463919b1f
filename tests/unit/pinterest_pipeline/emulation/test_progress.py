from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pinterest_pipeline.emulation.progress import Progress

POSTS = 200
#: Where the record of a post is written.
PLACE: dict[str, Callable[[int], tuple[Any, Any]]] = {
    "pin": lambda position: (position % 3, 1000 + position // 3),
    "stream/pin": lambda position: (f"shard-{position % 3}", str(10**55 + 7 * position)),
}
PARTS = st.lists(st.sets(st.integers(0, POSTS - 1), max_size=40), max_size=8)


def fill(progress: Progress, channel: str, parts: list[set[int]]) -> set[int]:
    held: set[int] = set()
    for part in parts:
        new = sorted(part - held)
        progress.add(channel, new, [PLACE[channel](position) for position in new])
        held |= part
    return held


@given(PARTS, PARTS)
def test_what_is_kept_tells_exactly_what_is_acknowledged(
    topic: list[set[int]], stream: list[set[int]]
) -> None:
    progress = Progress.at_start(["pin", "stream/pin"])
    held = {"pin": fill(progress, "pin", topic), "stream/pin": fill(progress, "stream/pin", stream)}
    document = json.loads(json.dumps(progress.to_json()))
    again = Progress.from_json(document)
    assert again.to_json() == document
    for channel, positions in held.items():
        done = again.channels[channel]
        assert {position for position in range(POSTS) if position in done} == positions
        assert done.acknowledged == done.places == len(positions)
        assert again.missing(channel, range(POSTS)) == sorted(set(range(POSTS)) - positions)
        assert done.posts == next(post for post in range(POSTS + 1) if post not in positions)
    assert list(again.pending(POSTS)) == sorted(set(range(POSTS)) - (held["pin"] & held["stream/pin"]))
    assert again.acknowledged == min(map(len, held.values()))
    assert again.posts == min(done.posts for done in again.channels.values())


def test_what_is_kept_stays_small() -> None:
    # The most that is in flight: two legs of 16 lanes with batches of 1000, in the worst pattern.
    progress = Progress.at_start(["pin", "geo", "user"])
    for entity in progress.channels:
        positions = range(1, 64_000, 2)
        progress.add(entity, positions, [(0, 10**9 + number) for number in range(len(positions))])
    assert len(json.dumps(progress.to_json())) < 48_000
