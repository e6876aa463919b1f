"""A source database of the tests' own: loading rows changes it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pinterest_sandbox.config import HOST, Config
from pinterest_sandbox.source import database
from pinterest_sandbox.source.service import fill, service
from pinterest_sandbox.waiting import wait_until

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


@dataclass
class OwnSource:
    """A source database that tests may change, stop and start.

    :param config: names its folder, port and password; other ports are missing.
    """

    config: Config
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it as ``up`` does, and wait until it answers."""
        spec = service(self.config)
        if spec.prepare:
            spec.prepare()
        self.config.logs.mkdir(exist_ok=True)
        with (self.config.logs / "source.log").open("ab") as log:
            self.process = subprocess.Popen(spec.command, stdout=log, stderr=subprocess.STDOUT)
        wait_until(spec.check, what="own source database", timeout=spec.timeout)
        fill(self.config)

    def stop(self, *, kill: bool = False) -> int:
        """End it and give its exit status."""
        assert self.process is not None
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        return self.process.wait(timeout=20)

    def connect(self) -> Connection[Cursor]:
        """A new connection."""
        return database.connect(self.config.ports["source"], self.config.source_password)


@pytest.fixture
def own_source(tmp_path: Path) -> Iterator[OwnSource]:
    # A path longer than a Unix socket's address may be.
    home = tmp_path / ("long-" * 20)
    home.mkdir()
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    config = Config(
        home=home,
        user_id="test",
        ports={"source": port},
        source_password="it's \\ a secret",
        databricks_token="",
        control_password="",
    )
    source = OwnSource(config)
    try:
        source.start()
        yield source
    finally:
        if source.process is not None and source.process.poll() is None:
            source.stop()


@pytest.fixture
def connection(own_source: OwnSource) -> Iterator[Connection[Cursor]]:
    with own_source.connect() as connection:
        yield connection
