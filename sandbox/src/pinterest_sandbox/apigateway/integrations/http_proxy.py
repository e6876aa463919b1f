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
from pinterest_sandbox.apigateway.parameters import (
    UnknownSource,
    integration_url,
    mapped_headers,
    mapped_query,
)

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
    integration = exchange.integration
    try:
        url = integration_url(exchange)
        query = mapped_query(exchange)
        headers = _request_headers(exchange)
    except UnknownSource as error:
        _log.error("%s %s: %s", exchange.stage.definition.api_id, integration.uri, error)
        raise configuration_error() from error
    target = URL(f"{url}?{query}" if query else url, encoded=True)
    if target.scheme not in ("http", "https") or not target.host:
        _log.error("%s: the integration's URI becomes %s", exchange.stage.definition.api_id, target)
        raise configuration_error()
    verb = exchange.verb if integration.http_method == "ANY" else integration.http_method
    try:
        async with asyncio.timeout(integration.timeout):
            request = session.request(
                verb, target, headers=headers, data=exchange.body or None, allow_redirects=False
            )
            async with request as answer:
                body = await answer.read()
                back = CIMultiDict(
                    (name, value)
                    for name, value in answer.headers.items()
                    if name.lower() not in _NOT_SENT_BACK
                )
    except TimeoutError as error:
        raise integration_timeout() from error
    except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError) as error:
        _log.warning("%s: %s", target, error)
        raise bad_integration_answer() from error
    except (aiohttp.ClientError, OSError) as error:
        _log.warning("%s: %s", target, error)
        raise integration_failure() from error
    if len(body) > MAX_BYTES:
        raise bad_integration_answer()
    return Outcome(answer.status, back, body)


def _request_headers(exchange: Exchange) -> CIMultiDict[str]:
    named = {
        part.strip().lower()
        for value in exchange.headers.getall("Connection", [])
        for part in value.split(",")
    }
    headers = CIMultiDict(
        (name, value)
        for name, value in exchange.headers.items()
        if name.lower() not in _NOT_SENT_ON and name.lower() not in named
    )
    headers.update(mapped_headers(exchange))
    forwarded = [*headers.popall("X-Forwarded-For", []), exchange.source]
    headers["X-Forwarded-For"] = ", ".join(forwarded)
    headers["x-amzn-apigateway-api-id"] = exchange.stage.definition.api_id
    headers.setdefault("User-Agent", f"AmazonAPIGateway_{exchange.stage.definition.api_id}")
    return headers
