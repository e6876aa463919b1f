"""A moto server as a process of its own: moto lives in another environment than Airflow."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import held_port

PYTHON = Path(__file__).parents[3] / ".venv" / "sandbox" / "bin" / "python"
START_LIMIT = 60.0


@contextmanager
def running() -> Iterator[str]:
    """Run a server on a free port of the loopback interface and give its address."""
    with held_port() as port:
        url = f"http://127.0.0.1:{port}"
        server = subprocess.Popen(
            [str(PYTHON), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": ""},
        )
        try:
            _await(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(10)


def reset(url: str) -> None:
    """Forget all resources."""
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).read()


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + START_LIMIT
    while True:
        try:
            urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5).read()
        except OSError as error:
            if server.poll() is not None:
                raise RuntimeError(f"moto ended with code {server.returncode}") from error
            if time.monotonic() > limit:
                raise TimeoutError(f"moto did not answer at {url} in {START_LIMIT} s") from error
            server_ended_or(0.05, server)
        else:
            return


def server_ended_or(seconds: float, server: subprocess.Popen[bytes]) -> None:
    """Pause, but no longer than the server lives."""
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        return
