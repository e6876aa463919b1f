"""The gate process: ``python -m pinterest_sandbox.faults`` for the sandbox of ``PINTEREST_SANDBOX_HOME``."""

from __future__ import annotations

import asyncio
import logging
import signal

from pinterest_sandbox.config import load_config
from pinterest_sandbox.faults.fault import FaultBook
from pinterest_sandbox.faults.gate import open_gate


async def serve() -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_gate(load_config().ports, FaultBook()):
        await stopped.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(serve())
