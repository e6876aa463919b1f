from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinterest_pipeline.emulation import offsets
from pinterest_pipeline.emulation.progress import Progress

#: A busy machine is no error.
AT_ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
POSTS = 200
PARTS = st.lists(st.sets(st.integers(0, POSTS - 1), max_size=40), max_size=8)


def fill(progress: Progress, entity: str, parts: list[set[int]]) -> set[int]:
    held: set[int] = set()
    for part in parts:
        new = sorted(part - held)
        progress.add(entity, new, [(position % 3, 1000 + position // 3) for position in new])
        held |= part
    return held


@AT_ANY_SPEED
@given(PARTS, PARTS)
def test_what_is_kept_tells_exactly_what_is_acknowledged(pin: list[set[int]], geo: list[set[int]]) -> None:
    progress = Progress.at_start(["pin", "geo"])
    held = {"pin": fill(progress, "pin", pin), "geo": fill(progress, "geo", geo)}
    document = json.loads(json.dumps(progress.to_json()))
    again = Progress.from_json(document)
    assert again.to_json() == document
    for entity, positions in held.items():
        done = again.entities[entity]
        assert {position for position in range(POSTS) if position in done} == positions
        assert done.acknowledged == offsets.count(done.ranges) == len(positions)
        assert again.missing(entity, range(POSTS)) == sorted(set(range(POSTS)) - positions)
        assert done.posts == next(post for post in range(POSTS + 1) if post not in positions)
    assert list(again.pending(POSTS)) == sorted(set(range(POSTS)) - (held["pin"] & held["geo"]))
    assert again.acknowledged == min(map(len, held.values()))
    assert again.posts == min(done.posts for done in again.entities.values())


def test_what_is_kept_stays_small() -> None:
    # The most that is in flight: two legs of 16 lanes with batches of 1000, in the worst pattern.
    progress = Progress.at_start(["pin", "geo", "user"])
    for entity in progress.entities:
        positions = range(1, 64_000, 2)
        progress.add(entity, positions, [(0, 10**9 + number) for number in range(len(positions))])
    assert len(json.dumps(progress.to_json())) < 48_000
