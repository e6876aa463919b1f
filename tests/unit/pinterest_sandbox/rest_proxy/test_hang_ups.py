"""Other requests while a read is under way, whose client hangs up or stays."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from aiohttp import web

from pinterest_sandbox.rest_proxy.app import make_app
from pinterest_sandbox.rest_proxy.consumer_handle import Handle
from pinterest_sandbox.rest_proxy.consumers import INSTANCES
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.rest_consumer import EMBEDDED, RestConsumer, places
from tests.unit.pinterest_sandbox.rest_proxy.conftest import SETTINGS, serving

JSON = EMBEDDED.format("json")
#: Milliseconds that a read takes: time for another request.
READING = 1500


@dataclass(frozen=True)
class Watched:
    """An instance that reads ten records of partition 0.

    :param handle: the proxy's own of it.
    :param taken: set when a read has taken records and goes on waiting for more.
    """

    consumer: RestConsumer
    handle: Handle
    taken: threading.Event

    def ended(self) -> None:
        if self.handle.idle() == 0:
            raise NotReady("a read is under way")

    def seek(self, topic: str, partition: int, offset: int) -> None:
        place = {**places(topic, partition)[0], "offset": offset}
        self.consumer.ask("POST", "/positions", {"offsets": [place]})


@pytest.fixture(scope="module")
def app(broker: str) -> web.Application:
    return make_app(broker, settings=SETTINGS)


@pytest.fixture(scope="module")
def proxy(app: web.Application) -> Iterator[str]:
    with serving(app) as url:
        yield url


@pytest.fixture
def watched(
    app: web.Application, proxy: str, topic: str, group: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watched]:
    answer = requests.post(
        f"{proxy}/topics/{topic}/partitions/0",
        json={"records": [{"value": number} for number in range(10)]},
        headers={"Content-Type": JSON},
        timeout=30,
    )
    assert answer.status_code == 200
    options = {"auto.offset.reset": "earliest", "auto.commit.enable": "false"}
    with RestConsumer(proxy, group, **options, **{"consumer.request.timeout.ms": READING}) as consumer:
        consumer.assign(topic, 0, 1)
        handle = app[INSTANCES].get(group, consumer.created["instance_id"])
        found = Watched(consumer, handle, threading.Event())
        take = handle.instance.take

        def watch(*arguments: Any, **options: Any) -> Any:
            records, full = take(*arguments, **options)
            if records:
                found.taken.set()
            return records, full

        monkeypatch.setattr(handle.instance, "take", watch)
        yield found


def hang_up(watched: Watched, meanwhile: Callable[[], object]) -> None:
    """Begin a read, do something else while it goes on, and be gone before it ends."""
    address = urlsplit(watched.consumer.base_uri)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(
            f"GET {address.path}/records HTTP/1.1\r\nHost: proxy\r\nAccept: {JSON}\r\n\r\n".encode()
        )
        assert watched.taken.wait(30)
        meanwhile()
        assert watched.handle.idle() == 0
    wait_until(watched.ended, what="end of the read", timeout=30)


def read(watched: Watched, count: int) -> list[Any]:
    return [record["value"] for record in watched.consumer.poll(count)]


def committed(watched: Watched, topic: str) -> int:
    watched.consumer.ask("POST", "/offsets")
    found = watched.consumer.ask("GET", "/offsets", {"partitions": places(topic, 0)})["offsets"]
    return int(found[0]["offset"])


def test_records_that_nobody_got_come_with_the_next_read(watched: Watched, topic: str) -> None:
    hang_up(watched, lambda: None)

    assert read(watched, 10) == list(range(10))
    assert committed(watched, topic) == 10


def test_seeking_in_another_partition_costs_them_nothing(watched: Watched, topic: str) -> None:
    hang_up(watched, lambda: watched.seek(topic, 1, 0))

    assert read(watched, 10) == list(range(10))
    assert committed(watched, topic) == 10


def test_a_new_assignment_costs_them_nothing(watched: Watched, topic: str) -> None:
    hang_up(watched, lambda: watched.consumer.assign(topic, 0, 2))

    assert read(watched, 10) == list(range(10))
    assert committed(watched, topic) == 10


def test_seeking_in_their_own_partition_is_where_reading_goes_on(watched: Watched, topic: str) -> None:
    hang_up(watched, lambda: watched.seek(topic, 0, 7))

    assert read(watched, 3) == [7, 8, 9]
    assert committed(watched, topic) == 10


def test_what_was_delivered_is_committed_whatever_happened_in_another_partition(
    watched: Watched, topic: str
) -> None:
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read, watched, 10)
        assert watched.taken.wait(30)
        watched.seek(topic, 1, 0)
        assert watched.handle.idle() == 0
        assert reading.result() == list(range(10))

    assert committed(watched, topic) == 10
