"""How long a running connector may be unknown to Connect."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from pinterest_sandbox.aws.msk_connect import lifecycle
from pinterest_sandbox.aws.msk_connect.lifecycle import Cluster, Lifecycle
from pinterest_sandbox.aws.msk_connect.mapping import SinkStore
from pinterest_sandbox.aws.msk_connect.records import Connector
from pinterest_sandbox.aws.msk_connect.rest import ConnectRest, Status
from pinterest_sandbox.aws.msk_connect.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUNS = Status(connector="RUNNING", tasks={0: "RUNNING"}, traces=())


class Watched:
    """A connector that has run for an hour, and a worker that knows it when a test says so."""

    def __init__(self) -> None:
        self.now = NOON
        self.known: Status | None = RUNS
        self.connector = Connector(
            arn="arn", name="sink", settings={}, state="RUNNING", changed=NOON - timedelta(hours=1)
        )
        self.lifecycle = Lifecycle(
            Store(None),
            cast(ConnectRest, self),
            SinkStore(url="http://s3", access_key="key", secret_key="secret", region="us-east-1"),
            Cluster(bootstrap="127.0.0.1:9092"),
        )

    async def status(self, name: str) -> Status | None:
        return self.known

    def step(self, seconds: int = 0) -> str:
        """One look of the lifecycle so much later; gives the connector's state."""
        self.now += timedelta(seconds=seconds)
        asyncio.run(self.lifecycle.step(self.connector))
        return self.connector.state


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    made = Watched()
    monkeypatch.setattr(lifecycle, "now", lambda: made.now)
    return made


def test_a_worker_that_has_just_begun_may_not_know_it_yet(watched: Watched) -> None:
    """It reads its connectors from a topic first."""
    watched.known = None
    assert watched.step() == "RUNNING"
    assert watched.connector.running_tasks == 0
    assert watched.step(15) == "RUNNING"
    watched.known = RUNS
    assert watched.step(10) == "RUNNING"
    watched.known = None
    assert watched.step(10) == "RUNNING"
    assert watched.step(15) == "RUNNING"


def test_one_that_stays_unknown_has_failed(watched: Watched) -> None:
    watched.known = None
    watched.step()
    assert watched.step(21) == "FAILED"
    assert watched.connector.message == "The connector is no longer known to its worker."
