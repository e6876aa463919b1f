"""API execution as a supervised process."""

from __future__ import annotations

import sys

import requests

from pinterest_sandbox.config import Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady


def service(config: Config) -> Service:
    """The supervised API execution. It answers 403 until an API is deployed."""
    return Service(
        name="api",
        title="API Gateway (execution)",
        command=(
            sys.executable,
            "-m",
            "pinterest_sandbox.apigateway",
            "--port",
            str(config.ports["api"]),
            "--control-plane",
            config.url("moto"),
            "--kinesis",
            config.url(config.gated("kinesis", "api")),
        ),
        check=lambda: _check(config.url("api")),
        after=("moto",),
    )


def _check(url: str) -> None:
    answer = requests.get(f"{url}/-/-", timeout=2)
    if answer.status_code != 403:
        raise NotReady(f"API execution answered {answer.status_code}")
