"""The Systems Manager process: ``python -m pinterest_sandbox.aws.ssm --port … --moto …``."""

from __future__ import annotations

import argparse
import logging

from aiohttp import web

from pinterest_sandbox.aws.ssm.commands import Commands
from pinterest_sandbox.aws.ssm.documents import Documents
from pinterest_sandbox.aws.ssm.facade import Ssm, application
from pinterest_sandbox.aws.ssm.machine import Machine
from pinterest_sandbox.aws.ssm.store import Store
from pinterest_sandbox.config import HOST, load_config


async def _application(moto: str) -> web.Application:
    config = load_config()
    machine = Machine(config)
    machine.prepare()
    store = Store(config.home / "ssm" / "state.json")
    return application(Ssm(Documents(store), Commands(store, machine), moto))


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--moto", required=True, help="URL of the AWS APIs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    web.run_app(
        _application(arguments.moto),
        host=HOST,
        port=arguments.port,
        print=None,
        access_log=None,
        shutdown_timeout=2,
    )


if __name__ == "__main__":
    main()
