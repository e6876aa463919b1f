"""The supervised processes of the AWS side: moto, MSK, MSK Connect and Systems Manager."""

from __future__ import annotations

import sys

import requests

from pinterest_sandbox.aws import moto
from pinterest_sandbox.config import Config
from pinterest_sandbox.service import Service
from pinterest_sandbox.waiting import NotReady


def services(config: Config, *, sink_endpoint: str | None = None) -> list[Service]:
    """The AWS side's processes.

    :param config: the sandbox.
    :param sink_endpoint: URL of the S3 that Kafka Connect's sinks write to; moto itself by default.
    """
    return [
        moto.service(config),
        _msk(config),
        _msk_connect(config, sink_endpoint or config.url("moto")),
        _ssm(config),
    ]


def _msk(config: Config) -> Service:
    return Service(
        name="msk",
        title="MSK",
        command=(
            sys.executable,
            "-m",
            "pinterest_sandbox.aws.msk",
            "--port",
            str(config.ports["msk"]),
            "--moto",
            config.url("moto"),
            "--bootstrap",
            config.address("kafka"),
        ),
        check=lambda: _check(config.url("msk", "/v1/clusters")),
        after=("moto",),
    )


def _msk_connect(config: Config, sink_endpoint: str) -> Service:
    return Service(
        name="msk-connect",
        title="MSK Connect",
        command=(
            sys.executable,
            "-m",
            "pinterest_sandbox.aws.msk_connect",
            "--port",
            str(config.ports["msk_connect"]),
            "--connect",
            config.url("connect"),
            "--moto",
            config.url("moto"),
            "--sink-endpoint",
            sink_endpoint,
            "--bootstrap",
            config.address("kafka"),
            "--state",
            str(config.home / "msk-connect" / "state.json"),
        ),
        check=lambda: _check(config.url("msk_connect", "/v1/connectors")),
        after=("moto",),
    )


def _ssm(config: Config) -> Service:
    return Service(
        name="ssm",
        title="Systems Manager",
        command=(
            sys.executable,
            "-m",
            "pinterest_sandbox.aws.ssm",
            "--port",
            str(config.ports["ssm"]),
            "--moto",
            config.url("moto"),
        ),
        check=lambda: _check_ssm(config.url("ssm")),
    )


def _check_ssm(url: str) -> None:
    headers = {"X-Amz-Target": "AmazonSSM.ListDocuments", "Content-Type": "application/x-amz-json-1.1"}
    answer = requests.post(url, data="{}", headers=headers, timeout=2)
    if answer.status_code != 200:
        raise NotReady(f"{url} answered {answer.status_code}")


def _check(url: str) -> None:
    answer = requests.get(url, timeout=2)
    if answer.status_code != 200:
        raise NotReady(f"{url} answered {answer.status_code}")
