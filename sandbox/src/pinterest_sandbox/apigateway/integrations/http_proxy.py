"""HTTP_PROXY: the request goes to an HTTP endpoint and its answer comes back, bytes untouched.

https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from __future__ import annotations

import asyncio
import logging

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from pinterest_sandbox.apigateway.answers import (
    bad_integration_answer,
    configuration_error,
    integration_failure,
    integration_timeout,
)
from pinterest_sandbox.apigateway.integrations.base import Exchange, Outcome
from pinterest_sandbox.apigateway.parameters import integration_url, mapped_headers, mapped_query
from pinterest_sandbox.apigateway.request import UnknownSource
from pinterest_sandbox.apigateway.text import header_text, url_text

_log = logging.getLogger(__name__)

#: Headers that belong to one connection (RFC 9110 §7.6.1), and those that the gateway sets itself.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NOT_SENT_ON = HOP_BY_HOP | {"host", "content-length", "expect"}
_NOT_SENT_BACK = HOP_BY_HOP | {"content-length", "date", "server"}
#: AWS's limit for payloads in both directions.
MAX_BYTES = 10 * 2**20


async def execute_http_proxy(exchange: Exchange, session: aiohttp.ClientSession) -> Outcome:
    """Send the request to the integration's URI and give back its answer.

    :raises GatewayAnswer: when the integration is wrongly defined, unreachable, too slow or answers too much.
    """
    integration, request = exchange.integration, exchange.request
    api = request.stage.definition.api_id
    try:
        url = integration_url(exchange)
        query = mapped_query(exchange)
        headers = _request_headers(exchange)
        target = URL(url_text(f"{url}?{query}" if query else url), encoded=True)
    except (UnknownSource, ValueError) as error:
        _log.error("API %s, integration %s: %s", api, integration.uri, error)
        raise configuration_error() from error
    if target.scheme not in ("http", "https") or not target.host:
        _log.error("API %s: the integration's URI becomes %s", api, url)
        raise configuration_error()
    verb = request.verb if integration.http_method == "ANY" else integration.http_method
    try:
        async with asyncio.timeout(integration.timeout):
            call = session.request(
                verb, target, headers=headers, data=exchange.body or None, allow_redirects=False
            )
            async with call as answer:
                body = await answer.read()
                back = CIMultiDict(
                    (name, header_text(value))
                    for name, value in answer.headers.items()
                    if name.lower() not in _NOT_SENT_BACK
                )
    except TimeoutError as error:
        raise integration_timeout() from error
    except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError) as error:
        _log.warning("API %s, %s: %s", api, url, error)
        raise bad_integration_answer() from error
    except (aiohttp.ClientError, OSError) as error:
        _log.warning("API %s, %s: %s", api, url, error)
        raise integration_failure() from error
    if len(body) > MAX_BYTES:
        raise bad_integration_answer()
    return Outcome(answer.status, back, body)


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
