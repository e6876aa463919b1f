"""The fault gate as a supervised process."""

from __future__ import annotations

import sys

import requests

from pinterest_sandbox.config import Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady

NAME = "fault-gate"


def service(config: Config) -> Service:
    """The gate of the sandbox ``config``. It may start before the services behind it."""
    return Service(
        name=NAME,
        title="Fault gate",
        command=(sys.executable, "-m", "pinterest_sandbox.faults"),
        check=lambda: _check(config.url("fault_gate", "/faults")),
    )


def _check(url: str) -> None:
    answer = requests.get(url, timeout=2)
    if answer.status_code != 200:
        raise NotReady(f"{url} answered {answer.status_code}")
