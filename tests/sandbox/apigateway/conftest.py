"""A topic behind an API."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.running_sandbox import RunningSandbox
from tests.sandbox.kafka.clients import Kafka


@pytest.fixture(scope="module")
def topic(sandbox: RunningSandbox) -> Iterator[str]:
    """A topic of the module's own, with one partition."""
    kafka = Kafka(sandbox.address("kafka"))
    name = kafka.create(f"apiring-{uuid4().hex[:8]}.pin")
    yield name
    kafka.delete(name)
