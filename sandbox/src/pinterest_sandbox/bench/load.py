"""A bare load generator: ready-made requests over kept-alive connections, as fast as they are answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A POST request whose body is made."""

    url: str
    headers: Mapping[str, str]
    body: bytes


async def send_all(
    requests: Iterable[Prepared], *, connections: int, acknowledged: Callable[[dict[str, Any]], int]
) -> float:
    """Send all requests.

    :param requests: in their order.
    :param connections: requests at a time.
    :param acknowledged: the number of records that an answer acknowledges; raises when it refuses one.
    :returns: acknowledged records a second.
    :raises RuntimeError: when a request is not answered with 200.
    """
    waiting = iter(requests)
    records = 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal records
        for request in waiting:
            async with session.post(request.url, data=request.body, headers=request.headers) as answer:
                if answer.status != 200:
                    raise RuntimeError(
                        f"{request.url} answers {answer.status}: {(await answer.text())[:300]}"
                    )
                # Kinesis has a content type of its own.
                records += acknowledged(await answer.json(content_type=None))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        began = time.monotonic()
        await asyncio.gather(*(work(session) for _ in range(connections)))
        return records / (time.monotonic() - began)
