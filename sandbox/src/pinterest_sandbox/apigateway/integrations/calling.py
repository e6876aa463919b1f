"""The HTTP request to what answers a method, and what becomes of it when that fails."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from pinterest_sandbox.apigateway.answers import (
    bad_integration_answer,
    integration_failure,
    integration_timeout,
)
from pinterest_sandbox.apigateway.integrations.base import Exchange, Outcome
from pinterest_sandbox.apigateway.text import header_text

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
_NOT_SENT_BACK = HOP_BY_HOP | {"content-length", "date", "server"}
#: AWS's limit for payloads in both directions.
MAX_BYTES = 10 * 2**20


async def call(
    exchange: Exchange,
    session: aiohttp.ClientSession,
    target: URL,
    *,
    headers: CIMultiDict[str],
    body: bytes,
) -> Outcome:
    """Send a request to ``target`` and give back its answer, without what belongs to the connection.

    :raises GatewayAnswer: when the integration is unreachable, too slow or answers too much.
    """
    api = exchange.request.stage.definition.api_id
    shown = target.with_query(None)  # a query may hold what no log should
    try:
        async with asyncio.timeout(exchange.integration.timeout):
            calling = session.request(
                exchange.verb, target, headers=headers, data=body or None, allow_redirects=False
            )
            async with calling as answer:
                content = await answer.read()
                back = CIMultiDict(
                    (name, header_text(value))
                    for name, value in answer.headers.items()
                    if name.lower() not in _NOT_SENT_BACK
                )
    except TimeoutError as error:
        raise integration_timeout() from error
    except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError) as error:
        _log.warning("API %s, %s: %s", api, shown, error)
        raise bad_integration_answer() from error
    except (aiohttp.ClientError, OSError) as error:
        _log.warning("API %s, %s: %s", api, shown, error)
        raise integration_failure() from error
    if len(content) > MAX_BYTES:
        raise bad_integration_answer()
    return Outcome(answer.status, back, content)
