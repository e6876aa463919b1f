"""What is taken from a backlog, and comes back or is delivered after partitions were read elsewhere."""

from __future__ import annotations

import pytest
from confluent_kafka import Message

from pinterest_sandbox.rest_proxy.consumer_backlog import Backlog
from pinterest_sandbox.rest_proxy.consumer_records import Readable
from pinterest_sandbox.rest_proxy.consumer_requests import Partition
from pinterest_sandbox.rest_proxy.embedded import Embedded

FIRST, SECOND = Partition("t", 0), Partition("t", 1)


@pytest.fixture
def backlog() -> Backlog:
    """Three messages of each of two partitions, in turn."""
    made = Backlog()
    for offset in range(3):
        for partition in (FIRST, SECOND):
            made.add(Message(topic="t", partition=partition.partition, offset=offset, value=b"1"))
    return made


def take(backlog: Backlog, room: int = 100) -> list[Readable]:
    return backlog.take(Embedded.JSON, room, first=True)[0]


def places(records: list[Readable]) -> list[tuple[int | None, int | None]]:
    return [(record.message.partition(), record.message.offset()) for record in records]


def test_what_is_put_back_comes_first_again(backlog: Backlog) -> None:
    taken = take(backlog, 4)

    backlog.put_back(taken, backlog.epoch)

    assert places(take(backlog)) == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]


def test_only_records_of_the_partition_that_was_moved_are_dropped(backlog: Backlog) -> None:
    taken, epoch = take(backlog, 4), backlog.epoch

    backlog.move({SECOND: 7})
    backlog.put_back(taken, epoch)

    assert places(take(backlog)) == [(0, 0), (0, 1), (0, 2)]


def test_what_is_taken_after_a_move_counts_again(backlog: Backlog) -> None:
    backlog.move({FIRST: 7})
    backlog.add(Message(topic="t", partition=0, offset=7, value=b"1"))
    taken = take(backlog)

    backlog.put_back(taken, backlog.epoch)

    assert places(take(backlog)) == [(1, 0), (1, 1), (1, 2), (0, 7)]


def test_delivery_counts_except_where_the_partition_was_moved(backlog: Backlog) -> None:
    taken, epoch = take(backlog), backlog.epoch

    backlog.move({SECOND: 7})

    assert backlog.delivered(taken, epoch) == {FIRST: 3}
    assert backlog.positions() == {FIRST: 3, SECOND: 7}


def test_partitions_that_are_kept_lose_nothing(backlog: Backlog) -> None:
    taken, epoch = take(backlog, 4), backlog.epoch

    backlog.keep([FIRST, Partition("t", 2)])
    # Not where the next message waits: those before it are on their way to the client.
    assert backlog.fetched() == {FIRST: 3}
    backlog.put_back(taken, epoch)

    assert places(take(backlog)) == [(0, 0), (0, 1), (0, 2)]


def test_nothing_comes_back_after_everything_was_dropped(backlog: Backlog) -> None:
    taken, epoch = take(backlog, 4), backlog.epoch

    backlog.clear()
    backlog.put_back(taken, epoch)

    assert not backlog
    assert backlog.delivered(taken, epoch) == {}
    assert backlog.positions() == backlog.fetched() == {}
