"""An account as a customer has prepared it for provisioning, in moto; and services that answer as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
CONNECTOR_ROLE = "pinterest-connector"
API_ROLE = "pinterest-kinesis"


def statement(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@dataclass(frozen=True)
class Network:
    """Ids of what is in the account's network."""

    vpc: str
    subnet: str
    endpoint: str


def make_network(ec2: Any) -> Network:
    """A VPC with a subnet and a way to S3."""
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[table["RouteTableId"]],
    )["VpcEndpoint"]["VpcEndpointId"]
    return Network(vpc, subnet, endpoint)


def make_roles(iam: Any) -> None:
    """The roles that services are given, each trusted to its service."""
    for name, service in (
        (CONNECTOR_ROLE, "kafkaconnect.amazonaws.com"),
        (API_ROLE, "apigateway.amazonaws.com"),
    ):
        trust = policy(statement({"Service": service}))
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))


#: Status, content type and body of an answer.
Answer = tuple[int, str, str]


@contextmanager
def answering(answer: Callable[[str, str], Answer]) -> Iterator[str]:
    """Serve a stand-in of a service that answers as told; gives its address.

    :param answer: gives the answer to the request with this path and this body.
    """

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, kind, content = answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                # A client that has given up is gone.
                with suppress(ConnectionError):
                    self.wfile.write(content.encode())

        do_GET = do_POST = do_HEAD = serve

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def query_error(status: int, code: str, message: str) -> Answer:
    """An error in the form of STS and IAM."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, "text/xml", f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"
