"""What every integration is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

from pinterest_sandbox.apigateway.catalog import Stage
from pinterest_sandbox.apigateway.definitions import Integration


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A client's request, on its way to an integration.

    :param verb: the client's HTTP method.
    :param path_parameters: as sent, percent-encoded.
    :param query: the query string as sent, without ``?``.
    :param headers: the client's headers.
    :param body: the client's bytes.
    :param source: the client's address.
    :param request_id: id of this request.
    :param integration: its definition.
    :param stage: the stage that is executed.
    """

    verb: str
    path_parameters: Mapping[str, str]
    query: str
    headers: CIMultiDictProxy[str]
    body: bytes
    source: str
    request_id: str
    integration: Integration
    stage: Stage


@dataclass(frozen=True)
class Outcome:
    """An integration's answer."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


Handler = Callable[[Exchange, aiohttp.ClientSession], Awaitable[Outcome]]
