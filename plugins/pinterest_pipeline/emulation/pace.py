"""How fast a burst goes, and the lines that tell how far it has come."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from pinterest_pipeline.errors import TooSlow

logger = logging.getLogger(__name__)

#: Seconds' worth of posts that are caught up at once after a delay.
CATCH_UP_S = 1.0
#: Seconds between two lines.
LINE_EVERY_S = 5.0

Clock = Callable[[], float]


def check_time(posts: int, rate: float, limit: timedelta) -> None:
    """Check that posts can be sent in the time there is.

    :param posts: posts that are left to send.
    :param rate: posts a second; 0 is without a limit.
    :param limit: the time there is.
    :raises TooSlow: when they take longer at this rate.
    """
    if rate > 0 and posts > rate * limit.total_seconds():
        raise TooSlow(posts, rate, limit)


class Pacer:
    """Gives each batch the moment at which it may be sent.

    Moments follow from the number of posts before, so that the pauses of single batches add up exactly. After
    a delay, such as a retry, at most :data:`CATCH_UP_S` is caught up. Threads may share an instance.

    :param rate: posts a second; 0 is without a limit.
    :param clock: seconds that never go back.
    :param pause: waits for some seconds.
    """

    def __init__(
        self, rate: float, *, clock: Clock = time.monotonic, pause: Callable[[float], object] = time.sleep
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._pause = pause
        self._next: float | None = None
        self._lock = threading.Lock()

    def wait(self, posts: int) -> None:
        """Wait until ``posts`` more may be sent."""
        if self._rate <= 0:
            return
        with self._lock:
            now = self._clock()
            moment = now if self._next is None else max(self._next, now - CATCH_UP_S)
            self._next = moment + posts / self._rate
        if moment > now:
            self._pause(moment - now)


class Meter:
    """Logs the progress of a burst.

    :param posts: posts of the burst.
    :param done: posts that earlier tries have sent.
    :param records_per_post: records of one post.
    :param clock: seconds that never go back.
    """

    def __init__(
        self, posts: int, *, done: int, records_per_post: int, clock: Clock = time.monotonic
    ) -> None:
        self._posts = posts
        self._before = done
        self._records_per_post = records_per_post
        self._clock = clock
        self._begun = self._line = clock()

    def report(self, done: int, *, last: bool = False) -> None:
        """Log a line when one is due.

        :param done: posts of which every record is acknowledged.
        :param last: whether the burst ends here.
        """
        now = self._clock()
        if not last and now - self._line < LINE_EVERY_S:
            return
        self._line = now
        seconds = now - self._begun
        posts_per_second = (done - self._before) / seconds if seconds > 0 else 0.0
        logger.info(
            "%d of %d posts acknowledged, %.0f records/s, %s",
            done,
            self._posts,
            posts_per_second * self._records_per_post,
            f"{seconds:.0f} s in all" if last else _time_left(self._posts - done, posts_per_second),
        )


def _time_left(posts: int, posts_per_second: float) -> str:
    if posts_per_second <= 0:
        return "time left unknown"
    minutes, seconds = divmod(round(posts / posts_per_second), 60)
    return f"{minutes} min {seconds} s left" if minutes else f"{seconds} s left"
