"""Pass a request on and its answer back, both as they are: bytes, verbs, paths, headers and status.

Only what belongs to one connection stays behind (RFC 9110 §7.6.1). Bodies are streamed both ways.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

_log = logging.getLogger(__name__)

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        # Has been answered by the gate, which reads the body in any case.
        "expect",
    }
)
#: Bodies up to this size, in bytes, are read before the request is passed on: it is cheaper in one piece.
WHOLE = 2**19
_PASSED_ON = web.ResponseKey("passed_on", frozenset[str])
#: What the framework adds to an answer that lacks it.
_ADDED = ("Content-Type", "Date", "Server")


class Unreachable(Exception):
    """Nothing listens where the service should."""


def client_session() -> aiohttp.ClientSession:
    """A session that adds and changes nothing, with a pool of connections kept alive."""
    # The pool lets go of an idle connection before any of the services would (uvicorn's: after 5 s).
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=3)
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=2**16,
        max_field_size=2**16,
        read_bufsize=2**18,
    )


async def pass_on(
    request: web.Request, target: str, session: aiohttp.ClientSession, *, read: bytes | None = None
) -> web.StreamResponse:
    """Send ``request`` to ``target`` and its answer back.

    Where the service breaks off, the client's connection is closed too, as it would be without the gate.

    :param target: ``http://host:port``.
    :param read: the body, where it has been read already.
    :raises Unreachable: when nothing listens there.
    """
    body: object = read or None
    if read is None and request.can_read_body:
        length = request.content_length
        body = await request.content.read() if length is not None and length <= WHOLE else request.content
    try:
        async with send(request, target, session, body) as answer:
            return await _relay(request, answer)
    except aiohttp.ClientConnectorError as error:
        raise Unreachable(str(error)) from error
    except (aiohttp.ClientError, ConnectionError) as error:
        return break_off(request, error)


def send(
    request: web.Request,
    target: str,
    session: aiohttp.ClientSession,
    body: object,
    *,
    changes: Mapping[str, str] | None = None,
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    """Send ``request`` with ``body`` to ``target``.

    :param changes: headers in place of its own.
    """
    headers = end_to_end(request.raw_headers)
    headers.update(changes or {})
    url = URL(target + request.raw_path, encoded=True)
    return session.request(request.method, url, headers=headers, data=body, allow_redirects=False)


def end_to_end(raw: Iterable[tuple[bytes, bytes]]) -> CIMultiDict[str]:
    """The headers without those that belong to the connection, their names spelt as they came.

    :param raw: names and values as they came over the wire.
    """
    headers = CIMultiDict(
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in raw
    )
    dropped = set(_HOP_BY_HOP)
    for connection in headers.getall("Connection", ()):
        dropped.update(name.strip().lower() for name in connection.split(","))
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


async def _relay(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(
        status=answer.status, reason=answer.reason, headers=end_to_end(answer.raw_headers)
    )
    response[_PASSED_ON] = frozenset(name.lower() for name in answer.headers)
    await response.prepare(request)
    async for chunk in answer.content.iter_any():
        await response.write(chunk)
    await response.write_eof()
    return response


async def add_nothing(request: web.Request, response: web.StreamResponse) -> None:
    """``on_response_prepare``: take out of an answer that was passed on what the framework has added."""
    if _PASSED_ON in response:
        for name in _ADDED:
            if name.lower() not in response[_PASSED_ON]:
                response.headers.pop(name, None)


def break_off(request: web.Request, error: Exception) -> web.StreamResponse:
    """Close the client's connection: the service has closed its own before its answer was complete."""
    _log.warning("%s %s was broken off: %r", request.method, request.path, error)
    if request.transport is not None:
        request.transport.close()
    return web.Response()
