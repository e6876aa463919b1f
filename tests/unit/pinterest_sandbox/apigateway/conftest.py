"""moto, an HTTP endpoint that tells what it was asked, and API execution between them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from moto.server import ThreadedMotoServer

from pinterest_sandbox.apigateway.catalog import Catalog
from pinterest_sandbox.apigateway.gateway import application
from pinterest_sandbox.aws.clients import aws_client
from tests.unit.pinterest_sandbox.aws.serving import serving

PROXY: dict[str, Any] = {
    "parameters": [{"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}],
    "responses": {},
    "x-amazon-apigateway-integration": {
        "type": "http_proxy",
        "httpMethod": "ANY",
        "uri": "http://${stageVariables.host}/{proxy}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
        "passthroughBehavior": "when_no_match",
    },
}


def integration(**changes: Any) -> dict[str, Any]:
    """A GET method with the proxy integration, changed."""
    return {
        "get": {
            **PROXY,
            "x-amazon-apigateway-integration": {
                **PROXY["x-amazon-apigateway-integration"],
                **changes,
            },
        }
    }


def document(paths: dict[str, Any]) -> bytes:
    """An OpenAPI document as PutRestApi takes it."""
    return json.dumps({"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": paths}).encode()


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


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """``host:port`` of an endpoint that answers with the request it got; some paths behave otherwise."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.path == "/slow":
            await asyncio.sleep(5)
        if request.path == "/bytes":
            return web.Response(status=201, body=body, headers={"Content-Type": "image/x", "X-Own": "1"})
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

    app = web.Application(client_max_size=2**25)
    app.router.add_route("*", "/{path:.*}", answer)
    with serving(app) as url:
        yield url.removeprefix("http://")


@pytest.fixture(scope="session")
def execution(control: Any) -> Iterator[str]:
    """URL of API execution."""
    with serving(application(Catalog(control))) as url:
        yield url


@pytest.fixture(scope="session")
def invoke(control: Any, execution: str, endpoint: str) -> str:
    """Invoke URL of an API that proxies everything."""
    api = control.create_rest_api(name="proxied")["id"]
    control.put_rest_api(
        restApiId=api, mode="merge", body=document({"/{proxy+}": {"x-amazon-apigateway-any-method": PROXY}})
    )
    control.create_deployment(restApiId=api, stageName="test", variables={"host": endpoint})
    return f"{execution}/proxied/test"
