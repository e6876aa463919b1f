"""Wait for a condition with a limit, and say what was waited for when it does not come."""

from __future__ import annotations

import time
from collections.abc import Callable


class NotReady(Exception):
    """The condition does not hold yet; the message says what was seen instead."""


def wait_until(check: Callable[[], object], *, what: str, timeout: float, interval: float = 0.05) -> None:
    """Call ``check`` until it no longer raises :class:`NotReady` or an :class:`OSError`.

    :param check: raises ``NotReady`` while the condition does not hold.
    :param what: the thing that is waited for, named in the error.
    :param timeout: seconds after which it gives up.
    :param interval: seconds between two calls.
    :raises TimeoutError: with ``what``, the limit and the last thing seen.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            check()
            return
        except (NotReady, OSError) as seen:
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{what}: not there after {timeout:g} s (last seen: {seen})") from seen
        time.sleep(interval)
