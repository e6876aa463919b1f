"""``/brokers``."""

from __future__ import annotations

from aiohttp import web

from pinterest_sandbox.rest_proxy.responses import answer, tolerant
from pinterest_sandbox.rest_proxy.topics import CLUSTER

routes = web.RouteTableDef()


@routes.get(tolerant("/brokers"))
async def list_brokers(request: web.Request) -> web.Response:
    """``GET /brokers``: their numbers."""
    return answer({"brokers": await request.app[CLUSTER].brokers()})
