"""The moto server: S3, API Gateway definitions, Kinesis, IAM, SNS, Secrets Manager, CloudWatch and Logs."""

from __future__ import annotations

import sys

import requests

from pinterest_sandbox.config import HOST, Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady


def moto_command(port: int) -> tuple[str, ...]:
    """Program and arguments of a moto server.

    :param port: TCP port on 127.0.0.1.
    """
    return (sys.executable, "-m", "pinterest_sandbox.aws.moto_server", "-H", HOST, "-p", str(port))


def check_moto(url: str) -> None:
    """Ask the server for its own state.

    :param url: where it should listen.
    :raises NotReady: when it does not answer 200.
    """
    answer = requests.get(f"{url}/moto-api/data.json", timeout=2)
    if answer.status_code != 200:
        raise NotReady(f"moto answered {answer.status_code}")


def service(config: Config) -> Service:
    """The supervised moto server. Its state is in memory: it is gone when the process ends."""
    return Service(
        name="moto",
        title="AWS APIs (moto)",
        command=moto_command(config.ports["moto"]),
        check=lambda: check_moto(config.url("moto")),
    )
