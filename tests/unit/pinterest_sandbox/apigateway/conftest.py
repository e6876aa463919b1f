"""moto, an HTTP endpoint that tells what it was asked, and API execution between them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from moto.server import ThreadedMotoServer

from pinterest_sandbox.apigateway.catalog import Catalog
from pinterest_sandbox.apigateway.gateway import application
from pinterest_sandbox.apigateway.integrations import AwsIntegration
from pinterest_sandbox.apigateway.metering import Meter
from pinterest_sandbox.apigateway.roles import Roles
from pinterest_sandbox.aws.clients import aws_client
from tests.unit.pinterest_sandbox.apigateway.apis import PROXY, document
from tests.unit.pinterest_sandbox.apigateway.aws_apis import Service, make_role
from tests.unit.pinterest_sandbox.aws.serving import serving


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def control(moto_url: str) -> Any:
    return aws_client("apigateway", moto_url)


@dataclass
class HandClock:
    """A clock that stands until it is moved.

    :param now: seconds since 1970; noon of Monday, 1 June 2026, UTC.
    """

    now: float = 1780315200.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Backend:
    """What reached the endpoint: method, path with query, and body."""

    seen: list[tuple[str, str, bytes]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.seen]

    def bodies(self) -> list[bytes]:
        return [body for *_, body in self.seen]


@pytest.fixture(scope="session")
def recorder() -> Backend:
    return Backend()


@pytest.fixture
def backend(recorder: Backend) -> Backend:
    """What reaches the endpoint in this test."""
    recorder.seen.clear()
    return recorder


@pytest.fixture(scope="session")
def endpoint(recorder: Backend) -> Iterator[str]:
    """``host:port`` of an endpoint that answers with the request it got; some paths behave otherwise."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        recorder.seen.append((request.method, request.raw_path, body))
        if request.path == "/slow":
            await asyncio.sleep(1)
        if request.path == "/bytes":
            kept = ("Content-Type", "Content-Encoding")
            headers = {name: request.headers[name] for name in kept if name in request.headers}
            return web.Response(status=201, body=body, headers={**headers, "X-Own": "1"})
        if request.path == "/pdf":
            return web.Response(body=b"\x1f\xff", headers={"Content-Type": "application/pdf"})
        if request.path == "/redirect":
            return web.Response(status=302, headers={"Location": "/elsewhere"})
        if request.path == "/refuse":
            return web.json_response({"error_code": 42201, "message": "no"}, status=422)
        if request.path == "/break":
            assert request.transport is not None
            request.transport.close()
        return web.json_response(
            {
                "method": request.method,
                "path": request.raw_path,
                "size": len(body),
                "headers": {name.lower(): value for name, value in request.headers.items()},
                "body": body.decode("utf-8", "replace")[:1000],
            }
        )

    app = web.Application(client_max_size=2**25, handler_args={"auto_decompress": False})
    app.router.add_route("*", "/{path:.*}", answer)
    with serving(app) as url:
        yield url.removeprefix("http://")


@pytest.fixture(scope="session")
def iam(moto_url: str) -> Any:
    return aws_client("iam", moto_url)


@pytest.fixture(scope="session")
def aws(iam: Any, moto_url: str) -> AwsIntegration:
    """Kinesis is moto's."""
    return AwsIntegration(Roles(iam), {"kinesis": moto_url})


@pytest.fixture(scope="session")
def execution(control: Any, aws: AwsIntegration) -> Iterator[str]:
    """URL of API execution."""
    with serving(application(Catalog(control), aws)) as url:
        yield url


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def metered(control: Any, aws: AwsIntegration, clock: HandClock) -> Iterator[str]:
    """URL of an API execution of this test alone, whose buckets and quotas go by ``clock``."""
    with serving(application(Catalog(control), aws, Meter(clock))) as url:
        yield url


@pytest.fixture(scope="session")
def one_service() -> Service:
    return Service()


@pytest.fixture
def service(one_service: Service) -> Service:
    """The AWS service of this test, which has heard nothing and answers 200."""
    vars(one_service).update(vars(Service()))
    return one_service


@pytest.fixture(scope="session")
def calling(control: Any, iam: Any, one_service: Service) -> Iterator[str]:
    """URL of an API execution whose Kinesis is the service; there is a role ``aws-role`` that it may take."""
    make_role(iam, "aws-role")
    with one_service.serving() as url, serving(aws_gateway(control, iam, url)) as execution:
        yield execution


def aws_gateway(control: Any, iam: Any, kinesis: str) -> web.Application:
    """API execution that finds Kinesis at this URL."""
    return application(Catalog(control), AwsIntegration(Roles(iam), {"kinesis": kinesis}))


@pytest.fixture(scope="session")
def invoke(control: Any, execution: str, endpoint: str) -> str:
    """Invoke URL of an API that proxies everything."""
    api = control.create_rest_api(name="proxied")["id"]
    control.put_rest_api(
        restApiId=api, mode="merge", body=document({"/{proxy+}": {"x-amazon-apigateway-any-method": PROXY}})
    )
    control.create_deployment(restApiId=api, stageName="test", variables={"host": endpoint})
    return f"{execution}/proxied/test"
