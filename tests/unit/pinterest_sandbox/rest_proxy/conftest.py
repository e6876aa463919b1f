"""A broker stand-in within the process (librdkafka's mock cluster), and the REST proxy before it."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from pinterest_sandbox.rest_proxy.app import make_app

#: librdkafka's mock cluster makes topics with so many partitions.
PARTITIONS = 4
#: Of the proxy's Kafka clients. The mock cluster does not tell how large the batches of a topic may be.
SETTINGS = {"log_level": 2, "batch.size": 1_000_000}


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Address of a broker that speaks Kafka's protocol, and makes every topic that is asked for."""
    mock = AdminClient({"test.mock.num.brokers": 1, "log_level": 2})
    (found,) = mock.list_topics(timeout=10).brokers.values()
    yield f"{found.host}:{found.port}"
    del mock


@contextmanager
def serving(app: web.Application) -> Iterator[str]:
    """The application served in a thread; its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner = web.AppRunner(app, shutdown_timeout=5)

    async def start() -> str:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        return f"http://{host}:{port}"

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    try:
        yield run(start())
    finally:
        run(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="session")
def proxy(broker: str) -> Iterator[str]:
    """URL of a proxy before the stand-in."""
    with serving(make_app(broker, settings=SETTINGS)) as url:
        yield url


@pytest.fixture
def topic(broker: str) -> str:
    """A topic of the test's own."""
    name = f"t-{uuid.uuid4().hex}"
    made = AdminClient({"bootstrap.servers": broker}).list_topics(topic=name, timeout=10).topics[name]
    assert len(made.partitions) == PARTITIONS
    return name


@pytest.fixture
def group() -> str:
    """A consumer group of the test's own."""
    return f"g-{uuid.uuid4().hex}"


@pytest.fixture
def stored(broker: str, topic: str) -> Iterator[Callable[[int, int], bytes | None]]:
    """Reads values of the topic by partition and offset, with a plain Kafka consumer."""
    options = {"bootstrap.servers": broker, "group.id": "reader", "fetch.wait.max.ms": 5, "log_level": 2}
    reader = Consumer(options)
    reader.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    values: dict[tuple[int, int], bytes | None] = {}

    def value(partition: int, offset: int) -> bytes | None:
        while (partition, offset) not in values:
            message = reader.poll(10)
            assert message is not None, f"no record at partition {partition}, offset {offset}"
            assert message.error() is None, message.error()
            values[message.partition(), message.offset()] = message.value()
        return values[partition, offset]

    yield value
    reader.close()
