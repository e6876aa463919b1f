"""The MSK Connect process: ``python -m pinterest_sandbox.aws.msk_connect --port … --connect …``."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from aiohttp import web

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.aws.msk_connect.facade import MskConnect, application
from pinterest_sandbox.aws.msk_connect.lifecycle import Cluster, Lifecycle
from pinterest_sandbox.aws.msk_connect.mapping import SinkStore
from pinterest_sandbox.aws.msk_connect.monitoring import Monitoring
from pinterest_sandbox.aws.msk_connect.rest import ConnectRest
from pinterest_sandbox.aws.msk_connect.store import Store
from pinterest_sandbox.config import ACCESS_KEY, HOST, REGION, SECRET_KEY


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connect", required=True, help="URL of the Connect REST API")
    parser.add_argument("--moto", required=True, help="URL of the AWS APIs")
    parser.add_argument("--sink-endpoint", required=True, help="URL of the S3 that sinks write to")
    parser.add_argument("--bootstrap", required=True, help="host:port of the Kafka broker")
    parser.add_argument("--state", type=Path, required=True, help="file that keeps the resources")
    parser.add_argument("--failed-tasks", choices=["fail-connector", "count-only"], default="fail-connector")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)

    store = Store(arguments.state)
    lifecycle = Lifecycle(
        store,
        ConnectRest(arguments.connect),
        SinkStore(url=arguments.sink_endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION),
        Cluster(bootstrap=arguments.bootstrap),
        failed_tasks_fail=arguments.failed_tasks == "fail-connector",
    )
    monitoring = Monitoring(aws_client("cloudwatch", arguments.moto), aws_client("logs", arguments.moto))
    service = MskConnect(store, lifecycle, aws_client("s3", arguments.moto), monitoring)
    web.run_app(application(service), host=HOST, port=arguments.port, print=None, shutdown_timeout=2)


if __name__ == "__main__":
    main()
