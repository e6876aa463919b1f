"""``python -m pinterest_sandbox.rest_proxy --bootstrap 127.0.0.1:19092 --port 18082``."""

from __future__ import annotations

import argparse
import logging

from aiohttp import web

from pinterest_sandbox.config import HOST
from pinterest_sandbox.rest_proxy.app import make_app
from pinterest_sandbox.rest_proxy.consumer_instances import INSTANCE_TIMEOUT


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True, help="host:port of the Kafka broker")
    parser.add_argument("--port", type=int, required=True, help="port to listen on, on 127.0.0.1")
    parser.add_argument(
        "--consumer-instance-timeout-ms",
        type=int,
        default=int(INSTANCE_TIMEOUT * 1000),
        help="idle time after which a consumer instance is closed",
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    web.run_app(
        make_app(options.bootstrap, instance_timeout=options.consumer_instance_timeout_ms / 1000),
        host=HOST,
        port=options.port,
        access_log=None,
        print=None,
        shutdown_timeout=5,
        # Idle connections of clients must not be cut while they are about to be used again.
        keepalive_timeout=300,
    )


if __name__ == "__main__":
    main()
