"""A gate in a thread of the test process, and servers behind it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pinterest_sandbox.config import HOST
from pinterest_sandbox.faults.fault import ActiveFault, Fault, FaultBook
from pinterest_sandbox.faults.gate import open_gate
from pinterest_sandbox.faults.services import SERVICES, gate_ports, port_name
from pinterest_sandbox.faults.throttling import ThrottlingMetric
from tests.ports import held_ports


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Gate:
    """A gate that is open."""

    ports: Mapping[str, int]
    book: FaultBook
    clock: Clock

    def port(self, service: str, client: str = "airflow") -> int:
        return self.ports[port_name(service, client)]

    def url(self, service: str, client: str = "airflow") -> str:
        return f"http://{HOST}:{self.port(service, client)}"

    def begin(self, service: str, *, share: str = "1", **options: Any) -> ActiveFault:
        return self.book.add(Fault(service=service, share=Fraction(share), **options))


@contextmanager
def opened_gate(targets: Mapping[str, int], metric: ThrottlingMetric | None = None) -> Iterator[Gate]:
    """A gate that is open while the block runs.

    :param targets: port of each service that there is; where the others should be nothing listens.
    :param metric: is told of records that Kinesis throttles.
    """
    names = [*gate_ports(), "fault_gate", *(service.target for service in SERVICES.values())]
    with held_ports(len(names)) as found:
        ports = dict(zip(names, found, strict=True))
        ports.update({SERVICES[name].target: port for name, port in targets.items()})
        yield from _opened(ports, metric)


def _opened(ports: Mapping[str, int], metric: ThrottlingMetric | None) -> Iterator[Gate]:
    clock = Clock()
    gate = Gate(ports, FaultBook(clock), clock)
    loop = asyncio.new_event_loop()
    ready, closing = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with open_gate(ports, gate.book, metric):
            ready.set()
            await closing.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        assert ready.wait(10)
        yield gate
    finally:
        loop.call_soon_threadsafe(closing.set)
        thread.join(10)
        loop.close()


@dataclass(frozen=True)
class Heard:
    """A request as it came over the wire."""

    head: bytes
    body: bytes

    @property
    def first_line(self) -> bytes:
        return self.head.split(b"\r\n")[0]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names and values in their order, names as they were written."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]


class BrokenOff(Exception):
    """The other side closed the connection before its message was complete."""


class RawServer:
    """Answers every connection's first complete request with the same bytes, then closes it.

    :param answer: status line, headers and body; or a function of what was heard.
    """

    def __init__(self, answer: bytes | Callable[[Heard], bytes]) -> None:
        self._answer = answer
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self.heard: list[Heard] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    heard = hear(connection)
                except BrokenOff:
                    continue
                self.heard.append(heard)
                connection.sendall(self._answer if isinstance(self._answer, bytes) else self._answer(heard))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def hear(connection: socket.socket) -> Heard:
    """Read one message: its head, and the body that its headers announce, still chunked where it is."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    heard = Heard(head, body)
    headers = {name.lower(): value for name, value in heard.headers}
    if headers.get("transfer-encoding") == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(connection)
    else:
        while len(body) < int(headers.get("content-length", 0)):
            body += _more(connection)
    return Heard(head, body)


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise BrokenOff("the connection was closed in the middle of a message")
    return chunk


@contextmanager
def raw_server(answer: bytes | Callable[[Heard], bytes]) -> Iterator[RawServer]:
    """A :class:`RawServer` that serves while the block runs."""
    server = RawServer(answer)
    try:
        yield server
    finally:
        server.close()


def connected(port: int) -> socket.socket:
    """A connection to ``port``."""
    return socket.create_connection((HOST, port), timeout=10)


def exchange(port: int, request: bytes, *, head_only: bool = False) -> Heard:
    """Send bytes and read one answer.

    :param head_only: read no body, whatever the headers say (HEAD).
    """
    with connected(port) as connection:
        connection.sendall(request)
        if not head_only:
            return hear(connection)
        data = b""
        while b"\r\n\r\n" not in data:
            data += _more(connection)
        return Heard(*data.split(b"\r\n\r\n", 1))


def unchunked(body: bytes) -> bytes:
    """The content of a chunked body."""
    content = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return content
        content += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
