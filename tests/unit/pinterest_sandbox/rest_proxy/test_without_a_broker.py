"""What many clients at once are told when there is no broker."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from pinterest_sandbox.rest_proxy.app import make_app
from tests.rest_consumer import EMBEDDED, error_of
from tests.unit.pinterest_sandbox.rest_proxy.conftest import serving

#: More than there are threads in asyncio's own pool, on any machine.
CLIENTS = 60
#: Seconds: five are promised, the rest is for a machine that is busy otherwise.
PATIENCE = 5.5


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
        with serving(make_app(address, settings={"log_level": 2})) as url:
            yield url


def test_each_of_many_clients_has_its_error_within_seconds(proxy: str) -> None:
    def ask(number: int) -> tuple[tuple[int, int], float]:
        began = time.monotonic()
        answer = requests.post(
            f"{proxy}/topics/sandbox.{number}",
            data=b'{"records":[{"value":1}]}',
            headers={"Content-Type": EMBEDDED.format("json")},
            timeout=60,
        )
        return error_of(answer), time.monotonic() - began

    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(ask, range(CLIENTS)))

    assert {error for error, _ in answers} == {(500, 50003)}
    assert max(took for _, took in answers) < PATIENCE
