"""The execution endpoint: ``/<API name or id>/<stage>/<path>``."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import aiohttp
from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from botocore.exceptions import BotoCoreError, ClientError

from pinterest_sandbox.apigateway.answers import (
    GatewayAnswer,
    bad_request,
    configuration_error,
    forbidden,
    missing_authentication_token,
    request_too_large,
)
from pinterest_sandbox.apigateway.catalog import Catalog, Stage
from pinterest_sandbox.apigateway.content import accepts_binary, as_text, is_binary, request_template
from pinterest_sandbox.apigateway.definitions import Integration, Method
from pinterest_sandbox.apigateway.gateway_responses import gateway_response
from pinterest_sandbox.apigateway.integrations import AwsIntegration, Exchange, Handler, handlers
from pinterest_sandbox.apigateway.integrations.calling import MAX_BYTES
from pinterest_sandbox.apigateway.limits import ApiKey
from pinterest_sandbox.apigateway.metering import Meter
from pinterest_sandbox.apigateway.request import ClientRequest
from pinterest_sandbox.apigateway.text import log_text
from pinterest_sandbox.apigateway.tracking import Tracking
from pinterest_sandbox.apigateway.validation import check_request

_log = logging.getLogger(__name__)
_access_log = logging.getLogger("pinterest_sandbox.apigateway.access")

_SESSION = web.AppKey("session", aiohttp.ClientSession)
#: AWS's limit for the request line and for headers.
_MAX_LINE = 10_240


class Gateway:
    """Executes requests of all deployed stages.

    :param catalog: the stages.
    :param meter: counts requests by their limits.
    :param handlers: integration type to what executes it.
    """

    def __init__(self, catalog: Catalog, meter: Meter, handlers: Mapping[str, Handler]) -> None:
        self._catalog = catalog
        self._meter = meter
        self._handlers = handlers

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, and write one line into the access log."""
        tracking = Tracking()
        started = time.perf_counter()
        try:
            response = await self._execute(request, tracking)
        except GatewayAnswer as answer:
            response = gateway_response(answer, tracking.request)
        except Exception:
            _log.exception("Request %s", tracking.request_id)
            response = gateway_response(configuration_error(), tracking.request)
        response.headers["x-amzn-RequestId"] = tracking.request_id
        response.headers["x-amz-apigw-id"] = tracking.extended_id
        _access_log.info(
            "%s %s %s %.0f ms",
            log_text(request.method),
            log_text(request.raw_path.partition("?")[0]),
            response.status,
            (time.perf_counter() - started) * 1000,
        )
        return response

    async def _execute(self, raw: web.Request, tracking: Tracking) -> web.Response:
        path, _, query = raw.raw_path.partition("?")
        api, stage_name, rest = _split(path)
        stage = await self._stage(api, stage_name)
        request = ClientRequest(
            verb=raw.method,
            path=rest,
            query=query,
            headers=raw.headers,
            source=raw.remote or "127.0.0.1",
            request_id=tracking.request_id,
            extended_id=tracking.extended_id,
            received=tracking.received,
            stage=stage,
        )
        tracking.request = request
        match = stage.router.match(rest)
        method = match.resource.method(raw.method) if match is not None else None
        if match is None or method is None:
            raise missing_authentication_token()
        request = replace(request, resource=match.resource, path_parameters=match.parameters)
        tracking.request = request
        key = _api_key(request, method)
        self._meter.admit(stage, match.resource, method, raw.method, key)
        body = await _body(raw)
        types = stage.definition.binary_media_types
        if not is_binary(types, raw.headers):
            body = as_text(body)
        check_request(request, method, body)
        integration = _integration(stage, method)
        exchange = Exchange(
            request=request,
            body=body,
            integration=integration,
            template=request_template(integration, raw.headers.get("Content-Type")),
        )
        outcome = await self._handler(stage, method, integration)(exchange, raw.app[_SESSION])
        answer = outcome.body
        if not (is_binary(types, outcome.headers) or accepts_binary(types, raw.headers.get("Accept"))):
            answer = as_text(answer)
        return web.Response(status=outcome.status, headers=outcome.headers, body=answer)

    async def _stage(self, api: str, name: str) -> Stage:
        try:
            stage = await self._catalog.stage(api, name)
        except (BotoCoreError, ClientError) as error:
            _log.error("API Gateway's control plane: %s", error)
            raise configuration_error("The sandbox's API Gateway control plane does not answer") from error
        if stage is None:
            raise forbidden()
        return stage

    def _handler(self, stage: Stage, method: Method, integration: Integration) -> Handler:
        handler = self._handlers.get(integration.kind)
        if handler is None:
            _log.error(
                "API %s, method %s: integration type %s is not executed",
                stage.definition.api_id,
                method.verb,
                integration.kind,
            )
            raise configuration_error()
        return handler


def _split(path: str) -> tuple[str, str, str]:
    """API, stage, and what follows."""
    parts = path.lstrip("/").split("/", 2)
    api, stage, rest = (*parts, "", "", "")[:3]
    return api, stage, f"/{rest}"


def _api_key(request: ClientRequest, method: Method) -> ApiKey | None:
    """The client's key; ``None`` when the method requires none.

    :raises GatewayAnswer: 403.
    """
    if not method.api_key_required:
        return None
    # Without an authorizer nothing gives a key to an API that takes keys from one.
    by_header = request.stage.definition.api_key_source == "HEADER"
    key = request.stage.api_keys.get(request.headers.get("x-api-key", "")) if by_header else None
    if key is None:
        raise forbidden()
    return key


def _integration(stage: Stage, method: Method) -> Integration:
    api = stage.definition.api_id
    if method.authorization != "NONE":
        _log.error("API %s: authorization type %s is not executed", api, method.authorization)
        raise configuration_error()
    if method.integration is None:
        _log.error("API %s: a %s method has no integration", api, method.verb)
        raise configuration_error()
    return method.integration


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise request_too_large() from error
    except (HttpProcessingError, aiohttp.ClientPayloadError, web.RequestPayloadError) as error:
        raise bad_request() from error


async def _expect(request: web.Request) -> None:
    """Let a client that waits for it send its body; any other expectation is ignored."""
    if request.version >= HttpVersion11 and request.headers["Expect"].strip().lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # What was sent belongs to no response yet: one can still be started.
        request.writer.output_size = 0


def application(catalog: Catalog, aws: AwsIntegration, meter: Meter | None = None) -> web.Application:
    """The HTTP application with one pool of kept-alive connections to the integrations.

    :param catalog: the stages.
    :param aws: executes AWS integrations.
    :param meter: counts requests; one with the machine's clock unless given.
    """

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

    app = web.Application(
        client_max_size=MAX_BYTES,
        # An encoded body goes on as it came; its headers say how it is encoded.
        handler_args={"auto_decompress": False, "max_line_size": _MAX_LINE, "max_field_size": _MAX_LINE},
    )
    app.cleanup_ctx.append(session)
    gateway = Gateway(catalog, meter or Meter(), handlers(aws))
    app.router.add_route("*", "/{path:.*}", gateway.handle, expect_handler=_expect)
    return app
