"""HTTP_PROXY: the request goes to an HTTP endpoint and its answer comes back, bytes untouched.

https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from __future__ import annotations

import logging

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from pinterest_sandbox.apigateway.answers import configuration_error
from pinterest_sandbox.apigateway.integrations.base import Exchange, Outcome
from pinterest_sandbox.apigateway.integrations.calling import HOP_BY_HOP, call
from pinterest_sandbox.apigateway.parameters import integration_url, mapped_headers, proxied_query
from pinterest_sandbox.apigateway.request import UnknownSource
from pinterest_sandbox.apigateway.text import header_text, url_text

_log = logging.getLogger(__name__)

_NOT_SENT_ON = HOP_BY_HOP | {"host", "content-length", "expect"}


async def execute_http_proxy(exchange: Exchange, session: aiohttp.ClientSession) -> Outcome:
    """Send the request to the integration's URI and give back its answer.

    :raises GatewayAnswer: when the integration is wrongly defined, unreachable, too slow or answers too much.
    """
    integration, request = exchange.integration, exchange.request
    api = request.stage.definition.api_id
    try:
        url = integration_url(exchange)
        query = proxied_query(exchange)
        headers = _request_headers(exchange)
        target = URL(url_text(f"{url}?{query}" if query else url), encoded=True)
    except (UnknownSource, ValueError) as error:
        _log.error("API %s, integration %s: %s", api, integration.uri, error)
        raise configuration_error() from error
    if target.scheme not in ("http", "https") or not target.host:
        _log.error("API %s: the integration's URI becomes %s", api, url)
        raise configuration_error()
    return await call(exchange, session, target, headers=headers, body=exchange.body)


def _request_headers(exchange: Exchange) -> CIMultiDict[str]:
    request = exchange.request
    api = request.stage.definition.api_id
    named = {
        part.strip().lower()
        for value in request.headers.getall("Connection", [])
        for part in value.split(",")
    }
    headers = CIMultiDict(
        (name, value)
        for name, value in request.headers.items()
        if name.lower() not in _NOT_SENT_ON and name.lower() not in named
    )
    headers.update(mapped_headers(exchange))
    forwarded = [*headers.popall("X-Forwarded-For", []), request.source]
    headers["X-Forwarded-For"] = ", ".join(forwarded)
    headers["x-amzn-apigateway-api-id"] = api
    headers.setdefault("User-Agent", f"AmazonAPIGateway_{api}")
    return CIMultiDict((name, header_text(value)) for name, value in headers.items())
