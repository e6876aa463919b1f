"""The REST proxy as a supervised process."""

from __future__ import annotations

import sys

import requests

from pinterest_sandbox.config import Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady


def service(config: Config) -> Service:
    """``rest-proxy``, in front of the sandbox's broker.

    :param config: the sandbox.
    """
    return Service(
        name="rest-proxy",
        title="Kafka REST proxy",
        command=(
            *(sys.executable, "-m", "pinterest_sandbox.rest_proxy"),
            *("--bootstrap", config.address("kafka")),
            *("--port", str(config.ports["rest_proxy"])),
        ),
        check=lambda: check_proxy(config.url("rest_proxy")),
        after=("kafka",),
    )


def check_proxy(url: str) -> None:
    """Ask for the list of topics, which the proxy has from the broker.

    :param url: of the proxy.
    :raises NotReady: when the answer is not 200.
    """
    try:
        answer = requests.get(f"{url}/topics", timeout=6)
    except requests.RequestException as error:
        raise NotReady(str(error)) from error
    if answer.status_code != 200:
        raise NotReady(f"GET /topics: {answer.status_code} {answer.text[:200]}")
