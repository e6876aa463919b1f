"""The MSK process: ``python -m pinterest_sandbox.aws.msk --port … --moto … --bootstrap …``."""

from __future__ import annotations

import argparse
import logging

from aiohttp import web

from pinterest_sandbox.aws.msk.facade import Msk, application
from pinterest_sandbox.config import HOST


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--moto", required=True, help="URL of the AWS APIs")
    parser.add_argument("--bootstrap", required=True, help="host:port of the Kafka broker")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = application(Msk(arguments.moto, arguments.bootstrap))
    web.run_app(app, host=HOST, port=arguments.port, print=None, access_log=None, shutdown_timeout=2)


if __name__ == "__main__":
    main()
