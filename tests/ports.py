"""Ports that nobody else gets while a test uses them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def held_ports(count: int) -> Iterator[list[int]]:
    """Free ports of the loopback interface, which the system gives to nobody while the block runs.

    They refuse connections until a server listens there, which it can if it sets ``SO_REUSEADDR``, as
    asyncio's and Python's own servers do. A port that was only looked for may be another's by then.

    :param count: how many.
    """
    with ExitStack() as held:
        ports = []
        for _ in range(count):
            holder = held.enter_context(socket.socket())
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", 0))
            ports.append(int(holder.getsockname()[1]))
        yield ports


@contextmanager
def held_port() -> Iterator[int]:
    """One such port."""
    with held_ports(1) as (port,):
        yield port
