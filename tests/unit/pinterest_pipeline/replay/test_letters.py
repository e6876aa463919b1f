"""Which dead letters are replayed now, and where they stood, against a sink that is simulated."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest

from cloud_operators.kafka.hooks.dead_letters import DeadLetter
from pinterest_pipeline.replay.letters import Choice, Partition, choose

TOPIC = "sandbox.pin"


def letter(
    offset: int, place: int, *, value: bytes | None = b"x", partition: int = 0, number: int = 0
) -> DeadLetter:
    return DeadLetter(topic=TOPIC, partition=partition, offset=offset, value=value, place=(number, place))


def partition(
    *, landed_to: int = 100, end: int = 100, dead: Sequence[int] = (), objects: Sequence[int] = ()
) -> Partition:
    return Partition(landed_to=landed_to, end=end, dead=dead, objects=objects)


def test_a_letter_stands_between_the_lines_of_the_records_around_it() -> None:
    """Whatever is dead and however the sink cuts: the lines before are those of all earlier offsets."""
    chance = random.Random(3)
    for _ in range(200):
        offsets = range(chance.randint(1, 40))
        dead = [offset for offset in offsets if chance.random() < chance.choice([0.1, 0.5, 0.9])]
        lines: dict[int, tuple[int, int]] = {}
        for offset in offsets:
            if offset not in dead:
                first, line = lines[max(lines)] if lines else (offset, -1)
                cut = not lines or chance.random() < 0.2
                lines[offset] = (offset, 0) if cut else (first, line + 1)
        of = partition(dead=dead, objects=sorted({first for first, _ in lines.values()}))
        for offset in dead:
            place = of.stands_before(offset)
            # What is equal comes later: a letter's partition is below 0.
            assert all(lines[other] < place for other in lines if other < offset)
            assert all(lines[other] >= place for other in lines if other > offset)


@pytest.mark.parametrize(
    ("offset", "landed_to", "dead", "ready"),
    [
        pytest.param(9, 10, [9], True, id="behind the sink's commit"),
        pytest.param(10, 10, [10], True, id="the next record of the sink"),
        pytest.param(11, 10, [11], False, id="a record in front of it has not landed"),
        pytest.param(12, 10, [10, 11, 12], True, id="only dead letters in front of it"),
        pytest.param(13, 10, [10, 12, 13], False, id="one among dead letters has not landed"),
        pytest.param(19, 20, [19], True, id="the last record of the topic"),
    ],
)
def test_a_letter_waits_for_what_came_before_it(
    offset: int, landed_to: int, dead: list[int], ready: bool
) -> None:
    assert partition(landed_to=landed_to, end=20, dead=dead).is_ready(offset) is ready


def test_letters_become_lines_with_their_bytes() -> None:
    values = [b'{"index": 1}', b"\xff\xfe", None, b"", "\u2028\u00e9\n".encode()]
    offsets = [11, 12, 14, 15, 16]
    letters = [letter(o, place, value=v) for place, (o, v) in enumerate(zip(offsets, values, strict=True))]
    found = choose(
        "pin",
        letters,
        partitions={0: partition(dead=offsets, objects=[0, 10, 20])},
        start={},
        read_to={0: 5},
    )
    assert (found.waiting, found.progress) == (0, {0: 5})
    assert all(line.isascii() and "\n" not in line for line in found.lines)
    # Lines 0 and 1 of object 10 are the records 10 and 13.
    common = {"entity": "pin", "partition": 0, "first_offset": 10}
    assert [json.loads(line) for line in found.lines] == [
        {**common, "offset": 11, "line": 1, "raw": '{"index": 1}'},
        {**common, "offset": 12, "line": 1, "base64": "//4="},
        {**common, "offset": 14, "line": 2, "raw": None},
        {**common, "offset": 15, "line": 2, "raw": ""},
        {**common, "offset": 16, "line": 2, "raw": "\u2028\u00e9\n"},
    ]


def offsets_of(choice: Choice) -> list[tuple[int, int]]:
    return [(item["partition"], item["offset"]) for item in map(json.loads, choice.lines)]


def test_a_letter_that_waits_holds_up_those_behind_it_in_its_partition_alone() -> None:
    letters = [letter(1, 0), letter(50, 1), letter(2, 2), letter(50, 3), letter(3, 0, number=1)]
    found = choose(
        "pin",
        letters,
        partitions={0: partition(landed_to=10, dead=[1, 2, 3, 50])},
        start={},
        read_to={0: 4, 1: 3, 2: 9},
    )
    assert offsets_of(found) == [(0, 1), (0, 3)]
    assert (found.waiting, found.of_older_topics) == (2, [])
    assert found.progress == {0: 1, 1: 3, 2: 9}


def test_letters_of_an_older_topic_are_set_apart_and_hold_up_nothing() -> None:
    """The topic ends in front of offset 20, and has no partition 7."""
    letters = [letter(1, 0), letter(20, 1), letter(20, 2), letter(4, 3, partition=7), letter(2, 4)]
    found = choose(
        "pin",
        letters,
        partitions={0: partition(landed_to=30, end=20, dead=[1, 2, 20])},
        start={},
        read_to={0: 5},
    )
    assert offsets_of(found) == [(0, 1), (0, 2)]
    # Each with where it lies in the dead-letter topic.
    assert (found.waiting, found.of_older_topics) == (0, [(0, 1), (0, 3)])
    assert found.progress == {0: 5}


def test_what_was_replayed_is_left_out_and_what_the_sink_has_met_twice_is_taken_once() -> None:
    letters = [letter(1, 0), letter(2, 1), letter(2, 2), letter(3, 3), letter(1, 4)]
    found = choose("pin", letters, partitions={0: partition(dead=[1, 2, 3])}, start={0: 1}, read_to={0: 5})
    assert offsets_of(found) == [(0, 2), (0, 3), (0, 1)]
    assert (found.waiting, found.progress) == (0, {0: 5})
