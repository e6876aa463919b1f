"""What every integration is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict

from pinterest_sandbox.apigateway.definitions import Integration
from pinterest_sandbox.apigateway.request import ClientRequest


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A client's request, on its way to an integration.

    :param request: what the client sent; its ``resource`` is the one found.
    :param body: the client's bytes; of a text type, UTF-8.
    :param integration: its definition.
    :param template: the mapping template that takes the request's content type. ``None`` where there is none
        and the body passes as it is; always so for proxy integrations.
    """

    request: ClientRequest
    body: bytes
    integration: Integration
    template: str | None = None

    @property
    def verb(self) -> str:
        """The HTTP method of the request to the integration."""
        verb = self.integration.http_method
        return self.request.verb if verb == "ANY" else verb


@dataclass(frozen=True)
class Outcome:
    """An integration's answer."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


Handler = Callable[[Exchange, aiohttp.ClientSession], Awaitable[Outcome]]
