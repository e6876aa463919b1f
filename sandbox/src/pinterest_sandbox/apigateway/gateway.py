"""The execution endpoint: ``/<API name or id>/<stage>/<path>``."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from pinterest_sandbox.apigateway.answers import (
    GatewayAnswer,
    configuration_error,
    forbidden,
    missing_authentication_token,
    request_too_large,
)
from pinterest_sandbox.apigateway.catalog import Catalog, Stage
from pinterest_sandbox.apigateway.definitions import Integration, Method
from pinterest_sandbox.apigateway.integrations import HANDLERS, Exchange, Handler
from pinterest_sandbox.apigateway.integrations.http_proxy import MAX_BYTES

_log = logging.getLogger(__name__)

_SESSION = web.AppKey("session", aiohttp.ClientSession)


class Gateway:
    """Executes requests of all deployed stages.

    :param catalog: the stages.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        try:
            return await self._execute(request)
        except GatewayAnswer as answer:
            return answer.response()

    async def _execute(self, request: web.Request) -> web.Response:
        path, _, query = request.raw_path.partition("?")
        api, stage_name, rest = _split(path)
        stage = await self._stage(api, stage_name)
        match = stage.router.match(rest)
        method = match.resource.method(request.method) if match is not None else None
        if match is None or method is None:
            raise missing_authentication_token()
        if method.api_key_required and request.headers.get("x-api-key") not in stage.api_keys:
            raise forbidden()
        request_id = str(uuid.uuid4())
        integration, handler = self._integration(stage, method)
        outcome = await handler(
            Exchange(
                verb=request.method,
                path_parameters=match.parameters,
                query=query,
                headers=request.headers,
                body=await _body(request),
                source=request.remote or "127.0.0.1",
                request_id=request_id,
                integration=integration,
                stage=stage,
            ),
            request.app[_SESSION],
        )
        outcome.headers["x-amzn-RequestId"] = request_id
        return web.Response(status=outcome.status, headers=outcome.headers, body=outcome.body)

    async def _stage(self, api: str, name: str) -> Stage:
        try:
            stage = await self._catalog.stage(api, name)
        except (BotoCoreError, ClientError) as error:
            _log.error("API Gateway's control plane: %s", error)
            raise configuration_error("The sandbox's API Gateway control plane does not answer") from error
        if stage is None:
            raise forbidden()
        return stage

    def _integration(self, stage: Stage, method: Method) -> tuple[Integration, Handler]:
        if method.authorization != "NONE":
            raise configuration_error(
                f"The sandbox does not execute authorization type {method.authorization}"
            )
        if method.integration is None:
            raise configuration_error()
        handler = HANDLERS.get(method.integration.kind)
        if handler is None:
            raise configuration_error(
                f"The sandbox does not execute integration type {method.integration.kind} "
                f"(API {stage.definition.api_id}, method {method.verb})"
            )
        return method.integration, handler


def _split(path: str) -> tuple[str, str, str]:
    """API, stage, and what follows."""
    parts = path.lstrip("/").split("/", 2)
    api, stage, rest = (*parts, "", "", "")[:3]
    return api, stage, f"/{rest}"


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise request_too_large() from error


def application(catalog: Catalog) -> web.Application:
    """The HTTP application with one pool of kept-alive connections to the integrations."""

    async def session(app: web.Application) -> AsyncIterator[None]:
        # The pool lets go of an idle connection before a server would: a request never meets a closing one.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=15)
        async with aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as opened:
            app[_SESSION] = opened
            yield

    app = web.Application(client_max_size=MAX_BYTES)
    app.cleanup_ctx.append(session)
    app.router.add_route("*", "/{path:.*}", Gateway(catalog).handle)
    return app
