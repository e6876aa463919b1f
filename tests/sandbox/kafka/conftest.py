"""What one test of the Kafka side works with: names, clients, a connector of its own."""

from __future__ import annotations

import re
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from pinterest_sandbox.config import ACCESS_KEY, REGION, SECRET_KEY
from pinterest_sandbox.waiting import wait_until
from tests.running_sandbox import PROGRAMS, RunningSandbox
from tests.sandbox.kafka.clients import Connect, Kafka, Landing


@pytest.fixture
def proxy(sandbox: RunningSandbox) -> str:
    return sandbox.url("rest_proxy")


@pytest.fixture
def kafka(sandbox: RunningSandbox) -> Kafka:
    return Kafka(sandbox.address("kafka"))


@pytest.fixture
def landing(sandbox: RunningSandbox) -> Landing:
    return Landing(sandbox.url("moto"), sandbox.bucket)


@pytest.fixture
def prefix(sandbox: RunningSandbox) -> str:
    """Starts the names of one test's topics and connector; not one that the pipeline's connector takes."""
    return f"{sandbox.user_id}.test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def sink(sandbox: RunningSandbox, landing: Landing, prefix: str) -> Iterator[Connect]:
    """A connector that is not configured yet; it is deleted after the test."""
    connector = Connect(sandbox.url("connect"), f"{prefix}-connector")
    yield connector
    connector.call("DELETE")


@pytest.fixture
def options(landing: Landing, prefix: str) -> dict[str, str]:
    """The connector options of the pipeline, for this test's topics."""
    return {
        "connector.class": "pinterest.sandbox.connect.s3.S3SinkConnector",
        "tasks.max": "1",
        "topics.regex": f"^{re.escape(prefix)}\\.(pin|geo|user)$",
        "s3.bucket.name": landing.bucket,
        "s3.region": REGION,
        "store.url": landing.endpoint,
        "aws.access.key.id": ACCESS_KEY,
        "aws.secret.access.key": SECRET_KEY,
        "storage.class": "io.confluent.connect.s3.storage.S3Storage",
        "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
        "partitioner.class": "io.confluent.connect.storage.partitioner.DefaultPartitioner",
        "flush.size": "100",
        "rotate.schedule.interval.ms": "500",
        "timezone": "UTC",
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": f"{prefix}.dead-letter",
        "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true",
    }


@contextmanager
def proxy_before(bootstrap: str) -> Iterator[str]:
    """A REST proxy of its own, that believes the broker to be at ``bootstrap``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [str(PROGRAMS / "python"), "-m", "pinterest_sandbox.rest_proxy"]
    process = subprocess.Popen([*program, "--bootstrap", bootstrap, "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: requests.get(url, timeout=1).raise_for_status(), what="REST proxy", timeout=30)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(params=["nothing listens", "it listens and never answers"])
def broker_away(request: pytest.FixtureRequest) -> Iterator[str]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        if request.param == "it listens and never answers":
            held.listen()
        with proxy_before(f"127.0.0.1:{held.getsockname()[1]}") as url:
            yield url
