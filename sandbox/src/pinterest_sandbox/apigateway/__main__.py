"""The API execution process: ``python -m pinterest_sandbox.apigateway --port … --control-plane …``."""

from __future__ import annotations

import argparse
import logging

from aiohttp import web

from pinterest_sandbox.apigateway.catalog import Catalog
from pinterest_sandbox.apigateway.gateway import application
from pinterest_sandbox.apigateway.integrations import AwsIntegration
from pinterest_sandbox.apigateway.roles import Roles
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import HOST


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--control-plane", required=True, help="URL of the AWS APIs that hold the definitions"
    )
    parser.add_argument("--kinesis", required=True, help="URL at which AWS integrations find Kinesis")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    roles = Roles(aws_client("iam", arguments.control_plane))
    app = application(
        Catalog(aws_client("apigateway", arguments.control_plane)),
        AwsIntegration(roles, {"kinesis": arguments.kinesis}),
    )
    web.run_app(app, host=HOST, port=arguments.port, print=None, access_log=None, shutdown_timeout=2)


if __name__ == "__main__":
    main()
