"""A time limit for work in this thread."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Callable, Iterator


class DeadlineExceeded(Exception):
    """The work took longer than it may."""


@contextlib.contextmanager
def limit(seconds: float, message: str, stop_waiting: Callable[[], object]) -> Iterator[None]:
    """Raise inside the body when it takes longer than ``seconds``.

    :param message: of the exception.
    :param stop_waiting: ends a call that the body may hang in, for Python raises only between its own
        instructions.
    :raises DeadlineExceeded: when the time is over.
    """
    thread = threading.get_ident()
    passed = threading.Event()

    def interrupt() -> None:
        passed.set()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(DeadlineExceeded))
        stop_waiting()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if passed.is_set():
            raise DeadlineExceeded(message) from error
        raise
    finally:
        timer.cancel()
