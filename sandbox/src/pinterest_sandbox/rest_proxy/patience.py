"""How long a request may still wait for Kafka: its questions share one time, however many they are."""

from __future__ import annotations

import math
import time
from contextvars import ContextVar

from aiohttp import web
from aiohttp.typedefs import Handler

#: Seconds after which Kafka counts as unreachable: a client must learn of it within five.
KAFKA_TIMEOUT = 3.5
#: Seconds that a question has in any case: who asks late must not be told that nobody is there.
LEAST = 0.5
#: When the time of the present request is over, as the clock's seconds.
_over_at: ContextVar[float] = ContextVar("over_at", default=math.inf)


@web.middleware
async def one_time_for_all_questions(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the time of a request's questions to Kafka begin."""
    _over_at.set(time.monotonic() + KAFKA_TIMEOUT)
    return await handler(request)


def time_left(most: float) -> float:
    """Seconds that a question of the present request may take.

    :param most: that it may take outside of a request, or as the first one.
    """
    return min(most, max(LEAST, _over_at.get() - time.monotonic()))
