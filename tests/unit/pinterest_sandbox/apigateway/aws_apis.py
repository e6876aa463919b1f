"""APIs with an AWS integration, and a service for them that does what a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.unit.pinterest_sandbox.apigateway.apis import deploy
from tests.unit.pinterest_sandbox.aws.serving import serving

URI = "arn:aws:apigateway:eu-west-1:kinesis:action/"
ROLE = "arn:aws:iam::123456789012:role/${stageVariables.role}"
JSON_11 = "application/x-amz-json-1.1"


@dataclass
class Service:
    """A service that answers every request alike, and what it has heard."""

    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    delay: float = 0

    @property
    def documents(self) -> list[Any]:
        return [json.loads(body) for *_, body in self.heard]

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its URL, while the block runs."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        with serving(app) as url:
            yield url

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((request.method, request.raw_path, headers, await request.read()))
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status, headers=self.headers, body=self.body)


def make_role(iam: Any, name: str, service: str = "apigateway.amazonaws.com") -> None:
    """A role that a service may take."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))


def method(action: str = "DescribeStream", **changes: Any) -> dict[str, Any]:
    """A method with an AWS integration, changed."""
    return {
        "responses": {},
        "x-amazon-apigateway-integration": {
            "type": "aws",
            "httpMethod": "POST",
            "uri": f"{URI}{action}",
            "credentials": ROLE,
            "requestParameters": {"integration.request.header.Content-Type": f"'{JSON_11}'"},
            "requestTemplates": {"application/json": '{"StreamName": "$input.params(\'name\')"}'},
            "responses": {
                "default": {"statusCode": "200"},
                "4\\d{2}": {"statusCode": "400"},
                "5\\d{2}": {"statusCode": "500"},
            },
            **changes,
        },
    }


def made(control: Any, name: str, variables: dict[str, str] | None = None, **changes: Any) -> str:
    """The path of an API with this method, by GET and POST, at ``/streams/{name}``."""
    verbs = dict.fromkeys(("get", "post"), method(**changes))
    deploy(control, name, {"/streams/{name}": verbs}, variables or {"role": "aws-role"})
    return f"{name}/test/streams/x"
