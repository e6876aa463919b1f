"""The gate process: ``python -m pinterest_sandbox.faults`` for the sandbox of ``PINTEREST_SANDBOX_HOME``."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Any

from pinterest_sandbox.config import load_config
from pinterest_sandbox.faults.fault import FaultBook
from pinterest_sandbox.faults.gate import open_gate
from pinterest_sandbox.faults.throttling import ThrottlingMetric


async def serve() -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    config = load_config()

    def put(namespace: str, data: list[dict[str, Any]]) -> None:
        # Made when it is first wanted: botocore takes a second to import.
        from pinterest_sandbox.aws.clients import aws_client

        aws_client("cloudwatch", config.url("moto")).put_metric_data(Namespace=namespace, MetricData=data)

    async with open_gate(config.ports, FaultBook(), ThrottlingMetric(put)):
        await stopped.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(serve())
