"""One wait, look by look: what is done, and when dead letters are read."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.exceptions import ResourceMissing
from cloud_operators.kafka.catching_up import CatchingUp
from cloud_operators.kafka.hooks.dead_letters import DeadLetters
from cloud_operators.kafka.offsets import Origins, Progress

DEAD = "t.dead-letter"


class FakeHook:
    """A group that has committed, look by look, what a test says.

    :param committed: partition -> offset of each look; the last one stays
    :param ends: partition -> end
    """

    def __init__(self, *committed: dict[int, int | None], ends: dict[int, int]) -> None:
        self.committed = list(committed)
        self.ends = ends
        self.letters: Origins = {}
        self.complete = True
        self.starts: list[dict[int, int]] = []

    def partitions(self, topics: list[str]) -> dict[str, list[int]]:
        if topics != [DEAD]:
            raise ResourceMissing(f"topic {topics[0]!r}")
        return {DEAD: [0]}

    def progress(self, group: str, topics: list[str]) -> Progress:
        now = self.committed.pop(0) if len(self.committed) > 1 else self.committed[0]
        return Progress(
            committed={"t": now}, beginning={"t": dict.fromkeys(self.ends, 0)}, end={"t": dict(self.ends)}
        )

    def read_dead_letters(self, topic: str, *, start: dict[int, int], time_limit: float) -> DeadLetters:
        self.starts.append(start)
        read = len(self.starts)
        return DeadLetters(
            origins=self.letters, next_offsets={0: read}, complete=self.complete, trimmed=False
        )


def waiting(hook: FakeHook, dead_letter_topic: str | None = DEAD, **arguments: Any) -> CatchingUp:
    given = {"offsets": None, "kafka_conn_id": "kafka_default", "request_timeout": 1, **arguments}
    found = CatchingUp(group_id="g", topics=["t"], dead_letter_topic=dead_letter_topic, **given)
    found.__dict__["hook"] = hook
    return found


def test_dead_letters_at_the_end_are_not_waited_for() -> None:
    hook = FakeHook({0: 5}, ends={0: 7})
    hook.letters = {"t": {(0, 5), (0, 6), (0, 2), (1, 5)}, "other": {(0, 5)}}
    wait = waiting(hook)
    assert [wait.look(), wait.look()] == [False, True]
    assert wait.reached() == {
        "committed": {"t": {"0": 5}},
        "end": {"t": {"0": 7}},
        "dead_lettered": {"t": {"0": 2}},
    }


def test_without_the_topic_they_are_waited_for() -> None:
    hook = FakeHook({0: 5}, ends={0: 7})
    hook.letters = {"t": {(0, 5), (0, 6)}}
    wait = waiting(hook, None)
    assert [wait.look() for _ in range(3)] == [False] * 3
    assert hook.starts == []


@pytest.mark.parametrize(
    ("letters", "done"),
    [
        pytest.param({(0, 5)}, False, id="the-first-only"),
        pytest.param({(0, 6)}, False, id="the-last-only"),
        pytest.param({(1, 5), (1, 6)}, False, id="of-another-partition"),
        pytest.param({(0, 5), (0, 6), (0, 7)}, True, id="all-and-one-above-the-target"),
    ],
)
def test_every_offset_that_is_left_must_be_dead(letters: set[tuple[int, int]], done: bool) -> None:
    hook = FakeHook({0: 5, 1: 0}, ends={0: 7, 1: 0})
    hook.letters = {"t": letters}
    wait = waiting(hook)
    assert [wait.look(), wait.look()] == [False, done]


def test_a_group_that_could_write_nothing_at_all() -> None:
    hook = FakeHook({0: None}, ends={0: 2})
    hook.letters = {"t": {(0, 0), (0, 1)}}
    wait = waiting(hook)
    assert [wait.look(), wait.look()] == [False, True]
    assert wait.reached()["committed"] == {"t": {}}


def test_nothing_is_read_while_the_sink_is_at_work() -> None:
    wait = waiting(hook := FakeHook({0: 1}, {0: 3}, {0: 5}, {0: 6}, {0: 7}, ends={0: 7}))
    assert [wait.look() for _ in range(5)] == [False, False, False, False, True]
    assert hook.starts == []


def test_another_partition_that_is_at_its_target_does_not_hold_it_up() -> None:
    """Partition 1 goes on beyond its target: records that nobody waits for."""
    hook = FakeHook({0: 5, 1: 3}, {0: 5, 1: 4}, ends={0: 6, 1: 3})
    hook.letters = {"t": {(0, 5)}}
    wait = waiting(hook)
    assert [wait.look(), wait.look()] == [False, True]


def test_each_reading_goes_on_where_the_last_one_ended() -> None:
    hook = FakeHook({0: 5}, ends={0: 7})
    hook.letters, hook.complete = {"t": {(0, 5)}}, False
    wait = waiting(hook)
    assert [wait.look(), wait.look()] == [False, False]
    hook.letters, hook.complete = {"t": {(0, 6)}}, True
    assert wait.look()
    assert hook.starts == [{}, {0: 1}]


def test_known_dead_letters_need_no_second_reading() -> None:
    """The good record between two dead letters is written: the rest is known already."""
    hook = FakeHook({0: 5}, {0: 5}, {0: 7}, ends={0: 8})
    hook.letters = {"t": {(0, 5), (0, 7)}}
    wait = waiting(hook)
    assert [wait.look(), wait.look(), wait.look()] == [False, False, True]
    assert len(hook.starts) == 1


def test_a_dead_letter_topic_that_does_not_exist_is_told_at_once() -> None:
    with pytest.raises(ResourceMissing, match="nope"):
        waiting(FakeHook({0: 7}, ends={0: 7}), "nope").look()
