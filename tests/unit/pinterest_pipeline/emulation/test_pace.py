from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import timedelta

import pytest

from pinterest_pipeline.emulation.pace import Meter, Pacer, check_time
from pinterest_pipeline.errors import TooSlow


class Clock:
    def __init__(self) -> None:
        self.now = 50.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        # An operating system wakes late.
        self.pauses.append(seconds)
        self.now += seconds + 0.003


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(("rate", "batch"), [(10, 1), (250, 50), (3, 3), (10_000, 500)])
def test_the_rate_holds_over_the_whole_burst(clock: Clock, rate: int, batch: int) -> None:
    pacer = Pacer(rate, clock=clock, pause=clock.pause)
    moments = []
    for _ in range(200):
        pacer.wait(batch)
        moments.append(clock.now)
        clock.now += batch / rate / 3  # the request itself
    # The moment of each batch follows from the posts before it; lateness does not add up.
    assert moments == [pytest.approx(50 + number * batch / rate, abs=0.003 + 1e-6) for number in range(200)]


def test_no_rate_no_pause(clock: Clock) -> None:
    pacer = Pacer(0, clock=clock, pause=clock.pause)
    for _ in range(100):
        pacer.wait(1000)
    assert clock.pauses == []


def test_a_long_delay_is_not_caught_up_by_a_flood(clock: Clock) -> None:
    pacer = Pacer(10, clock=clock, pause=clock.pause)
    pacer.wait(1)
    clock.now += 60
    at_once = 0
    while not clock.pauses:
        pacer.wait(1)
        at_once += 1
    # A second's worth, and the one that is due now.
    assert at_once - 1 == 11


def test_a_short_delay_is_caught_up(clock: Clock) -> None:
    pacer = Pacer(10, clock=clock, pause=clock.pause)
    for number in range(100):
        pacer.wait(1)
        clock.now += 0.5 if number == 50 else 0.0
    assert clock.now == pytest.approx(50 + 9.9, abs=0.01)


def report(
    caplog: pytest.LogCaptureFixture, meter: Meter, clock: Clock, seconds: float, done: int
) -> list[str]:
    clock.now += seconds
    caplog.clear()
    with caplog.at_level(logging.INFO):
        meter.report(done)
    return [record.message for record in caplog.records]


def test_lines_tell_how_far_how_fast_and_how_long(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    meter = Meter(1000, done=100, records_per_post=3, clock=clock)
    assert report(caplog, meter, clock, 4.9, 110) == []
    # 25 posts in 5 seconds of this try; 875 are left.
    assert report(caplog, meter, clock, 0.1, 125) == [
        "125 of 1000 posts acknowledged, 15 records/s, 2 min 55 s left"
    ]
    assert report(caplog, meter, clock, 4.9, 600) == []
    assert report(caplog, meter, clock, 0.1, 900) == [
        "900 of 1000 posts acknowledged, 240 records/s, 1 s left"
    ]
    caplog.clear()
    clock.now += 2
    with caplog.at_level(logging.INFO):
        meter.report(1000, last=True)
    assert [record.message for record in caplog.records] == [
        "1000 of 1000 posts acknowledged, 225 records/s, 12 s in all"
    ]


def test_nothing_sent_yet_has_no_time_left(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    meter = Meter(10, done=0, records_per_post=3, clock=clock)
    assert report(caplog, meter, clock, 6, 0) == [
        "0 of 10 posts acknowledged, 0 records/s, time left unknown"
    ]


@pytest.mark.parametrize(
    ("posts", "rate", "in_time"),
    [
        (14_400, 1, True),
        (14_401, 1, False),
        (1_000_000, 70, True),
        (1_000_000, 69, False),
        (1_000_000, 0, True),
        (0, 1, True),
    ],
)
def test_posts_that_take_longer_than_four_hours(posts: int, rate: int, in_time: bool) -> None:
    with nullcontext() if in_time else pytest.raises(TooSlow):
        check_time(posts, rate, timedelta(hours=4))
